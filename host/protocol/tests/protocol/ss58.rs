//! Addresses and signatures.

use ed25519_dalek::Signer;
use soma_protocol::signature::{Crypto, verify, verify_wrapped};
use soma_protocol::ss58::{PublicKey, Ss58Error};

use crate::{AXON, DENDRITE};

#[test]
fn reads_the_addresses_of_known_keys() {
    let cases = [
        (
            "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
            "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d",
        ),
        (
            "5FA9nQDVg267DEd8m1ZypXLBnvN7SFxYwV7ndqSYGiN9TTpu",
            "88dc3417d5058ec4b4503e0c12ea1a0a89be200fe98922423d4334014fa6b0ee",
        ),
        (AXON, "625e25364c7b68e0a83065ccb40afed43f8fe933e669b24f3d69a57eddb3b715"),
        (DENDRITE, "fefd19b87ac6f83c8a3cc4e9603a00d4a9e6f8322a625786300380722550c47d"),
    ];
    for (address, key) in cases {
        let read = PublicKey::from_ss58(address).unwrap();
        assert_eq!(hex::encode(read.0), key);
        assert_eq!(read.to_ss58(), address);
        assert_eq!(format!("{read} {read:?}"), format!("{address} {address}"));
        assert_eq!(address.parse::<PublicKey>().unwrap(), read);
        assert_eq!(serde_json::to_string(&read).unwrap(), format!("\"{address}\""));
        assert_eq!(serde_json::from_str::<PublicKey>(&format!("\"{address}\"")).unwrap(), read);
    }
}

#[test]
fn refuses_everything_else() {
    let long = "5".repeat(100_000);
    let cases = [
        ("", Ss58Error::Length),
        ("notss58", Ss58Error::Length),
        ("hello", Ss58Error::Base58),
        ("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQ", Ss58Error::Length),
        ("15GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY", Ss58Error::Length),
        ("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQZ", Ss58Error::Checksum),
        (" 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY", Ss58Error::Base58),
        ("15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5", Ss58Error::Prefix(0)),
        (long.as_str(), Ss58Error::Length),
    ];
    for (text, expected) in cases {
        assert_eq!(PublicKey::from_ss58(text), Err(expected), "{}", &text[..text.len().min(60)]);
    }
    assert_eq!(Ss58Error::Length.to_string(), "Invalid SS58 address: Length is bad");
}

#[test]
fn verifies_both_schemes_and_nothing_else() {
    let sr = schnorrkel::MiniSecretKey::from_bytes(&[7; 32]).unwrap();
    let sr = sr.expand_to_keypair(schnorrkel::ExpansionMode::Ed25519);
    let ed = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let message = b"soma";
    let sign_sr = |message: &[u8]| sr.sign_simple(b"substrate", message).to_bytes();
    let sign_ed = |message: &[u8]| ed.sign(message).to_bytes();
    let sr_key = PublicKey(sr.public.to_bytes());
    let ed_key = PublicKey(ed.verifying_key().to_bytes());
    let other_context = sr.sign_simple(b"other", message).to_bytes();

    // scheme, key, signature, plain, wrapped accepted as well
    let cases = [
        (Crypto::Sr25519, sr_key, sign_sr(message), true, true),
        (Crypto::Ed25519, ed_key, sign_ed(message), true, true),
        (Crypto::Sr25519, sr_key, sign_sr(b"<Bytes>soma</Bytes>"), false, true),
        (Crypto::Ed25519, ed_key, sign_ed(b"<Bytes>soma</Bytes>"), false, true),
        (Crypto::Sr25519, sr_key, other_context, false, false),
        (Crypto::Ed25519, sr_key, sign_sr(message), false, false),
        (Crypto::Sr25519, ed_key, sign_ed(message), false, false),
        (Crypto::Sr25519, sr_key, [0; 64], false, false),
        (Crypto::Ed25519, ed_key, [0xff; 64], false, false),
        (Crypto::Sr25519, PublicKey([0xff; 32]), sign_sr(message), false, false),
        (Crypto::Ed25519, PublicKey([0xff; 32]), sign_ed(message), false, false),
    ];
    for (index, (crypto, key, signature, plain, wrapped)) in cases.into_iter().enumerate() {
        assert_eq!(verify(crypto, &key, message, &signature), plain, "case {index}");
        assert_eq!(verify_wrapped(crypto, &key, message, &signature), wrapped, "case {index} wrapped");
    }
}

/// With a neutral key anybody can write a signature: R = sB for a chosen s. Here s is 1.
#[test]
fn refuses_keys_under_which_anybody_can_sign() {
    let mut sr = [0; 64];
    sr[..32].copy_from_slice(&hex::decode("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76").unwrap());
    sr[32] = 1;
    sr[63] = 0x80;
    let neutral = schnorrkel::PublicKey::from_bytes(&[0; 32]).unwrap();
    let forged = schnorrkel::Signature::from_bytes(&sr).unwrap();
    assert!(neutral.verify_simple(b"substrate", b"any", &forged).is_ok(), "the forgery is one");
    assert!(!verify(Crypto::Sr25519, &PublicKey([0; 32]), b"any", &sr));

    let mut ed = [0x66; 64];
    ed[0] = 0x58;
    ed[32..].fill(0);
    ed[32] = 1;
    let mut key = [0; 32];
    key[0] = 1;
    let loose = ed25519_dalek::VerifyingKey::from_bytes(&key).unwrap();
    let forged = ed25519_dalek::Signature::from_bytes(&ed);
    assert!(ed25519_dalek::Verifier::verify(&loose, b"any", &forged).is_ok(), "the forgery is one");
    assert!(!verify(Crypto::Ed25519, &PublicKey(key), b"any", &ed));
}
