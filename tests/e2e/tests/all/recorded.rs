//! Requests that were recorded long ago, moved to the present.
//!
//! A nonce is moved by as much as the request's uuid is old, and a signature that was good is made anew with the
//! recorded caller's key; a bad one stays as it is. (The recorded signatures themselves are checked in soma-protocol,
//! with the clock of that day.)

use std::collections::HashMap;

use serde_json::Value;
use soma_e2e::account::{RECORDED_AXON, RECORDED_CALLER};
use soma_e2e::signed::unix_nanoseconds;
use soma_e2e::wire::{Answer, Request};

/// From the start of the uuid's calendar (1582) to that of Unix, in units of 100 ns.
const CALENDARS: u64 = 0x01b2_1dd2_1381_4000;
/// A nonce further from the recorded present than this was chosen and not taken from the clock: seconds.
const A_DAY: u64 = 86_400;

/// A recorded request, moved to the present.
pub struct Moved {
    /// The request of now.
    pub request: Request,
    /// What has changed in it, and will in its answer: old text, new text.
    pub changed: Vec<(String, String)>,
}

/// Moves requests. Cases that share a uuid are moved by the same time: their order is what they are about.
#[derive(Default)]
pub struct Mover {
    shifts: HashMap<String, u64>,
}

impl Mover {
    /// Moves one request.
    pub fn request(&mut self, recorded: &Value) -> Moved {
        let headers = headers(recorded);
        let get =
            |name: &str| headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, v)| v.clone());
        let old_nonce = get("bt_header_dendrite_nonce").unwrap_or_default();
        let nonce = self.nonce(&old_nonce, get("bt_header_dendrite_uuid").as_deref());
        let old_signature = get("bt_header_dendrite_signature").unwrap_or_default();
        let message = |nonce: &str| {
            let word = |name: &str| get(name).unwrap_or_else(|| "None".to_owned());
            let nonce = nonce.trim_start_matches('+');
            let (uuid, hash) = (word("bt_header_dendrite_uuid"), word("computed_body_hash"));
            format!("{nonce}.{}.{}.{uuid}.{hash}", word("bt_header_dendrite_hotkey"), RECORDED_AXON.hotkey)
        };
        let signature = renewed(&old_signature, &message(&old_nonce), &message(&nonce));
        let mut request = Request::new(text(recorded, "method"), text(recorded, "path"));
        for (name, value) in &headers {
            let value = match name.to_ascii_lowercase().as_str() {
                "bt_header_dendrite_nonce" => nonce.clone(),
                "bt_header_dendrite_signature" => signature.clone(),
                _ => value.clone(),
            };
            request = request.twice(name, value);
        }
        if let Some(kind) = recorded["content_type"].as_str() {
            request = request.with("content-type", kind);
        }
        let body = match text(recorded, "body") {
            "(5 MB)" => format!("{{\"prompt\": \"{}\"}}", "a".repeat(5_000_000)),
            body => body.to_owned(),
        };
        let changed = vec![(old_signature, signature), (old_nonce, nonce)];
        Moved { request: request.body(body), changed }
    }

    /// The nonce of the present that is as old as this one was.
    fn nonce(&mut self, old: &str, uuid: Option<&str>) -> String {
        let (sign, digits) = if let Some(digits) = old.strip_prefix('+') { ("+", digits) } else { ("", old) };
        let (Some(then), Ok(number)) = (uuid.and_then(time_of), digits.parse::<u64>()) else {
            return self.without_uuid(old);
        };
        if number.abs_diff(then) > A_DAY * 1_000_000_000 {
            return old.to_owned();
        }
        let shift = *self.shifts.entry(uuid.unwrap_or_default().to_owned()).or_insert(unix_nanoseconds() - then);
        format!("{sign}{}", number + shift)
    }

    /// Without a uuid the nonce itself was the clock's.
    fn without_uuid(&self, old: &str) -> String {
        old.parse::<u64>().map_or_else(|_| old.to_owned(), |_| unix_nanoseconds().to_string())
    }
}

/// Unix nanoseconds in a version 1 uuid.
fn time_of(uuid: &str) -> Option<u64> {
    let mut parts = uuid.split('-');
    let (low, mid, high) = (parts.next()?, parts.next()?, parts.next()?);
    let high = high.strip_prefix('1')?;
    let ticks = u64::from_str_radix(&format!("{high}{mid}{low}"), 16).ok()?;
    Some((ticks - CALENDARS) * 100)
}

/// The signature over the new message in the spelling of the old one; the old one itself if it was bad.
fn renewed(old: &str, old_message: &str, new_message: &str) -> String {
    let digits = old.strip_prefix("0x").unwrap_or(old);
    let Some(bytes) = hex::decode(digits).ok().filter(|bytes| bytes.len() == 64) else {
        return old.to_owned();
    };
    let Ok(signature) = schnorrkel::Signature::from_bytes(&bytes) else { return old.to_owned() };
    let key = RECORDED_CALLER.keypair().unwrap().public;
    let good = |message: &str| key.verify_simple(b"substrate", message.as_bytes(), &signature).is_ok();
    let wrap = |message: &str| format!("<Bytes>{message}</Bytes>");
    let message = match (good(old_message), good(&wrap(old_message))) {
        (true, _) => new_message.to_owned(),
        (_, true) => wrap(new_message),
        _ => return old.to_owned(),
    };
    let new = hex::encode(RECORDED_CALLER.sign(message.as_bytes()).unwrap());
    let new = if digits.chars().any(|c| c.is_ascii_uppercase()) { new.to_uppercase() } else { new };
    if old.starts_with("0x") { format!("0x{new}") } else { new }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn headers(recorded: &Value) -> Vec<(String, String)> {
    let headers = recorded["headers"].as_object().unwrap();
    headers.iter().map(|(name, value)| (name.clone(), filled(value.as_str().unwrap()))).collect()
}

/// The recorded text; long runs of one letter were recorded as their count.
fn filled(value: &str) -> String {
    match value {
        "(70000 x a)" => "a".repeat(70_000),
        "(30000 x a)" => "a".repeat(30_000),
        value => value.to_owned(),
    }
}

/// What was answered then, with the nonce and signature of now.
pub fn recorded_answer(response: &Value, changed: &[(String, String)]) -> Answer {
    let renew = |text: &str| {
        let pairs = changed.iter().filter(|(old, _)| old.len() > 10);
        pairs.fold(text.to_owned(), |text, (old, new)| text.replace(old.as_str(), new))
    };
    let status = text(response, "status_line").split(' ').nth(1).unwrap().parse().unwrap();
    let lines = response["headers"].as_array().unwrap().iter().map(|line| renew(line.as_str().unwrap()));
    let headers = lines.map(|line| line.split_once(": ").map(|(n, v)| (n.to_lowercase(), v.to_owned())).unwrap());
    Answer { status, headers: headers.collect(), body: renew(text(response, "body")).into_bytes() }
}

#[test]
fn the_uuid_tells_when_a_case_was_recorded() {
    // A uuid that was made when its nonce was taken.
    let nonce = 1_795_405_888_897_305_491_u64;
    let then = time_of("29dbcf00-e6f1-11f1-b3ea-02fc00000001").unwrap();
    assert!(then.abs_diff(nonce) < 1_000_000_000, "{then}");
    assert!(time_of("6a1f2f80-0000-41f0-8000-0123456789ab").is_none());
}
