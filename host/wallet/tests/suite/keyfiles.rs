//! Key files of the Python SDKs are read; what is written is what they write.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use miette::Diagnostic;
use proptest::prelude::*;
use serde_json::Value;
use soma_protocol::signature::Crypto;
use soma_wallet::encryption::Form;
use soma_wallet::keyfile::{self, Contents, Defect, Draft, Existing, Protection, Secret};
use soma_wallet::{Access, Phrase, WalletError};

use crate::vectors;

const V10_AND_V11: [&str; 2] = ["v10", "v11"];

#[test]
fn every_plain_file_of_both_sdks_loads_with_its_address() {
    let mut files = Vec::new();
    for version in V10_AND_V11 {
        for wallet in ["alice", "bob", "eve"] {
            let owner = if wallet == "eve" { "bob" } else { wallet };
            files.push((format!("{version}/{wallet}/coldkey"), vectors::text(owner, "coldkey_ss58")));
            files.push((format!("{version}/{wallet}/hotkeys/default"), vectors::text(wallet, "hotkey_ss58")));
        }
    }
    files.push(("v11/dave/coldkey".to_owned(), vectors::text("alice", "coldkey_ss58")));
    files.push(("v11/dave/hotkeys/ed".to_owned(), vectors::text("dave (v11 only)", "hotkey_ss58")));
    for (file, address) in files {
        let pair = keyfile::read_secret(&vectors::path(&file)).unwrap();
        assert_eq!(pair.public_key().to_ss58(), address, "{file}");
        assert_eq!(pair.crypto() == Crypto::Ed25519, file.ends_with("/ed"), "{file}");
    }
}

#[test]
fn every_public_file_of_both_sdks_loads_as_an_address() {
    for version in V10_AND_V11 {
        for (file, wallet, field) in [
            ("alice/coldkeypub.txt", "alice", "coldkey_ss58"),
            ("alice/hotkeys/defaultpub.txt", "alice", "hotkey_ss58"),
            ("bob/coldkeypub.txt", "bob", "coldkey_ss58"),
            ("carol/hotkeys/encpub.txt", "carol", "hotkey_ss58"),
            ("eve/hotkeys/defaultpub.txt", "eve", "hotkey_ss58"),
        ] {
            let path = vectors::path(&format!("{version}/{file}"));
            let Contents::Public(key, Crypto::Sr25519) = keyfile::read(&path).unwrap() else {
                panic!("{file} is no sr25519 address");
            };
            assert_eq!(key.to_ss58(), vectors::text(wallet, field), "{version}/{file}");
            let error = keyfile::read_secret(&path).unwrap_err();
            assert!(matches!(error, WalletError::NoSecret { .. }), "{error:?}");
        }
    }
}

#[test]
fn an_encrypted_file_is_no_plain_one_and_the_oldest_form_is_refused() {
    for (file, form) in [
        ("v10/carol/coldkey", "NaCl"),
        ("v10/carol/hotkeys/enc", "NaCl"),
        ("v11/carol/coldkey", "NaCl"),
        ("v11/carol/hotkeys/enc", "NaCl"),
        ("legacy_ansible_hotkey", "Ansible vault"),
    ] {
        let error = keyfile::read(&vectors::path(file)).unwrap_err();
        assert!(matches!(error, WalletError::Encrypted { form: f, .. } if f == form), "{file}: {error:?}");
        assert_eq!(keyfile::encryption(&vectors::path(file)).map(Form::name), Some(form), "{file}");
    }
    assert!(matches!(keyfile::parse(b"gAAAAABk"), Err(Defect::Encrypted(Form::Fernet))));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old");
    std::fs::write(&path, "gAAAAABkAAAA").unwrap();
    for error in [keyfile::read(&path).unwrap_err(), Access::from(&path).open(|_| {}).unwrap_err()] {
        assert_eq!(error.code().unwrap().to_string(), "soma::wallet::old_encryption");
        assert!(error.help().unwrap().to_string().contains("soma wallet regen"), "{error:?}");
    }
    assert_eq!(keyfile::encryption(&path), None);
}

