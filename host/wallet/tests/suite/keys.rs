//! Keys from mnemonics, seeds, private keys and development URIs.

use soma_protocol::signature::{Crypto, verify};
use soma_wallet::{KeyError, Keypair, Phrase};

use crate::vectors;

/// Addresses that the Python SDK (bittensor_wallet 4.1.1, `Keypair.create_from_uri`) gives.
const URIS: [(&str, &str); 13] = [
    ("//Alice", "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"),
    ("//Alice//stash", "5GNJqTPyNqANBkUVMN1LPPrxXnFouWXoe2wNSmmEoLctxiZY"),
    ("//Bob", "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty"),
    ("/Alice", "5GvKEoc787uDV8etY1AM8vF385edu2iyqD1WfCjDugzLUiAL"),
    ("/soft/1", "5EJB7XDEFKGWfEzANo8MQjUAUaHUGUNdHWSNK7Y7cnqiuHNE"),
    ("//0", "5D34dL5prEUaGNQtPPZ3yN5Y6BnkfXunKXXz6fo7ZJbLwRRH"),
    ("//18446744073709551616", "5EpxyqTWXnWapSa55fXrq8JtqD41YREqn7qJobZ69D7833f8"),
    ("//a-junction-name-that-is-longer-than-thirty-two-bytes", "5GWmTaa2KP5iJtWvJS9TTygqcjHZFSHYMjz6HmwbMJ4RAdoN"),
    (
        "//xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "5CaG4G55aKPiKUAjYhKQCgYwi7RaaEC6mJicw2CC8H8oLY8y",
    ),
    ("//Alice/2///secret", "5DaNswjykz7q9nBnp7tjQWn9b1f2kHa5PmRugKEm4sxCPd8b"),
    (
        "legal winner thank year wave sausage worth useful legal winner thank yellow//hard/soft",
        "5EErfH2p8CS2q2vBe3pmkrM4RSiNVgwXij1hzJtjUgGuCyqB",
    ),
    (
        "0x6fa2796b0071cac425d8a7851038318c2c37dcebfe4bae73197ce93e75909bd2",
        "5EHgWw2Af1pnoc7f1A8bfmM97W3DAYW8xr82RfhLL9oAabAe",
    ),
    (
        "0x6fa2796b0071cac425d8a7851038318c2c37dcebfe4bae73197ce93e75909bd2//1",
        "5GKkwBapBLPB69G7BHVysv17YkiXHSBYeNdU584kYrUeZ4BQ",
    ),
];

#[test]
fn development_uris_give_the_addresses_of_the_python_sdk() {
    for (uri, address) in URIS {
        assert_eq!(Keypair::from_uri(uri).unwrap().public_key().to_ss58(), address, "{uri}");
    }
}

#[test]
fn refuses_what_is_no_uri() {
    for uri in ["Alice", "//", "//Alice/", "0x12//Alice", "0xzz", "legal winner//1"] {
        assert!(Keypair::from_uri(uri).is_err(), "{uri}");
    }
}

#[test]
fn mnemonics_of_the_manifest_give_its_addresses() {
    for wallet in ["alice", "bob", "eve"] {
        let phrase = Phrase::parse(&vectors::text(wallet, "hotkey_mnemonic")).unwrap();
        let pair = Keypair::from_phrase(Crypto::Sr25519, &phrase).unwrap();
        assert_eq!(pair.public_key().to_ss58(), vectors::text(wallet, "hotkey_ss58"), "{wallet}");
    }
}

#[test]
fn a_fresh_mnemonic_has_twelve_words_and_is_never_the_same() {
    let (one, other) = (Phrase::generate().unwrap(), Phrase::generate().unwrap());
    assert_eq!(one.reveal().split(' ').count(), 12);
    assert_ne!(one, other);
    assert_eq!(Phrase::parse(one.reveal()).unwrap(), one);
}

#[test]
fn signatures_of_both_schemes_verify_and_bind_the_message() {
    let phrase = Phrase::parse(vectors::ALICE_PHRASE).unwrap();
    for crypto in [Crypto::Sr25519, Crypto::Ed25519] {
        let pair = Keypair::from_phrase(crypto, &phrase).unwrap();
        let signature = pair.sign(b"message");
        assert!(verify(crypto, &pair.public_key(), b"message", &signature), "{crypto:?}");
        assert!(!verify(crypto, &pair.public_key(), b"massage", &signature), "{crypto:?}");
    }
}

#[test]
fn seeds_and_private_keys_of_a_wrong_length_are_refused() {
    for crypto in [Crypto::Sr25519, Crypto::Ed25519] {
        for length in [0, 31, 33, 63, 65] {
            let bytes = vec![1; length];
            assert!(matches!(Keypair::from_seed(crypto, &bytes), Err(KeyError::Seed(l)) if l == length));
            let private = Keypair::from_private_key(crypto, &bytes);
            assert!(matches!(private, Err(KeyError::PrivateKey { .. })), "{crypto:?} {length}");
        }
    }
}

#[test]
fn debug_output_and_errors_show_no_secret() {
    let phrase = Phrase::parse(vectors::ALICE_PHRASE).unwrap();
    let pair = Keypair::from_phrase(Crypto::Sr25519, &phrase).unwrap();
    assert_eq!(format!("{phrase:?}"), "Phrase(hidden)");
    assert_eq!(format!("{pair:?}"), format!("Keypair({})", vectors::ALICE));
    let error = Phrase::parse("legal winner thank year hunter2").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
}
