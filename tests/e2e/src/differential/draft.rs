//! One request before it is sent, with everything that a change may touch.

use serde_json::{Map, Value, json};

use crate::account::{ALICE, Account, BOB};
use crate::error::HarnessError;
use crate::signed::EMPTY_HASH;
use crate::wire::Request;

/// A change to the headers after the signature was made.
#[derive(Clone, Debug)]
pub enum Edit {
    /// Takes a header away.
    Without(&'static str),
    /// Sets a header.
    With(&'static str, Vec<u8>),
    /// Adds a header once more.
    Twice(&'static str),
}

/// How the signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// `0x` and lower-case digits.
    Plain,
    /// `0x` and upper-case digits.
    Upper,
    /// Without `0x`.
    Bare,
    /// Over the message between `<Bytes>` and `</Bytes>`.
    Wrapped,
    /// Of another account.
    Forged,
}

/// Requests that follow the first one, made of the same draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// None.
    No,
    /// The same bytes.
    Same,
    /// The same claim with a bad signature comes first.
    AfterForged,
    /// The same uuid and a nonce that is one lower.
    Lower,
    /// The same uuid and a nonce that is one higher.
    Higher,
    /// The same nonce and another uuid.
    OtherUuid,
}

/// A request that can still be changed.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The method.
    pub method: String,
    /// The request target.
    pub target: String,
    /// The class name.
    pub route: &'static str,
    /// `timeout`.
    pub timeout: Option<String>,
    /// `bt_header_dendrite_version`.
    pub version: Option<String>,
    /// The present, Unix time in nanoseconds.
    now: u64,
    /// The nonce as it is sent; signed as the integer that it is.
    pub nonce: String,
    /// `bt_header_dendrite_uuid`; `None` is signed as that word.
    pub uuid: Option<String>,
    /// The caller's address as it is sent and signed.
    pub hotkey: String,
    /// The axon that is signed for.
    pub signed_for: String,
    /// `bt_header_axon_hotkey`.
    pub axon_hotkey: String,
    /// `computed_body_hash`; `None` is signed as that word.
    pub hash: Option<String>,
    /// How the signature is written.
    pub ink: Ink,
    /// Names of required fields with what their headers say.
    pub inputs: Vec<(&'static str, &'static str)>,
    /// The fields that are sent.
    pub fields: Map<String, Value>,
    /// Bytes to send instead of the fields.
    pub raw_body: Option<Vec<u8>>,
    /// `content-type`.
    pub content_type: Option<String>,
    /// Changes after signing.
    pub edits: Vec<Edit>,
    /// What follows.
    pub again: Again,
}

impl Draft {
    /// A good request of Bob to Alice. `now` is Unix time in nanoseconds; `uuid` must be new.
    pub fn new(route: &'static str, fields: Value, now: u64, uuid: String) -> Self {
        Self {
            method: "POST".to_owned(),
            target: format!("/{route}"),
            route,
            timeout: Some("12.0".to_owned()),
            version: Some("10005000".to_owned()),
            now,
            nonce: now.to_string(),
            uuid: Some(uuid),
            hotkey: BOB.hotkey.to_owned(),
            signed_for: ALICE.hotkey.to_owned(),
            axon_hotkey: ALICE.hotkey.to_owned(),
            hash: Some(EMPTY_HASH.to_owned()),
            ink: Ink::Plain,
            inputs: inputs(route),
            fields: fields.as_object().cloned().unwrap_or_default(),
            raw_body: None,
            content_type: Some("application/json".to_owned()),
            edits: Vec::new(),
            again: Again::No,
        }
    }

    /// Takes the nonce from so many seconds after the present. Several changes do not add up.
    pub fn take_nonce_at(&mut self, seconds: f64) {
        let nonce = i128::from(self.now) + (seconds * 1e9) as i128;
        self.nonce = nonce.max(0).to_string();
    }

    /// The nonce and a few nanoseconds, at least 0. A nonce that is no number stays.
    fn step(&mut self, nanoseconds: i128) {
        if let Ok(nonce) = self.nonce.parse::<i128>() {
            self.nonce = (nonce + nanoseconds).max(0).to_string();
        }
    }

