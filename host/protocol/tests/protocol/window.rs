//! Version 10 freshness, at the borders.

use std::time::Duration;

use soma_protocol::signature::{Crypto, ReadyKey};
use soma_protocol::ss58::PublicKey;
use soma_protocol::synapse::{AuthError, Claim, EMPTY_BODY_HASH, RequestHead, Window};

use crate::{AXON, DENDRITE, header_map};

const NONCE: u64 = 1_795_405_768_635_129_084;
const SECOND: u64 = 1_000_000_000;

fn claim(timeout: Option<f64>) -> Claim {
    Claim {
        public_key: PublicKey::from_ss58(DENDRITE).unwrap(),
        hotkey: DENDRITE.to_owned(),
        nonce: NONCE,
        uuid: "u".to_owned(),
        signature: [0; 64],
        body_hash: EMPTY_BODY_HASH.to_owned(),
        timeout,
    }
}

#[test]
fn the_borders_pass_and_one_nanosecond_more_does_not() {
    let window = Window::default();
    let cases = [
        (None, 4),
        (Some(0.0), 4),
        (Some(12.0), 16),
        (Some(60.0), 64),
        (Some(61.0), 64),
        (Some(1e300), 64),
        (Some(f64::INFINITY), 64),
        (Some(f64::NAN), 4),
        (Some(-5.0), 4),
    ];
    for (timeout, seconds) in cases {
        let claim = claim(timeout);
        let last = NONCE + seconds * SECOND;
        assert!(claim.check_fresh(last, &window).is_ok(), "{timeout:?}");
        assert!(matches!(claim.check_fresh(last + 1, &window), Err(AuthError::TooOld { .. })), "{timeout:?}");
        let first = NONCE - 4 * SECOND;
        assert!(claim.check_fresh(first, &window).is_ok(), "{timeout:?}");
        assert!(matches!(claim.check_fresh(first - 1, &window), Err(AuthError::TooNew { .. })), "{timeout:?}");
    }
}

/// The header is not signed: who repeats the request can write a longer one.
#[test]
fn a_nonce_is_kept_for_the_longest_window_whatever_the_time_out_says() {
    let window = Window::default();
    for timeout in [None, Some(1.0), Some(1000.0)] {
        assert_eq!(claim(timeout).check_fresh(NONCE, &window), Ok(NONCE + 64 * SECOND));
    }
    let endless = Window { base: Duration::MAX, timeout_cap: Duration::MAX, future: Duration::MAX };
    assert_eq!(claim(Some(f64::MAX)).check_fresh(u64::MAX, &endless), Ok(u64::MAX));
    assert_eq!(claim(None).check_fresh(0, &endless), Ok(u64::MAX));
}

#[test]
fn reads_the_headers_strictly() {
    let good = [
        ("timeout", "12.0"),
        ("timeout", "0"),
        ("timeout", "1e3"),
        ("bt_header_dendrite_nonce", "0"),
        ("bt_header_axon_port", "65535"),
        ("bt_header_dendrite_nonce", "18446744073709551615"),
        ("bt_header_input_obj_x", "bnVsbA=="),
        ("x-other", "\u{fc}"),
        ("bt_header_dendrite_uuid", ""),
    ];
    for field in good {
        assert!(RequestHead::parse(&header_map([field])).is_ok(), "{field:?}");
    }
    let bad = [
        ("timeout", "abc"),
        ("timeout", ""),
        ("timeout", "nan"),
        ("timeout", "inf"),
        ("timeout", "-1"),
        ("timeout", "1_0"),
        ("timeout", "1e999"),
        ("bt_header_dendrite_nonce", "-5"),
        ("bt_header_dendrite_nonce", "+5"),
        ("bt_header_dendrite_nonce", "05"),
        ("bt_header_dendrite_nonce", "1_0"),
        ("bt_header_dendrite_nonce", "18446744073709551616"),
        ("bt_header_dendrite_nonce", ""),
        ("bt_header_axon_port", "65536"),
        ("bt_header_axon_status_code", "65536"),
        ("bt_header_axon_process_time", "x"),
        ("bt_header_dendrite_version", "1.0"),
        ("header_size", "x"),
        ("total_size", "-1"),
        ("bt_header_input_obj_x", "!"),
        ("bt_header_input_obj_x", "e29vcHM="),
        ("bt_header_input_obj_x", ""),
        ("bt_header_dendrite_uuid", "\u{fc}"),
        ("name", "\u{fc}"),
    ];
    for field in bad {
        assert!(RequestHead::parse(&header_map([field])).is_err(), "{field:?}");
    }
    for name in ["timeout", "name", "bt_header_dendrite_nonce", "bt_header_input_obj_x", "computed_body_hash"] {
        assert!(RequestHead::parse(&header_map([(name, "1"), (name, "1")])).is_err(), "{name} twice");
    }
}

/// What is signed names the server; a request for one axon is worth nothing at another.
#[test]
fn a_signature_counts_for_one_axon_nonce_uuid_and_body() {
    let secret = schnorrkel::MiniSecretKey::from_bytes(&[9; 32]).unwrap();
    let pair = secret.expand_to_keypair(schnorrkel::ExpansionMode::Ed25519);
    let public_key = PublicKey(pair.public.to_bytes());
    let mut claim = Claim { public_key, hotkey: public_key.to_ss58(), ..claim(None) };
    let message = claim.message(AXON);
    assert_eq!(message, format!("{NONCE}.{public_key}.{AXON}.u.{EMPTY_BODY_HASH}"));
    claim.signature = pair.sign_simple(b"substrate", message.as_bytes()).to_bytes();
    assert!(soma_protocol::signature::verify(Crypto::Sr25519, &public_key, message.as_bytes(), &claim.signature));
    assert_eq!(claim.check_signature(AXON), Ok(()));
    // A decoded key changes nothing, whosever it is.
    let foreign = PublicKey::from_ss58(DENDRITE).unwrap();
    for ready in [public_key, foreign, PublicKey([0; 32])].map(ReadyKey::new) {
        assert_eq!(claim.check_plain_signature(AXON, Some(&ready)), Ok(()));
        let stolen = Claim { public_key: foreign, ..claim.clone() };
        assert!(stolen.check_plain_signature(AXON, Some(&ready)).is_err(), "{ready:?}");
    }
    let others = [
        (Claim { nonce: NONCE + 1, ..claim.clone() }, AXON),
        (Claim { uuid: "v".to_owned(), ..claim.clone() }, AXON),
        (Claim { body_hash: "0".repeat(64), ..claim.clone() }, AXON),
        (Claim { hotkey: DENDRITE.to_owned(), ..claim.clone() }, AXON),
        (Claim { public_key: PublicKey::from_ss58(DENDRITE).unwrap(), ..claim.clone() }, AXON),
        (claim.clone(), DENDRITE),
    ];
    for (other, axon) in others {
        assert!(matches!(other.check_signature(axon), Err(AuthError::Mismatch { .. })), "{other:?}");
    }
}
