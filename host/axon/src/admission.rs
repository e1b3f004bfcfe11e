//! Which hotkeys are let in at all. Only a look-up: the signature is checked later.

use std::collections::HashSet;

use soma_protocol::ss58::PublicKey;

/// The operator's rule for strangers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Whoever can sign. For development and for hosts whose plugins gate.
    Anyone,
    /// Only these hotkeys.
    Listed(HashSet<PublicKey>),
}

impl Admission {
    /// Whether this hotkey may ask.
    pub fn admits(&self, hotkey: &PublicKey) -> bool {
        match self {
            Admission::Anyone => true,
            Admission::Listed(hotkeys) => hotkeys.contains(hotkey),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_lets_in_its_own_and_nobody_else() {
        let (listed, other) = (PublicKey([1; 32]), PublicKey([2; 32]));
        let rule = Admission::Listed([listed].into());
        assert!(rule.admits(&listed) && !rule.admits(&other));
        assert!(Admission::Anyone.admits(&other));
    }
}
