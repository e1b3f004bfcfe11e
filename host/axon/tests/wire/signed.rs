//! Requests signed with real keys, to be bent before they are sent.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use http::HeaderMap;
use serde_json::Value;
use soma_protocol::btauth;
use soma_protocol::signature::Crypto;
use soma_protocol::synapse::{EMPTY_BODY_HASH, Outgoing, Terminal};
use soma_wallet::Keypair;

use crate::client::Request;

/// Somebody with a key.
pub struct Account {
    /// The key.
    pub key: Keypair,
    /// Its address.
    pub ss58: String,
}

impl Account {
    fn of(uri: &str) -> Account {
        let key = Keypair::from_uri(uri).unwrap();
        let ss58 = key.public_key().to_ss58();
        Account { key, ss58 }
    }
}

/// The axon itself.
pub static AXON: LazyLock<Account> = LazyLock::new(|| Account::of("//Alice"));
/// A caller.
pub static BOB: LazyLock<Account> = LazyLock::new(|| Account::of("//Bob"));
/// A caller whom the example denies.
pub static CHARLIE: LazyLock<Account> = LazyLock::new(|| Account::of("//Charlie"));
/// Somebody else.
pub static DAVE: LazyLock<Account> = LazyLock::new(|| Account::of("//Dave"));
/// One who makes nothing trap.
pub static FERDIE: LazyLock<Account> = LazyLock::new(|| Account::of("//Ferdie"));

/// One minute in nanoseconds.
pub const MINUTE: u64 = 60_000_000_000;

/// A synapse before it is signed.
pub struct Synapse {
    /// Who signs.
    pub caller: &'static Account,
    /// Whose address is signed for.
    pub axon: String,
    /// The class.
    pub route: String,
    /// Its fields.
    pub fields: Value,
    /// Unix nanoseconds.
    pub nonce: u64,
    /// Seconds.
    pub timeout: f64,
    /// Hash over the hash fields.
    pub body_hash: String,
}

impl Synapse {
    /// A fresh one of Bob's.
    pub fn new(route: &str, fields: Value) -> Synapse {
        Synapse {
            caller: &BOB,
            axon: AXON.ss58.clone(),
            route: route.to_owned(),
            fields,
            nonce: next_nonce(),
            timeout: 12.0,
            body_hash: EMPTY_BODY_HASH.to_owned(),
        }
    }

    /// Signs it.
    pub fn sign(&self) -> Request {
        let mut outgoing = Outgoing {
            route: self.route.clone(),
            timeout_s: self.timeout,
            axon: Terminal { hotkey: Some(self.axon.clone()), ..Terminal::default() },
            dendrite: Terminal {
                ip: Some("203.0.113.9".to_owned()),
                version: Some(10_005_000),
                nonce: Some(self.nonce),
                uuid: Some("6a1f2f80-0000-11f0-8000-0123456789ab".to_owned()),
                hotkey: Some(self.caller.ss58.clone()),
                ..Terminal::default()
            },
            body_hash: self.body_hash.clone(),
            fields: self.fields.as_object().unwrap().clone(),
            required: Vec::new(),
        };
        let signature = self.caller.key.sign(outgoing.message().as_bytes());
        outgoing.dendrite.signature = Some(hex(&signature));
        let target = format!("/{}", self.route);
        Request { method: "POST".to_owned(), target, headers: flat(&outgoing.headers()), body: outgoing.body() }
    }
}

/// A btauth request before it is signed.
pub struct Btauth {
    /// Who signs.
    pub caller: &'static Account,
    /// Whose address is signed for.
    pub receiver: Option<String>,
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The body.
    pub body: Vec<u8>,
    /// Unix nanoseconds.
    pub nonce: u64,
}

impl Btauth {
    /// A fresh POST of Bob's.
    pub fn new(target: &str, body: impl Into<Vec<u8>>) -> Btauth {
        Btauth {
            caller: &BOB,
            receiver: Some(AXON.ss58.clone()),
            method: "POST".to_owned(),
            target: target.to_owned(),
            body: body.into(),
            nonce: next_nonce(),
        }
    }

    /// Signs it.
    pub fn sign(&self) -> Request {
        let (sender, receiver) = (&self.caller.ss58, self.receiver.as_deref());
        let hash = btauth::body_sha256(&self.body);
        let payload = btauth::payload(Crypto::Sr25519, &self.method, &self.target, &hash, self.nonce, sender, receiver);
        let signature = self.caller.key.sign(payload.as_bytes());
        let headers = btauth::headers(Crypto::Sr25519, self.nonce, sender, receiver, &signature);
        let (method, target, body) = (self.method.clone(), self.target.clone(), self.body.clone());
        Request { method, target, headers: flat(&headers), body }.with("content-type", "application/json")
    }
}

/// A signature that nobody made.
pub fn forged() -> String {
    hex(&[1; 64])
}

/// Unix nanoseconds, never the same twice.
pub fn next_nonce() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap();
    let next = |last: u64| Some(now.max(last + 1));
    let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).unwrap();
    now.max(last + 1)
}

fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("0x{digits}")
}

fn flat(headers: &HeaderMap) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect()
}
