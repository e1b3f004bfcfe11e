//! btauth/1 against the SDK's own verifier.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::Value;
use soma_protocol::btauth::{self, AuthError, Claim, Policy, ReceiverRule};
use soma_protocol::dialect::{Dialect, detect};
use soma_protocol::signature::{Crypto, verify};

use crate::{headers_of, vector};

/// Where being strict gives another outcome than the SDK: the label, and the outcome here.
const OVERRIDES: &[(&str, &str)] = &[
    // Spellings that no client uses.
    ("ok_sig_without_0x", "MalformedAuth"),
    ("ok_sig_uppercase_hex", "MalformedAuth"),
    ("sig_with_spaces", "MalformedAuth"),
    ("ok_crypto_uppercase_padded", "MalformedAuth"),
    ("ok_crypto_numeric_1", "MalformedAuth"),
    ("nonce_plus_prefix", "MalformedAuth"),
    ("nonce_spaces", "MalformedAuth"),
    ("nonce_underscore", "MalformedAuth"),
    ("nonce_leading_zero", "MalformedAuth"),
    ("hotkey_ss58_prefix_0_resigned", "MalformedAuth"),
    // Refused by both, here because the number does not fit.
    ("nonce_negative", "MalformedAuth"),
    ("nonce_huge", "MalformedAuth"),
    // No browser wallet signs these.
    ("sig_over_Bytes_wrapped_payload", "BadSignature"),
    // A nonce is remembered for as long as its window lasts, so no window is too long for the memory.
    ("max_age_over_retention_is_ValueError", "ok"),
];

fn class(error: &AuthError) -> &'static str {
    match error {
        AuthError::Malformed(_) => "MalformedAuth",
        AuthError::WrongReceiver | AuthError::MissingReceiver => "WrongReceiver",
        AuthError::Stale { .. } | AuthError::Future { .. } => "StaleRequest",
        AuthError::BadSignature => "BadSignature",
        AuthError::Replayed => "ReplayedRequest",
    }
}

fn policy(options: &Value) -> Policy {
    let mut policy = Policy::default();
    if let Some(max_age) = options["max_age"].as_f64() {
        policy.max_age = Duration::from_secs_f64(max_age);
    }
    if options["require_receiver"] == Value::Bool(false) {
        policy.receiver = ReceiverRule::Optional;
    }
    policy
}

fn number(value: &Value) -> u64 {
    value.as_str().unwrap().parse().unwrap()
}

fn check(case: &Value, seen: &mut HashSet<([u8; 32], u64)>) -> Result<Claim, AuthError> {
    let policy = policy(&case["options"]);
    let claim = Claim::from_headers(&headers_of(&case["headers"]))?;
    claim.check_receiver(case["self_hotkey"].as_str().unwrap(), &policy)?;
    claim.check_fresh(number(&case["now_ns"]), &policy)?;
    let body = hex::decode(case["body_hex"].as_str().unwrap()).unwrap();
    let (method, target) = (case["method"].as_str().unwrap(), case["path"].as_str().unwrap());
    claim.check_signature(method, target, &btauth::body_sha256(&body))?;
    if seen.insert((claim.public_key.0, claim.nonce)) { Ok(claim) } else { Err(AuthError::Replayed) }
}

#[test]
fn judges_every_case_as_the_sdk_does() {
    let vectors = vector(include_str!("../vectors/btauth1.json"));
    let cases = vectors["verify"].as_array().unwrap();
    assert_eq!(cases.len(), 71);
    let mut used = 0;
    let mut replays = HashSet::new();
    for case in cases {
        let label = case["label"].as_str().unwrap();
        let result = &case["result"];
        let said = result["error"].as_str().unwrap_or("ok");
        let expected = OVERRIDES.iter().find(|(name, _)| *name == label);
        used += usize::from(expected.is_some());
        // Only the cases named so share a memory; the SDK made the others with a fresh one.
        let mut fresh = HashSet::new();
        let seen = if label.starts_with("replay_") { &mut replays } else { &mut fresh };
        let got = check(case, seen);
        let outcome = got.as_ref().map_or_else(class, |_| "ok");
        assert_eq!(outcome, expected.map_or(said, |(_, class)| class), "{label}: {got:?}");
        if expected.is_some() {
            continue;
        }
        match &got {
            Ok(claim) => {
                assert_eq!(claim.hotkey, result["caller"]["hotkey_ss58"].as_str().unwrap(), "{label}");
                assert_eq!(claim.nonce, number(&result["caller"]["nonce_ns"]), "{label}");
                let crypto = if result["caller"]["crypto_type"] == 1 { Crypto::Sr25519 } else { Crypto::Ed25519 };
                assert_eq!(claim.crypto, crypto, "{label}");
            }
            Err(error) => assert_eq!(error.to_string(), result["message"].as_str().unwrap(), "{label}"),
        }
    }
    assert_eq!(used, OVERRIDES.len(), "an override that no case needs");
}