#[test]
fn secrets_are_tried_in_the_order_of_the_sdk() {
    for (file, crypto) in [("v10/alice/hotkeys/default", Crypto::Sr25519), ("v11/dave/hotkeys/ed", Crypto::Ed25519)] {
        let mut json = vectors::json(file);
        let address = json["ss58Address"].clone();
        // Each field alone gives the same key; a null is as good as none.
        for gone in ["none", "secretPhrase", "secretSeed"] {
            json[gone] = Value::Null;
            let Contents::Secret(pair) = keyfile::parse(json.to_string().as_bytes()).unwrap() else {
                panic!("no secret without {gone}");
            };
            assert_eq!(pair.public_key().to_ss58(), address, "{file} without {gone}");
            assert_eq!(pair.crypto(), crypto);
        }
        json["privateKey"] = Value::Null;
        let contents = keyfile::parse(json.to_string().as_bytes()).unwrap();
        assert!(matches!(contents, Contents::Public(key, c) if key.to_ss58() == address && c == crypto));
        json["ss58Address"] = Value::Null;
        assert!(matches!(keyfile::parse(json.to_string().as_bytes()), Err(Defect::Malformed(_))));
    }
}

#[test]
fn a_bare_seed_is_an_sr25519_key() {
    let seed = vectors::json("v10/alice/hotkeys/default")["secretSeed"].as_str().unwrap().to_owned();
    let Contents::Secret(pair) = keyfile::parse(format!("{seed}\n").as_bytes()).unwrap() else {
        panic!("a seed is a secret");
    };
    assert_eq!(pair.public_key().to_ss58(), vectors::ALICE);
}

#[test]
fn an_address_of_another_key_is_refused() {
    let mut json = vectors::json("v10/alice/hotkeys/default");
    json["ss58Address"] = vectors::text("bob", "hotkey_ss58").into();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mixed");
    std::fs::write(&path, json.to_string()).unwrap();
    let error = keyfile::read(&path).unwrap_err();
    assert!(matches!(&error, WalletError::AddressMismatch { actual, .. } if actual == vectors::ALICE));
    assert_eq!(error.code().unwrap().to_string(), "soma::wallet::address_mismatch");
}

#[test]
fn damaged_files_give_an_error_that_shows_no_secret() {
    let secret = "hunter2hunter2";
    for text in [
        "",
        "{",
        "[]",
        "null",
        "0x",
        "0x12",
        "{\"secretPhrase\": 5}",
        "{\"encoded\": \"hunter2hunter2\", \"encoding\": {\"version\": \"3\"}, \"address\": \"5\"}",
        "{\"cryptoType\": 7, \"ss58Address\": \"5EHgWw2Af1pnoc7f1A8bfmM97W3DAYW8xr82RfhLL9oAabAe\"}",
        "{\"cryptoType\": -1}",
        "{\"ss58Address\": \"hunter2hunter2\"}",
        "{\"secretPhrase\": \"hunter2hunter2\"}",
        "{\"secretSeed\": \"hunter2hunter2\"}",
        "{\"privateKey\": \"0xhunter2hunter2\"}",
        "{\"secretSeed\": \"0x12\"}",
        "{\"privateKey\": \"0x12\"}",
        "hunter2hunter2",
        "{\"secretSeed\": {\"hunter2hunter2\": 1}}",
    ] {
        let error = keyfile::parse(text.as_bytes()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(secret), "{text}: {error:?}");
    }
    assert!(keyfile::parse(b"\xff\xfe").is_err());
}

#[test]
fn refuses_folders_devices_and_huge_files() {
    let folder = tempfile::tempdir().unwrap();
    let huge = folder.path().join("huge");
    std::fs::write(&huge, vec![b' '; 70_000]).unwrap();
    for path in [folder.path(), Path::new("/dev/zero"), &huge] {
        let error = keyfile::read(path).unwrap_err();
        assert!(matches!(error, WalletError::BadKeyfile { .. }), "{error:?}");
    }
    let error = keyfile::read(&folder.path().join("missing")).unwrap_err();
    assert!(matches!(error, WalletError::Io { action: "read", .. }), "{error:?}");
}

