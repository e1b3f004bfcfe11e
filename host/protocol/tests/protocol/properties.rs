//! No input from outside makes a parser panic, and what is written is read back.

use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use serde_json::{Map, Value};
use soma_protocol::btauth;
use soma_protocol::dialect::detect;
use soma_protocol::json::{parse_object, parse_value};
use soma_protocol::pystr::py_str;
use soma_protocol::pytype::PyType;
use soma_protocol::signature::{Crypto, ReadyKey, verify};
use soma_protocol::ss58::PublicKey;
use soma_protocol::synapse::{
    Claim, EMPTY_BODY_HASH, Outgoing, RequestHead, Terminal, Window, printable_reason, read_answer,
};

/// Names that some parser reads, and one that none does.
const NAMES: &[&str] = &[
    "name",
    "timeout",
    "header_size",
    "total_size",
    "computed_body_hash",
    "content-type",
    "bt_header_axon_port",
    "bt_header_axon_status_code",
    "bt_header_axon_status_message",
    "bt_header_axon_process_time",
    "bt_header_dendrite_hotkey",
    "bt_header_dendrite_nonce",
    "bt_header_dendrite_uuid",
    "bt_header_dendrite_signature",
    "bt_header_dendrite_version",
    "bt_header_input_obj_x",
    "x-bittensor-version",
    "x-bittensor-hotkey",
    "x-bittensor-receiver",
    "x-bittensor-nonce",
    "x-bittensor-crypto",
    "x-bittensor-signature",
    "x-other",
];

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        "[0-9]{1,25}".prop_map(String::into_bytes),
        "(0x)?([0-9a-fA-F]{2}){60,66}".prop_map(String::into_bytes),
        "[0-9a-f]{64}".prop_map(String::into_bytes),
        "-?[0-9]{0,3}\\.?[0-9]{0,3}(e-?[0-9]{1,3})?".prop_map(String::into_bytes),
        any::<[u8; 32]>().prop_map(|key| PublicKey(key).to_ss58().into_bytes()),
        prop_oneof![Just("1"), Just("ed25519"), Just("application/json"), Just("IiI="), Just("None"), Just("")]
            .prop_map(|text| text.as_bytes().to_vec()),
    ]
}

/// The headers of a good request of either dialect, or none: random ones alone would never get past the first check.
fn good(dialect: u8, nonce: u64) -> HeaderMap {
    let hotkey = PublicKey([3; 32]).to_ss58();
    match dialect {
        0 => HeaderMap::new(),
        1 => btauth::headers(Crypto::Sr25519, nonce, &hotkey, Some(&hotkey), &[1; 64]),
        _ => {
            let dendrite = Terminal {
                nonce: Some(nonce),
                hotkey: Some(hotkey),
                signature: Some(format!("0x{}", "01".repeat(64))),
                ..Terminal::default()
            };
            Outgoing { dendrite, body_hash: EMPTY_BODY_HASH.to_owned(), ..Outgoing::default() }.headers()
        }
    }
}

fn headers() -> impl Strategy<Value = HeaderMap> {
    let fields = proptest::collection::vec((0..NAMES.len(), value(), any::<bool>()), 0..8);
    (0..3_u8, any::<u64>(), fields).prop_map(|(dialect, nonce, fields)| {
        let mut headers = good(dialect, nonce);
        for (name, value, replace) in fields {
            let (name, Ok(value)) = (HeaderName::from_static(NAMES[name]), HeaderValue::from_bytes(&value)) else {
                continue;
            };
            if replace {
                headers.insert(name, value);
            } else {
                headers.append(name, value);
            }
        }
        headers
    })
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((".{0,4}", inner), 0..5)
                .prop_map(|entries| Value::Object(entries.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn kind() -> impl Strategy<Value = PyType> {
    let leaf = prop_oneof![
        Just(PyType::Str),
        Just(PyType::Int),
        Just(PyType::Float),
        Just(PyType::Bool),
        Just(PyType::None),
        Just(PyType::Any),
    ];
    leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|kind| PyType::List(Box::new(kind))),
            inner.clone().prop_map(|kind| PyType::Dict(Box::new(kind))),
            inner.clone().prop_map(|kind| PyType::Repeat(Box::new(kind))),
            proptest::collection::vec(inner, 1..3).prop_map(PyType::Tuple),
        ]
    })
}