#[test]
fn builds_what_the_sdk_signs_and_sends() {
    let vectors = vector(include_str!("../vectors/btauth1.json"));
    let cases = vectors["sign"].as_array().unwrap();
    assert_eq!(cases.len(), 8);
    for case in cases {
        let label = case["label"].as_str().unwrap();
        let text = |name: &str| case[name].as_str().unwrap();
        let headers = headers_of(&case["headers"]);
        assert_eq!(detect(&headers), Ok(Dialect::Btauth), "{label}");
        let claim = Claim::from_headers(&headers).unwrap();
        let receiver = case["receiver"].as_str();
        let body = btauth::body_sha256(&hex::decode(text("body_hex")).unwrap());
        assert_eq!(body, text("body_sha256"), "{label}");
        let nonce = number(&case["nonce_ns"]);
        let payload =
            btauth::payload(claim.crypto, text("method"), text("path"), &body, nonce, text("sender"), receiver);
        assert_eq!(hex::encode(&payload), text("payload_hex"), "{label}");
        assert!(verify(claim.crypto, &claim.public_key, payload.as_bytes(), &claim.signature), "{label}");
        assert_eq!(format!("0x{}", hex::encode(claim.public_key.0)), text("sender_public_key"), "{label}");
        let built = btauth::headers(claim.crypto, nonce, text("sender"), receiver, &claim.signature);
        assert_eq!(built, headers, "{label}");
    }
}

#[test]
fn the_borders_pass_and_a_nonce_is_kept_until_its_window_ends() {
    let vectors = vector(include_str!("../vectors/btauth1.json"));
    let claim = Claim::from_headers(&headers_of(&vectors["verify"][0]["headers"])).unwrap();
    let policy = Policy::default();
    let last = claim.nonce + 10_000_000_000;
    let first = claim.nonce - 2_000_000_000;
    assert_eq!(claim.check_fresh(last, &policy), Ok(last));
    assert_eq!(claim.check_fresh(first, &policy), Ok(last));
    assert_eq!(claim.check_fresh(last + 1, &policy), Err(AuthError::Stale { max_age: policy.max_age }));
    assert_eq!(claim.check_fresh(first - 1, &policy), Err(AuthError::Future { skew: policy.skew }));
    let endless = Policy { max_age: Duration::MAX, skew: Duration::MAX, ..policy };
    assert_eq!(claim.check_fresh(u64::MAX, &endless), Ok(u64::MAX));
}

#[test]
fn refuses_a_header_given_twice_and_bytes_that_are_no_text() {
    let vectors = vector(include_str!("../vectors/btauth1.json"));
    let good = headers_of(&vectors["verify"][0]["headers"]);
    for name in ["version", "hotkey", "nonce", "signature", "receiver"] {
        let name = http::HeaderName::try_from(format!("x-bittensor-{name}")).unwrap();
        let mut twice = good.clone();
        twice.append(name.clone(), good[&name].clone());
        assert!(matches!(Claim::from_headers(&twice), Err(AuthError::Malformed(_))), "{name} twice");
        let mut garbled = good.clone();
        garbled.insert(name.clone(), http::HeaderValue::from_bytes(b"\xff").unwrap());
        assert!(matches!(Claim::from_headers(&garbled), Err(AuthError::Malformed(_))), "{name} garbled");
    }
}
