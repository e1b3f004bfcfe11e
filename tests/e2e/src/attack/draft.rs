//! Requests as bytes, good and bad.

use serde_json::json;

use crate::account::{ALICE, Account};
use crate::error::HarnessError;
use crate::signed::{Btauth, Synapse};
use crate::wire::Request;

/// The route that the example miner serves.
pub const ROUTE: &str = "TextGeneration";

/// A signature that is well formed and wrong: it was made with another key pair over another message.
const FOREIGN: &[u8] = b"what nobody asked to be signed";

/// The bytes of a request on a connection that is kept alive.
pub fn bytes(request: &Request) -> Vec<u8> {
    let mut bytes = head(request, Some(request.body.len()));
    bytes.extend_from_slice(&request.body);
    bytes
}

/// The bytes of its head, which announces a body of `length` bytes, or one in chunks.
pub fn head(request: &Request, length: Option<usize>) -> Vec<u8> {
    let mut head = format!("{} {} HTTP/1.1\r\nhost: 127.0.0.1\r\n", request.method, request.target).into_bytes();
    for (name, value) in &request.headers {
        head.extend_from_slice(name.as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value);
        head.extend_from_slice(b"\r\n");
    }
    let framing = match length {
        Some(length) => format!("content-length: {length}\r\n\r\n"),
        None => "transfer-encoding: chunked\r\n\r\n".to_owned(),
    };
    head.extend_from_slice(framing.as_bytes());
    head
}

/// A request without any of either protocol's headers, for a route that there is not.
pub fn nowhere() -> Vec<u8> {
    b"GET /nope HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".to_vec()
}

/// A good synapse for the example miner, with this time-out in seconds.
///
/// # Errors
/// As [`Synapse::request`].
pub fn synapse(caller: Account, timeout: f64) -> Result<Request, HarnessError> {
    let question = json!({"prompt": "one two", "temperature": 0});
    let mut synapse = Synapse::new(caller, ALICE.hotkey, ROUTE, question);
    synapse.timeout = timeout;
    synapse.request()
}

/// A good btauth request for the example miner.
///
/// # Errors
/// As [`Btauth::request`].
pub fn btauth(caller: Account) -> Result<Request, HarnessError> {
    let target = format!("/{ROUTE}");
    Btauth::new(caller, ALICE.hotkey, &target, r#"{"prompt": "one two", "temperature": 0}"#).request()
}

/// The same request with a signature that is well formed and wrong.
///
/// # Errors
/// As [`Account::sign`].
pub fn forge(request: Request) -> Result<Request, HarnessError> {
    let signature = format!("0x{}", hex::encode(ALICE.sign(FOREIGN)?));
    let names = ["bt_header_dendrite_signature", "x-bittensor-signature"];
    let has = |name: &str| request.headers.iter().any(|(given, _)| given == name);
    let name = names.into_iter().find(|name| has(name)).unwrap_or(names[0]);
    Ok(request.with(name, signature))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::BOB;

    #[test]
    fn a_forged_request_differs_only_in_its_signature() {
        for request in [synapse(BOB, 12.0).unwrap(), btauth(BOB).unwrap()] {
            let forged = forge(request.clone()).unwrap();
            let differing: Vec<_> = forged.headers.iter().filter(|header| !request.headers.contains(header)).collect();
            assert_eq!(differing.len(), 1);
            assert!(differing[0].0.ends_with("signature") && differing[0].1.len() == 130);
            assert_eq!(forged.headers.len(), request.headers.len());
        }
    }
}