    /// The requests, in the order in which they are sent.
    ///
    /// # Errors
    /// As [`Account::sign`].
    pub fn requests(&self) -> Result<Vec<Request>, HarnessError> {
        let first = self.request()?;
        let mut other = self.clone();
        match self.again {
            Again::No => return Ok(vec![first]),
            Again::Same => return Ok(vec![first.clone(), first]),
            Again::AfterForged => {
                other.ink = Ink::Forged;
                return Ok(vec![other.request()?, first]);
            }
            Again::Lower => other.step(-1),
            Again::Higher => other.step(1),
            Again::OtherUuid => other.uuid = Some(format!("{}0", self.uuid.as_deref().unwrap_or_default())),
        }
        Ok(vec![first, other.request()?])
    }

    fn request(&self) -> Result<Request, HarnessError> {
        let mut request = Request::new(&self.method, &self.target).with("name", self.route);
        let optional = [
            ("timeout", &self.timeout),
            ("bt_header_dendrite_version", &self.version),
            ("bt_header_dendrite_uuid", &self.uuid),
            ("computed_body_hash", &self.hash),
            ("content-type", &self.content_type),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                request = request.with(name, value.as_str());
            }
        }
        request = request
            .with("bt_header_axon_ip", "127.0.0.1")
            .with("bt_header_axon_port", "8091")
            .with("bt_header_axon_hotkey", self.axon_hotkey.as_str())
            .with("bt_header_dendrite_ip", "203.0.113.9")
            .with("bt_header_dendrite_nonce", self.nonce.as_str())
            .with("bt_header_dendrite_hotkey", self.hotkey.as_str())
            .with("bt_header_dendrite_signature", self.signature()?)
            .with("header_size", "464")
            .with("total_size", "3155");
        for (field, value) in &self.inputs {
            request = request.with(&format!("bt_header_input_obj_{field}"), *value);
        }
        let body = self.raw_body.clone().unwrap_or_else(|| Value::Object(self.fields.clone()).to_string().into_bytes());
        Ok(self.edits.iter().fold(request.body(body), apply))
    }

    fn signature(&self) -> Result<String, HarnessError> {
        let word = |value: &Option<String>| value.clone().unwrap_or_else(|| "None".to_owned());
        // Python signs what `int()` made of the text.
        let nonce = self.nonce.parse::<i128>().map_or_else(|_| self.nonce.clone(), |nonce| nonce.to_string());
        let (uuid, hash) = (word(&self.uuid), word(&self.hash));
        let message = format!("{nonce}.{}.{}.{uuid}.{hash}", self.hotkey, self.signed_for);
        let signer: Account = if self.ink == Ink::Forged { ALICE } else { BOB };
        let signed = match self.ink {
            Ink::Wrapped => signer.sign(format!("<Bytes>{message}</Bytes>").as_bytes())?,
            _ => signer.sign(message.as_bytes())?,
        };
        let digits = hex::encode(signed);
        Ok(match self.ink {
            Ink::Bare => digits,
            Ink::Upper => format!("0x{}", digits.to_uppercase()),
            _ => format!("0x{digits}"),
        })
    }
}

fn apply(request: Request, edit: &Edit) -> Request {
    match edit {
        Edit::Without(name) => request.without(name),
        Edit::With(name, value) => request.with(name, value.clone()),
        Edit::Twice(name) => {
            let value = request.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.clone());
            request.twice(name, value.unwrap_or_default())
        }
    }
}

/// The headers for the required fields of a class: base64 of the JSON of the type's empty value.
fn inputs(route: &str) -> Vec<(&'static str, &'static str)> {
    match route {
        "TextSynapse" | "HashedSynapse" => vec![("prompt", "IiI=")],
        "Echo" => vec![("message", "IiI=")],
        "Typed" => vec![
            ("a", "MA=="),
            ("b", "MC4w"),
            ("c", "ZmFsc2U="),
            ("d", "W10="),
            ("e", "e30="),
            ("f", "IiI="),
            ("g", "IiI="),
        ],
        _ => Vec::new(),
    }
}

/// Good fields for a class. `text` goes into the string.
pub fn fields(route: &str, text: &str) -> Value {
    match route {
        "Echo" => json!({ "message": text }),
        "Typed" => json!({"a": 1, "b": 2.5, "c": true, "d": [1, 2], "e": {"k": 1}, "f": null, "g": text}),
        "Synapse" => json!({}),
        _ => json!({ "prompt": text }),
    }
}
