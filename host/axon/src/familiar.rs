//! The keys of hotkeys that have proven themselves, decoded.
//!
//! Decoding an address and its point takes a sixth of a verification, and callers come again: so what was decoded for
//! a good signature is kept for the next one. Nothing is kept in the name of anybody who has not signed.
//!
//! What bounds it: [`MOST`] keys. When there are more all are forgotten, and who comes again is decoded again.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use soma_protocol::signature::ReadyKey;
use soma_protocol::ss58::PublicKey;

/// Four times the neurons of a subnet; each takes some 400 bytes.
const MOST: usize = 1024;

/// Keys by address.
#[derive(Debug, Default)]
pub(crate) struct Familiar(RwLock<HashMap<String, Arc<ReadyKey>>>);

impl Familiar {
    /// The key of this address, if it is kept.
    pub fn look(&self, address: &str) -> Option<Arc<ReadyKey>> {
        // The map changes in one step, so a panic elsewhere leaves nothing half done.
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(address).cloned()
    }

    /// Keeps a key under its address. Only for keys whose signature was good.
    pub fn keep(&self, address: &str, key: PublicKey) {
        let ready = Arc::new(ReadyKey::new(key));
        let mut keys = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= MOST {
            keys.clear();
        }
        keys.insert(address.to_owned(), ready);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_again_and_never_more_than_there_is_room_for() {
        let familiar = Familiar::default();
        let key = |number: usize| PublicKey([u8::try_from(number % 251).unwrap(); 32]);
        for number in 0..3 * MOST {
            let address = number.to_string();
            assert_eq!(familiar.look(&address), None);
            familiar.keep(&address, key(number));
            assert_eq!(familiar.look(&address).unwrap().public(), key(number));
            assert!(familiar.0.read().unwrap().len() <= MOST);
        }
    }
}
