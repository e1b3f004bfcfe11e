//! The key, and requests as bytes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use miette::IntoDiagnostic;
use rustix::time::ClockId;
use soma_axon::system_clock;
use soma_protocol::btauth;
use soma_protocol::signature::{Crypto, verify};
use soma_wallet::Keypair;

use super::load::clock;

/// How long signatures are verified.
const VERIFYING: Duration = Duration::from_millis(300);

/// A caller with a key of its own, and the address that it signs for.
pub struct Caller {
    key: Keypair,
    hotkey: String,
    receiver: String,
    /// The last nonce: each is larger than the one before, also when the clock stands still.
    last: AtomicU64,
}

/// An address that nobody has the key of.
pub fn receiver() -> miette::Result<String> {
    Ok(ephemeral()?.public_key().to_ss58())
}

impl Caller {
    /// Makes a key, which is kept nowhere.
    pub fn make(receiver: &str) -> miette::Result<Caller> {
        let key = ephemeral()?;
        let hotkey = key.public_key().to_ss58();
        Ok(Caller { hotkey, key, receiver: receiver.to_owned(), last: AtomicU64::new(0) })
    }

    /// A good request, signed now and with a nonce of its own.
    pub fn request(&self, route: &str, body: &[u8]) -> Vec<u8> {
        let (target, nonce) = (format!("/{route}"), self.nonce());
        self.bytes(&target, body, nonce, &self.sign(&target, &btauth::body_sha256(body), nonce))
    }

    /// A fresh request with a well-formed signature of something else. It can be sent again for as long as it is fresh.
    pub fn forged(&self, route: &str) -> Vec<u8> {
        let (target, nonce) = (format!("/{route}"), self.nonce());
        let signature = self.sign("/another", &btauth::body_sha256(b""), nonce);
        self.bytes(&target, b"{}", nonce, &signature)
    }

    fn nonce(&self) -> u64 {
        let now = system_clock();
        let last = self.last.fetch_max(now, Ordering::Relaxed);
        if last < now { now } else { self.last.fetch_add(1, Ordering::Relaxed) + 1 }
    }

    fn sign(&self, target: &str, digest: &str, nonce: u64) -> [u8; 64] {
        let (crypto, receiver) = (self.key.crypto(), Some(self.receiver.as_str()));
        self.key.sign(btauth::payload(crypto, "POST", target, digest, nonce, &self.hotkey, receiver).as_bytes())
    }

    fn bytes(&self, target: &str, body: &[u8], nonce: u64, signature: &[u8; 64]) -> Vec<u8> {
        let headers = btauth::headers(self.key.crypto(), nonce, &self.hotkey, Some(&self.receiver), signature);
        let mut bytes =
            format!("POST {target} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n").into_bytes();
        for (name, value) in &headers {
            bytes.extend_from_slice(name.as_str().as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
        bytes.extend_from_slice(body);
        bytes
    }
}

/// An sr25519 key that nobody keeps.
fn ephemeral() -> miette::Result<Keypair> {
    let mut seed = zeroize::Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut()).into_diagnostic()?;
    Keypair::from_seed(Crypto::Sr25519, seed.as_ref()).into_diagnostic()
}

/// Microseconds of this thread's processor time for one verification.
pub fn verify_us() -> miette::Result<f64> {
    let key = ephemeral()?;
    let (public, message) = (key.public_key(), [b'm'; 200]);
    let signature = key.sign(&message);
    let (started, before, mut count) = (Instant::now(), clock(ClockId::ThreadCPUTime), 0_u32);
    while started.elapsed() < VERIFYING {
        std::hint::black_box(verify(Crypto::Sr25519, &public, std::hint::black_box(&message), &signature));
        count += 1;
    }
    Ok(clock(ClockId::ThreadCPUTime).saturating_sub(before).as_secs_f64() * 1e6 / f64::from(count.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_requests_differ_and_a_forged_one_names_the_same_caller() {
        let address = receiver().unwrap();
        let caller = Caller::make(&address).unwrap();
        let requests: Vec<Vec<u8>> = (0..3).map(|_| caller.request("Text", b"{}")).collect();
        assert!(requests[0] != requests[1] && requests[1] != requests[2]);
        let text = String::from_utf8(requests[0].clone()).unwrap();
        assert!(text.starts_with("POST /Text HTTP/1.1\r\n") && text.ends_with("content-length: 2\r\n\r\n{}"), "{text}");
        assert!(text.contains(&caller.hotkey) && text.contains(&address));
        assert!(String::from_utf8(caller.forged("Text")).unwrap().contains(&caller.hotkey));
    }

    #[test]
    fn no_nonce_is_used_twice() {
        let caller = Caller::make("receiver").unwrap();
        // As if the clock had been ahead before.
        caller.last.store(u64::MAX / 2, Ordering::Relaxed);
        let nonces: Vec<u64> = (0..100).map(|_| caller.nonce()).collect();
        assert!(nonces.is_sorted_by(|one, next| one < next), "{nonces:?}");
    }
}