#[test]
fn writes_the_fields_and_values_of_the_sdk_for_both_schemes() {
    let folder = tempfile::tempdir().unwrap();
    let phrase = Phrase::parse(vectors::ALICE_PHRASE).unwrap();
    for (file, crypto) in [("v11/alice/hotkeys/default", Crypto::Sr25519), ("v11/dave/hotkeys/ed", Crypto::Ed25519)] {
        let path = folder.path().join("new").join(crypto.name());
        let draft = vectors::write_plain(&path, crypto, &phrase).unwrap();
        let pair = draft.pair();
        let public = path.with_extension("pub");
        keyfile::write_public(&public, &pair.public_key(), crypto, Existing::Keep).unwrap();
        for (ours, theirs) in [(&path, file.to_owned()), (&public, format!("{file}pub.txt"))] {
            let written: Value = serde_json::from_slice(&std::fs::read(ours).unwrap()).unwrap();
            assert_eq!(written, vectors::json(&theirs), "{theirs}");
            assert_eq!(std::fs::metadata(ours).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(keyfile::read_secret(&path).unwrap().public_key(), pair.public_key());
    }
    let mode = std::fs::metadata(folder.path().join("new")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn an_existing_file_is_not_overwritten_and_nothing_is_left_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, "precious").unwrap();
    let phrase = Phrase::generate().unwrap();
    let error = vectors::write_plain(&path, Crypto::Sr25519, &phrase).unwrap_err();
    assert!(matches!(&error, WalletError::Exists { path: p } if *p == path), "{error:?}");
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_replaced_file_stays_as_a_hidden_private_backup() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, "precious").unwrap();
    let secret = Secret::Phrase(Phrase::generate().unwrap());
    let draft = Draft::new(Crypto::Sr25519, &secret).unwrap();
    let replace = || draft.write(&path, Protection::Plain, Existing::BackUp).unwrap().unwrap();
    let (first, second) = (replace(), replace());
    assert_ne!(first, second);
    assert_eq!(std::fs::read(&first).unwrap(), b"precious");
    assert_eq!(std::fs::read(&second).unwrap(), std::fs::read(&path).unwrap());
    assert_eq!(keyfile::read_secret(&path).unwrap().public_key(), draft.pair().public_key());
    for backup in [&first, &second] {
        // Both SDKs leave files out whose names end like this when they list hotkeys.
        let name = backup.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with(".key.backup-") && name.ends_with(".lock"), "{name}");
        assert_eq!(std::fs::metadata(backup).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    // Without a file there is nothing to back up.
    assert_eq!(draft.write(&folder.path().join("new"), Protection::Plain, Existing::BackUp).unwrap(), None);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 4);
}

#[test]
fn a_file_holds_what_can_be_told_from_the_secret_it_was_made_of() {
    let json = vectors::json("v10/alice/hotkeys/default");
    let folder = tempfile::tempdir().unwrap();
    for (field, also) in [("secretSeed", &["privateKey"][..]), ("privateKey", &[])] {
        let (secret, _) = Secret::parse(json[field].as_str().unwrap()).unwrap();
        let path = folder.path().join(field);
        Draft::new(Crypto::Sr25519, &secret).unwrap().write(&path, Protection::Plain, Existing::Keep).unwrap();
        let written: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let mut expected = json.clone();
        let fields = expected.as_object_mut().unwrap();
        fields.retain(|name, _| {
            !name.starts_with("secret") && name != "privateKey" || name == field || also.contains(&name.as_str())
        });
        assert_eq!(written, expected, "{field}");
        assert_eq!(keyfile::read_secret(&path).unwrap().public_key().to_ss58(), vectors::ALICE);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_key_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = keyfile::parse(&bytes);
    }

    #[test]
    fn any_values_of_the_known_fields_are_a_key_or_an_error(
        seed in prop::option::of("(0x)?[0-9a-f]{0,66}"),
        private in prop::option::of("0x([0-9a-f]{128}|[0-9a-f]{64})"),
        crypto in prop::option::of(-1_i64..3),
        address in prop::option::of("5[A-Za-z0-9]{46,47}"),
    ) {
        let json = serde_json::json!({
            "secretSeed": seed, "privateKey": private, "cryptoType": crypto, "ss58Address": address,
        });
        let _ = keyfile::parse(json.to_string().as_bytes());
    }
}
