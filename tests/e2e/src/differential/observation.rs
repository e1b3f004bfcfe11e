//! What of an answer is compared.
//!
//! Not compared, because nobody reads them or they are never the same twice: `date`, `server`, `connection`, lengths
//! and sizes, process times, ports of peers, request ids, and the axon's own version, nonce, uuid and signature (row
//! `axon-signature`).

use std::collections::BTreeMap;

use serde_json::Value;

use crate::wire::Answer;

/// The keys of a synapse's body that belong to the protocol.
const ENVELOPE: [&str; 7] = ["name", "timeout", "total_size", "header_size", "dendrite", "axon", "computed_body_hash"];

/// One part of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// The HTTP status.
    Status,
    /// `bt_header_axon_status_code`.
    Code,
    /// `bt_header_axon_status_message`, without what is never the same twice.
    Message,
    /// Of a synapse its own fields, of a refusal its words.
    Body,
    /// `name`.
    Name,
    /// `timeout`.
    Timeout,
    /// `computed_body_hash` of a success.
    Hash,
    /// `bt_header_input_obj_*` of a success.
    Inputs,
    /// What is said about the caller: ip, version, nonce, uuid, hotkey, signature.
    Dendrite,
    /// What is said about the axon: ip, port, hotkey.
    Axon,
    /// `content-type` without its parameters, `allow` and `location`.
    Http,
}

/// The parts of one answer. A part that is not there has no entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    /// The HTTP status.
    pub status: u16,
    /// The parts as text.
    pub parts: BTreeMap<Aspect, String>,
}

impl Observation {
    /// Takes an answer apart.
    pub fn of(answer: &Answer) -> Self {
        let ok = answer.status == 200;
        let text = |name: &str| answer.header(name).map(str::to_owned);
        let mut parts = BTreeMap::new();
        let mut put = |aspect, value: Option<String>| value.map(|value| parts.insert(aspect, value));
        put(Aspect::Status, Some(answer.status.to_string()));
        put(Aspect::Code, text("bt_header_axon_status_code"));
        put(Aspect::Message, answer.header("bt_header_axon_status_message").map(steady));
        put(Aspect::Body, body(answer));
        put(Aspect::Name, text("name"));
        put(Aspect::Timeout, answer.header("timeout").map(number));
        put(Aspect::Hash, text("computed_body_hash").filter(|_| ok));
        put(Aspect::Inputs, Some(inputs(answer)).filter(|_| ok));
        let dendrite = ["ip", "version", "nonce", "uuid", "hotkey", "signature"];
        put(Aspect::Dendrite, Some(side(answer, "dendrite", &dendrite)));
        put(Aspect::Axon, Some(side(answer, "axon", &["ip", "port", "hotkey"])));
        put(Aspect::Http, Some(http(answer)));
        Self { status: answer.status, parts }
    }

    /// A part, empty when it is not there.
    pub fn part(&self, aspect: Aspect) -> &str {
        self.parts.get(&aspect).map_or("", String::as_str)
    }

    /// The parts in which two answers differ.
    pub fn differences(&self, other: &Self) -> Vec<Aspect> {
        let mut aspects: Vec<Aspect> = self.parts.keys().chain(other.parts.keys()).copied().collect();
        aspects.sort();
        aspects.dedup();
        aspects.retain(|aspect| self.parts.get(aspect) != other.parts.get(aspect));
        aspects
    }
}

/// A message without ids, ages and the list of routes, which the two servers hold in different order.
pub fn steady(message: &str) -> String {
    let cut = |text: &str, from: &str, to: &str| match text.split_once(from) {
        Some((before, rest)) => {
            let after = if to.is_empty() { "" } else { rest.split_once(to).map_or("", |(_, after)| after) };
            format!("{before}{from}*{to}{after}")
        }
        None => text.to_owned(),
    };
    let text = cut(message, "Internal Server Error #", "");
    let text = cut(&text, "request was ", " seconds");
    cut(&text, "Available synapses [", "]")
}

/// Python prints `12.0` where a client sent `12`; the value is the same.
fn number(text: &str) -> String {
    text.parse::<f64>().map_or_else(|_| text.to_owned(), |value| value.to_string())
}

fn body(answer: &Answer) -> Option<String> {
    let Ok(Value::Object(mut fields)) = serde_json::from_slice::<Value>(&answer.body) else {
        return Some(answer.text()).filter(|text| !text.is_empty());
    };
    if let Some(message) = fields.get("message").and_then(Value::as_str).filter(|_| answer.status != 200) {
        return Some(steady(message));
    }
    fields.retain(|name, _| !ENVELOPE.contains(&name.as_str()));
    Some(Value::Object(fields).to_string())
}

fn inputs(answer: &Answer) -> String {
    let mut lines: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| name.starts_with("bt_header_input_obj_"))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    lines.sort();
    lines.join(" ")
}

fn side(answer: &Answer, side: &str, fields: &[&str]) -> String {
    let said = fields.iter().filter_map(|field| {
        let value = answer.header(&format!("bt_header_{side}_{field}"))?;
        Some(format!("{field}={value}"))
    });
    said.collect::<Vec<_>>().join(" ")
}

fn http(answer: &Answer) -> String {
    let essence = |value: &str| value.split(';').next().unwrap_or_default().trim().to_owned();
    let kind = answer.header("content-type").map(essence).unwrap_or_default();
    let other = ["allow", "location"].iter().filter_map(|name| Some(format!("{name}={}", answer.header(name)?)));
    std::iter::once(kind).chain(other).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_keeps_what_is_the_same_each_time() {
        for (message, kept) in [
            ("Internal Server Error #9b2e", "Internal Server Error #*"),
            (
                "acceptable delta is 16.00 seconds but request was 60.01 seconds old",
                "acceptable delta is 16.00 seconds but request was * seconds old",
            ),
            (
                "Synapse name 'x' not found. Available synapses ['A']",
                "Synapse name 'x' not found. Available synapses [*]",
            ),
            ("Missing Nonce", "Missing Nonce"),
        ] {
            assert_eq!(steady(message), kept);
        }
    }

    #[test]
    fn own_fields_are_compared_and_the_envelope_is_not() {
        let answer = |body: &str| Answer { status: 200, headers: Vec::new(), body: body.as_bytes().to_vec() };
        let one = Observation::of(&answer(r#"{"name":"A","timeout":1,"prompt":"x"}"#));
        let same = Observation::of(&answer(r#"{"name":"B","prompt":"x"}"#));
        let other = Observation::of(&answer(r#"{"name":"A","prompt":"y"}"#));
        assert_eq!(one.differences(&same), []);
        assert_eq!(one.differences(&other), [Aspect::Body]);
    }
}
