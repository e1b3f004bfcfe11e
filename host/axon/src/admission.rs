//! Which hotkeys are let in at all. Only a look-up: the signature is checked later.

use std::collections::HashMap;
use std::sync::Arc;

use soma_protocol::signature::ReadyKey;
use soma_protocol::ss58::PublicKey;

use crate::familiar::Familiar;
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
pub struct Hotkeys(HashMap<String, Arc<ReadyKey>>);

impl FromIterator<PublicKey> for Hotkeys {
    fn from_iter<I: IntoIterator<Item = PublicKey>>(keys: I) -> Self {
        Hotkeys(keys.into_iter().map(|key| (key.to_ss58(), Arc::new(ReadyKey::new(key)))).collect())
    }
}

/// A hotkey that a request claims, with what the list says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claimed {
    /// The key behind the address.
    pub key: PublicKey,
    /// The same, decoded, if it is on the list or has signed before.
    pub ready: Option<Arc<ReadyKey>>,
    /// Whether it is let in.
    pub admitted: bool,
}

impl Claimed {
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
    pub(crate) fn look(&self, address: &str, familiar: &Familiar) -> Option<Claimed> {
        // An address has one spelling, so text decides; and who is on the list, or was here before, needs no decoding.
        let ready = match self {
            Admission::Anyone => familiar.look(address),
            Admission::Listed(Hotkeys(hotkeys)) => hotkeys.get(address).cloned(),
        };
        let key = match &ready {
            Some(ready) => ready.public(),
            None => PublicKey::from_ss58(address).ok()?,
        };
        let admitted = ready.is_some() || *self == Admission::Anyone;
        Some(Claimed { key, ready, admitted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_lets_in_its_own_and_nobody_else() {
        let (listed, other) = (PublicKey([1; 32]), PublicKey([2; 32]));
        let (rule, nobody) = (Admission::listed([listed]), Familiar::default());
        let known = rule.look(&listed.to_ss58(), &nobody).unwrap();
        assert!(known.admitted && known.key == listed && known.ready.unwrap().public() == listed);
        let unknown = rule.look(&other.to_ss58(), &nobody).unwrap();
        assert_eq!(unknown, Claimed { key: other, ready: None, admitted: false });
        let anybody = Admission::Anyone.look(&other.to_ss58(), &nobody).unwrap();
        assert_eq!(anybody, Claimed { key: other, ready: None, admitted: true });
    }

    #[test]
    fn who_has_signed_before_is_let_in_only_where_anybody_is() {
        let (listed, familiar) = (PublicKey([1; 32]), Familiar::default());
        let other = PublicKey([2; 32]);
        familiar.keep(&other.to_ss58(), other);
        let anybody = Admission::Anyone.look(&other.to_ss58(), &familiar).unwrap();
        assert!(anybody.admitted && anybody.key == other && anybody.ready.is_some());
        let unknown = Admission::listed([listed]).look(&other.to_ss58(), &familiar).unwrap();
        assert_eq!(unknown, Claimed { key: other, ready: None, admitted: false });
    }

    #[test]
    fn what_is_no_address_is_nobody() {
        let (rule, nobody) = (Admission::listed([PublicKey([1; 32])]), Familiar::default());
        let spelled = PublicKey([1; 32]).to_ss58();
        for text in ["", "5", "alice", &format!("{spelled} "), &format!("1{spelled}")] {
            assert_eq!(rule.look(text, &nobody), None, "{text:?}");
            assert_eq!(Admission::Anyone.look(text, &nobody), None, "{text:?}");
        }
    }
}
