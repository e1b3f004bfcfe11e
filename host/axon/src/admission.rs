//! Which hotkeys are let in at all. Only a look-up: the signature is checked later.

use std::collections::HashMap;

use soma_protocol::signature::ReadyKey;
use soma_protocol::ss58::PublicKey;

use crate::refusal::Refusal;

/// The operator's rule for strangers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Whoever can sign. For development and for hosts whose plugins gate.
    Anyone,
    /// Only these hotkeys.
    Listed(Hotkeys),
}

/// A list of hotkeys by address. Each is decoded once and not for every request in its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hotkeys(HashMap<String, ReadyKey>);

impl FromIterator<PublicKey> for Hotkeys {
    fn from_iter<I: IntoIterator<Item = PublicKey>>(keys: I) -> Self {
        Hotkeys(keys.into_iter().map(|key| (key.to_ss58(), ReadyKey::new(key))).collect())
    }
}

/// A hotkey that a request claims, with what the list says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claimed<'a> {
    /// The key behind the address.
    pub key: PublicKey,
    /// The same, decoded, if it is on the list.
    pub ready: Option<&'a ReadyKey>,
    /// Whether it is let in.
    pub admitted: bool,
}

impl Claimed<'_> {
    /// Who is not let in is refused.
    pub fn admit(&self) -> Result<(), Refusal> {
        if self.admitted { Ok(()) } else { Err(Refusal::NotAdmitted) }
    }
}

impl Admission {
    /// Lets in these hotkeys and nobody else.
    pub fn listed(hotkeys: impl IntoIterator<Item = PublicKey>) -> Admission {
        Admission::Listed(hotkeys.into_iter().collect())
    }

    /// What is known of an address; none if it is no hotkey's. No cryptography but the address's checksum.
    pub(crate) fn look(&self, address: &str) -> Option<Claimed<'_>> {
        // An address has one spelling, so text decides; and who is on the list needs no decoding.
        let ready = match self {
            Admission::Anyone => None,
            Admission::Listed(Hotkeys(hotkeys)) => hotkeys.get(address),
        };
        let key = match ready {
            Some(ready) => ready.public(),
            None => PublicKey::from_ss58(address).ok()?,
        };
        Some(Claimed { key, ready, admitted: ready.is_some() || *self == Admission::Anyone })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_lets_in_its_own_and_nobody_else() {
        let (listed, other) = (PublicKey([1; 32]), PublicKey([2; 32]));
        let rule = Admission::listed([listed]);
        let known = rule.look(&listed.to_ss58()).unwrap();
        assert!(known.admitted && known.key == listed && known.ready.unwrap().public() == listed);
        let unknown = rule.look(&other.to_ss58()).unwrap();
        assert_eq!(unknown, Claimed { key: other, ready: None, admitted: false });
        let anybody = Admission::Anyone.look(&other.to_ss58()).unwrap();
        assert_eq!(anybody, Claimed { key: other, ready: None, admitted: true });
    }

    #[test]
    fn what_is_no_address_is_nobody() {
        let rule = Admission::listed([PublicKey([1; 32])]);
        let spelled = PublicKey([1; 32]).to_ss58();
        for text in ["", "5", "alice", &format!("{spelled} "), &format!("1{spelled}")] {
            assert_eq!(rule.look(text), None, "{text:?}");
            assert_eq!(Admission::Anyone.look(text), None, "{text:?}");
        }
    }
}
