//! Requests as bytes, made in advance.
//!
//! A file of them holds, for each request, its length as four bytes (little-endian) and the bytes.

use rand::SeedableRng;
use rand::rngs::StdRng;
use schnorrkel::{ExpansionMode, Keypair, MiniSecretKey};
use serde_json::json;
use soma_protocol::ss58::PublicKey;

use crate::account::{ALICE, BOB, DAVE};
use crate::attack::draft;
use crate::error::HarnessError;
use crate::signed::{EMPTY_HASH, Synapse, next_nonce};
use crate::wire::Request;

/// Hotkeys that ask in turn. The host remembers a bounded number of nonces of each.
const CALLERS: u64 = 32;
/// Seconds that a caller gives the server: how long a request may be sent after it was made, beside four seconds. The
/// longest that the host takes, because requests are made for a whole part in advance.
const LONGEST: f64 = 60.0;
/// The uuid of the callers' dendrites.
const UUID: &str = "6a1f2f80-0000-11f0-8000-0123456789ab";

/// Key pairs made for the bench. Their seeds are numbers.
#[derive(Clone, Debug)]
pub struct Callers {
    pairs: Vec<(Keypair, String)>,
}

impl Callers {
    /// The same ones each time.
    pub fn make() -> Callers {
        let pair = |number: u64| {
            let mut rng = StdRng::seed_from_u64(number);
            let seed: [u8; 32] = rand::Rng::random(&mut rng);
            let pair = MiniSecretKey::from_bytes(&seed).ok()?.expand_to_keypair(ExpansionMode::Ed25519);
            let hotkey = PublicKey(pair.public.to_bytes()).to_ss58();
            Some((pair, hotkey))
        };
        Callers { pairs: (0..CALLERS).filter_map(pair).collect() }
    }

    /// Their addresses.
    pub fn hotkeys(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|(_, hotkey)| hotkey.as_str())
    }

    /// `count` fresh requests of them in turn, to be sent within some seconds.
    ///
    /// # Errors
    /// As [`Synapse::request`].
    pub fn requests(&self, count: usize) -> Result<Vec<Vec<u8>>, HarnessError> {
        let template = question(LONGEST)?;
        let signed = |(pair, hotkey): &(Keypair, String)| {
            let nonce = next_nonce();
            let message = format!("{nonce}.{hotkey}.{}.{UUID}.{EMPTY_HASH}", ALICE.hotkey);
            let signature = pair.sign_simple(b"substrate", message.as_bytes()).to_bytes();
            let request = template
                .clone()
                .with("bt_header_dendrite_nonce", nonce.to_string())
                .with("bt_header_dendrite_hotkey", hotkey.as_str())
                .with("bt_header_dendrite_signature", format!("0x{}", hex::encode(signature)));
            draft::bytes(&request)
        };
        Ok(self.pairs.iter().cycle().take(count).map(signed).collect())
    }
}

fn question(timeout: f64) -> Result<Request, HarnessError> {
    let mut synapse = Synapse::new(BOB, ALICE.hotkey, draft::ROUTE, json!({"prompt": "one two", "temperature": 0}));
    synapse.timeout = timeout;
    synapse.request()
}

/// A well-formed request of somebody who is not on the list.
///
/// # Errors
/// As [`Synapse::request`].
pub fn stranger() -> Result<Vec<u8>, HarnessError> {
    Ok(draft::bytes(&question(LONGEST)?.with("bt_header_dendrite_hotkey", DAVE.hotkey)))
}

/// The stranger's request, byte for byte, for a route that there is not.
///
/// # Errors
/// As [`Synapse::request`].
pub fn stranger_nowhere() -> Result<Vec<u8>, HarnessError> {
    Ok(draft::bytes(&question(LONGEST)?.with("bt_header_dendrite_hotkey", DAVE.hotkey).target("/nope")))
}

/// A fresh request in Bob's name, who is on the list, with somebody else's signature.
///
/// # Errors
/// As [`Synapse::request`].
pub fn forged() -> Result<Vec<u8>, HarnessError> {
    Ok(draft::bytes(&draft::forge(question(LONGEST)?)?))
}

/// The same in btauth/1. It is fresh for some seconds only.
///
/// # Errors
/// As [`draft::btauth`].
pub fn forged_btauth() -> Result<Vec<u8>, HarnessError> {
    Ok(draft::bytes(&draft::forge(draft::btauth(BOB)?)?))
}

/// A file of requests.
pub fn pack(requests: &[Vec<u8>]) -> Vec<u8> {
    let mut packed = Vec::new();
    for request in requests {
        packed.extend_from_slice(&u32::try_from(request.len()).unwrap_or(u32::MAX).to_le_bytes());
        packed.extend_from_slice(request);
    }
    packed
}

/// Reads such a file; none if it is not one.
pub fn unpack(mut packed: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut requests = Vec::new();
    while let Some((length, rest)) = packed.split_first_chunk() {
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (request, rest) = rest.split_at_checked(length)?;
        requests.push(request.to_vec());
        packed = rest;
    }
    packed.is_empty().then_some(requests)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked_and_nothing_else() {
        let requests = Callers::make().requests(5).unwrap();
        let packed = pack(&requests);
        assert_eq!(unpack(&packed).unwrap(), requests);
        assert!(unpack(&packed[..packed.len() - 1]).is_none());
        assert!(unpack(&packed[..packed.len() - requests[4].len() - 2]).is_none());
    }

    #[test]
    fn callers_are_many_and_no_two_requests_are_equal() {
        let callers = Callers::make();
        let hotkeys: std::collections::BTreeSet<_> = callers.hotkeys().collect();
        assert_eq!(hotkeys.len(), 32);
        let requests: std::collections::BTreeSet<_> = callers.requests(100).unwrap().into_iter().collect();
        assert_eq!(requests.len(), 100);
    }
}