/// The value with every number as what it stands for: an integer, or a double. `serde_json` keeps the text of a number that
/// is no integer (`0e0`), which is unequal to the same number written otherwise.
fn plain(value: Value) -> Value {
    match value {
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Value::from(number),
            (None, Some(number)) => Value::from(number),
            (None, None) => Value::from(number.as_f64()),
        },
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::Object(entries) => entries.into_iter().map(|(key, value)| (key, plain(value))).collect(),
        other => other,
    }
}

proptest! {
    #[test]
    fn any_headers_are_read_or_refused(headers in headers(), now in any::<u64>(), near in any::<bool>()) {
        let _ = detect(&headers);
        if let Ok(head) = RequestHead::parse(&headers) {
            prop_assert!(head.timeout.is_none_or(|timeout| timeout.is_finite() && timeout >= 0.0));
            if let Ok(claim) = Claim::from_head(&head) {
                let now = if near { claim.nonce.saturating_add(now % 5_000_000_000) } else { now };
                if let Ok(until) = claim.check_fresh(now, &Window::default()) {
                    prop_assert!(until >= now);
                    prop_assert!(claim.check_signature("x").is_err());
                }
            }
        }
        if let Ok(claim) = btauth::Claim::from_headers(&headers) {
            prop_assert_eq!(claim.public_key.to_ss58(), claim.hotkey.clone());
            let now = if near { claim.nonce.saturating_add(now % 11_000_000_000) } else { now };
            if let Ok(until) = claim.check_fresh(now, &btauth::Policy::default()) {
                prop_assert!(until >= now);
                prop_assert!(claim.check_signature("POST", "/x", "").is_err());
            }
        }
    }

    #[test]
    fn btauth_headers_come_back(key in any::<[u8; 32]>(), nonce in any::<u64>(), signature in any::<[u8; 64]>(), bound in any::<bool>(), ed in any::<bool>()) {
        let public_key = PublicKey(key);
        let hotkey = public_key.to_ss58();
        let crypto = if ed { Crypto::Ed25519 } else { Crypto::Sr25519 };
        let receiver = bound.then(|| hotkey.clone());
        let headers = btauth::headers(crypto, nonce, &hotkey, receiver.as_deref(), &signature);
        let claim = btauth::Claim { public_key, hotkey, receiver, nonce, crypto, signature };
        prop_assert_eq!(btauth::Claim::from_headers(&headers).unwrap(), claim);
    }

    #[test]
    fn any_bytes_are_json_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[\\[\\]{}:,\" a-c0-9.eE+\\\\-]{0,60}") {
        let _ = parse_object(&bytes);
        // What is accepted is what serde_json reads, which keeps the last of equal keys and so may accept more.
        if let Ok(value) = parse_value(text.as_bytes()) {
            prop_assert_eq!(plain(serde_json::from_str(&text).unwrap()), value);
        }
    }

    #[test]
    fn json_comes_back(value in json()) {
        prop_assert_eq!(parse_value(value.to_string().as_bytes()).unwrap(), value);
    }

    #[test]
    fn any_text_is_a_type_or_refused(text in ".{0,40}", tokens in "(int|str|list|dict|tuple|Optional|Union|P|x|\\[|\\]|\\{|\\}|,|\\||:|=|1|\\.\\.\\.| ){0,24}") {
        let _ = text.parse::<PyType>();
        if let Ok(kind) = tokens.parse::<PyType>() {
            prop_assert_eq!(kind.to_string().parse::<PyType>().unwrap(), kind);
        }
    }

    #[test]
    fn types_come_back_and_print_any_value_or_refuse_it(kind in kind(), value in json()) {
        prop_assert_eq!(kind.to_string().parse::<PyType>().unwrap(), kind.clone());
        let printed = py_str(&value, &kind);
        if matches!((&kind, &value), (PyType::Str, Value::String(_))) {
            prop_assert!(printed.is_ok());
        }
    }

    #[test]
    fn floats_print_as_something_that_reads_back(value in any::<f64>()) {
        prop_assume!(value.is_finite());
        let printed = py_str(&Value::from(value), &PyType::Float).unwrap();
        prop_assert!(printed.contains(['.', 'e']));
        prop_assert_eq!(printed.parse::<f64>().unwrap().to_bits(), value.to_bits());
    }

    #[test]
    fn any_reply_is_read(status in 100_u16..600, headers in headers(), bytes in proptest::collection::vec(any::<u8>(), 0..60), body in json()) {
        let _ = read_answer(status, &headers, &bytes);
        let answer = read_answer(status, &headers, body.to_string().as_bytes());
        prop_assert!(answer.process_time.is_none_or(|time| time.is_finite() && time >= 0.0));
        prop_assert!(answer.readable || answer.status_code == Some(422));
    }

    #[test]
    fn any_body_terminal_is_read_or_refused(value in json()) {
        if let Ok(terminal) = serde_json::from_value::<Terminal>(value) {
            let text = serde_json::to_string(&terminal).unwrap();
            prop_assert_eq!(serde_json::from_str::<Terminal>(&text).unwrap(), terminal);
        }
    }

    #[test]
    fn addresses_come_back_and_a_changed_one_does_not(key in any::<[u8; 32]>(), at in 0..47_usize, letter in "[1-9A-HJ-NP-Za-km-z]", text in ".{0,60}") {
        let address = PublicKey(key).to_ss58();
        prop_assert_eq!(PublicKey::from_ss58(&address).unwrap(), PublicKey(key));
        let mut changed = address.clone();
        changed.replace_range(at..=at, &letter);
        if let Ok(other) = PublicKey::from_ss58(&changed) {
            // Two bytes of checksum: what passes by chance is at least not another spelling of this key.
            prop_assert!(other != PublicKey(key) || changed == address);
        }
        let _ = PublicKey::from_ss58(&text);
    }

    #[test]
    fn any_reason_fits_a_header(reason in any::<String>()) {
        let reason = printable_reason(&reason);
        prop_assert!(reason.len() <= 200 && reason.bytes().all(|byte| matches!(byte, b' '..=b'~')));
        prop_assert!(HeaderValue::from_str(&reason).is_ok());
    }

    /// A key that was decoded once says the same as one that is decoded for each signature, also when it is none.
    #[test]
    fn a_decoded_key_says_the_same(seed: [u8; 32], junk: [u8; 32], message: Vec<u8>, flip in 0usize..1024, zero: bool) {
        let pair = schnorrkel::MiniSecretKey::from_bytes(&seed).unwrap();
        let pair = pair.expand_to_keypair(schnorrkel::ExpansionMode::Ed25519);
        let mut signature = pair.sign_simple(b"substrate", &message).to_bytes();
        let own = PublicKey(pair.public.to_bytes());
        prop_assert!(ReadyKey::new(own).verify(Crypto::Sr25519, &message, &signature));
        // Half of them are changed in one bit.
        if let Some(byte) = signature.get_mut(flip / 8) {
            *byte ^= 1 << (flip % 8);
        }
        let junk = if zero { [0; 32] } else { junk };
        for key in [own, PublicKey(junk)] {
            for crypto in [Crypto::Sr25519, Crypto::Ed25519] {
                let said = ReadyKey::new(key).verify(crypto, &message, &signature);
                prop_assert_eq!(said, verify(crypto, &key, &message, &signature));
                prop_assert_eq!(said, key == own && crypto == Crypto::Sr25519 && flip >= 512);
            }
        }
    }
}
