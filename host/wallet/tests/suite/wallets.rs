//! The wallet folder: names, listing, making a hotkey.

use std::path::Path;

use miette::Diagnostic;
use soma_protocol::signature::Crypto;
use soma_protocol::ss58::PublicKey;
use soma_wallet::creation::{self, PublicRole, Role};
use soma_wallet::encryption::nacl;
use soma_wallet::keyfile::{Existing, Protection, Secret};
use soma_wallet::{Access, Created, Keypair, WalletError, WalletPath, keyfile, wallet};

use crate::vectors;

fn names(base: &Path, name: &str, hotkey: &str) -> Result<WalletPath, WalletError> {
    WalletPath::new(Some(base), name, hotkey)
}

fn create(path: &WalletPath) -> Result<Created, WalletError> {
    creation::create(path, Role::Hotkey(Protection::Plain), Existing::Keep)
}

#[test]
fn names_that_could_leave_the_folder_are_refused() {
    let long = "x".repeat(201);
    for bad in ["", ".", "..", "../x", "a/b", "/etc", "a\\b", ".hidden", "a\nb", "a\0b", &long] {
        for (name, hotkey) in [(bad, "default"), ("default", bad)] {
            let error = names(Path::new("/tmp"), name, hotkey).unwrap_err();
            assert!(matches!(error, WalletError::BadName { .. }), "{bad:?}: {error:?}");
        }
    }
    for bad in ["apub.txt", "a.lock"] {
        assert!(names(Path::new("/tmp"), "default", bad).is_err(), "{bad}");
    }
    for good in ["default", "my wallet", "höt-key_1", "a.b"] {
        assert!(names(Path::new("/tmp"), good, good).is_ok(), "{good}");
    }
}

#[test]
fn the_layout_is_the_sdks() {
    let path = names(Path::new("/w"), "alice", "hot").unwrap();
    assert_eq!(path.coldkeypub_file(), Path::new("/w/alice/coldkeypub.txt"));
    assert_eq!(path.hotkey_file(), Path::new("/w/alice/hotkeys/hot"));
    assert_eq!(path.hotkeypub_file(), Path::new("/w/alice/hotkeys/hotpub.txt"));
    let home = std::env::home_dir().unwrap();
    for base in [None, Some(Path::new("~/.bittensor/wallets"))] {
        let path = WalletPath::new(base, "a", "b").unwrap();
        assert_eq!(path.folder(), home.join(".bittensor/wallets/a"), "{base:?}");
    }
}

#[test]
fn a_wallet_that_is_not_there_says_where_it_was_looked_for() {
    let base = vectors::path("v10");
    let error = names(&base, "nobody", "default").unwrap().require_hotkey().unwrap_err();
    assert_eq!(error.code().unwrap().to_string(), "soma::wallet::missing_wallet");
    assert!(error.to_string().contains(base.join("nobody").to_str().unwrap()), "{error}");
    assert!(error.help().unwrap().to_string().contains("soma wallet new --wallet.name nobody"));
    assert!(wallet::show(&names(&base, "nobody", "default").unwrap()).is_err());
}

#[test]
fn a_hotkey_that_is_not_there_lists_those_that_are() {
    let path = names(&vectors::path("v10"), "carol", "default").unwrap();
    let error = path.require_hotkey().unwrap_err();
    assert_eq!(error.code().unwrap().to_string(), "soma::wallet::missing_hotkey");
    assert!(error.help().unwrap().to_string().starts_with("it has enc;"), "{:?}", error);
    let there = names(&vectors::path("v10"), "alice", "default").unwrap();
    assert_eq!(there.require_hotkey().unwrap(), vectors::path("v10/alice/hotkeys/default"));
}

#[test]
fn lists_wallets_with_addresses_and_problems() {
    let wallets = wallet::list(&vectors::path("v11")).unwrap();
    let found: Vec<_> = wallets.iter().map(|wallet| wallet.name.as_str()).collect();
    assert_eq!(found, ["alice", "bob", "carol", "dave", "eve"]);
    assert_eq!(wallets[0].coldkey.as_deref(), Some(vectors::text("alice", "coldkey_ss58").as_str()));
    assert_eq!(wallets[0].hotkeys[0].address.as_deref(), Some(vectors::ALICE));
    assert_eq!(wallets[0].hotkeys[0].problem, None);
    assert_eq!(wallets[3].hotkeys[0].crypto, Some("ed25519"));
    let encrypted = &wallets[2].hotkeys[0];
    assert_eq!((encrypted.name.as_str(), encrypted.address.as_deref()), ("enc", Some(vectors::ALICE)));
    assert_eq!((encrypted.encryption, &encrypted.problem), (Some("NaCl"), &None));
    assert_eq!(wallet::list(&vectors::path("no-such-folder")).unwrap(), []);
}

#[test]
fn a_summary_holds_no_secret() {
    let json = serde_json::to_string(&wallet::list(&vectors::path("v10")).unwrap()).unwrap();
    assert!(json.contains(vectors::ALICE));
    for field in ["secretSeed", "privateKey", "secretPhrase"] {
        let secret = vectors::json("v10/alice/hotkeys/default")[field].as_str().unwrap().to_owned();
        assert!(!json.contains(secret.trim_start_matches("0x")), "{field}");
    }
}

#[test]
fn creates_a_hotkey_and_of_the_coldkey_only_the_address() {
    let folder = tempfile::tempdir().unwrap();
    let path = names(&folder.path().join("wallets"), "new", "first").unwrap();
    let created = create(&path).unwrap();
    let hotkey = keyfile::read_secret(&path.require_hotkey().unwrap()).unwrap();
    let from_phrase = Keypair::from_phrase(Crypto::Sr25519, created.hotkey_phrase.as_ref().unwrap()).unwrap();
    assert_eq!(hotkey.public_key(), from_phrase.public_key());
    let cold_phrase = created.coldkey_phrase.unwrap();
    let coldkey = Keypair::from_phrase(Crypto::Sr25519, &cold_phrase).unwrap().public_key();
    assert_eq!(created.wallet.coldkey, Some(coldkey.to_ss58()));
    assert_eq!(wallet::show(&path).unwrap(), created.wallet);
    let mut files = files_below(folder.path());
    files.sort();
    assert_eq!(
        files.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect::<Vec<_>>(),
        ["coldkeypub.txt", "first", "firstpub.txt"]
    );
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.contains(cold_phrase.reveal()), "{} holds the coldkey", file.display());
    }
}

#[test]
fn a_second_hotkey_keeps_the_coldkey_and_a_taken_name_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let first = names(folder.path(), "new", "first").unwrap();
    let before = create(&first).unwrap().wallet;
    let error = create(&first).unwrap_err();
    assert_eq!(error.code().unwrap().to_string(), "soma::wallet::exists");
    assert_eq!(wallet::show(&first).unwrap(), before);
    let second = create(&names(folder.path(), "new", "second").unwrap()).unwrap();
    assert!(second.coldkey_phrase.is_none());
    assert_eq!(second.wallet.coldkey, before.coldkey);
    assert_eq!(second.wallet.hotkeys.len(), 2);
}

#[test]
fn a_coldkey_file_without_its_public_file_gets_no_foreign_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = names(folder.path(), "old", "default").unwrap();
    std::fs::create_dir_all(path.folder()).unwrap();
    std::fs::write(path.folder().join("coldkey"), "$NACL").unwrap();
    let created = create(&path).unwrap();
    assert!(created.coldkey_phrase.is_none());
    assert!(!path.coldkeypub_file().exists());
    assert_eq!(created.wallet.coldkey, None);
}

fn alice() -> Secret {
    Secret::parse(vectors::ALICE_PHRASE).unwrap().0
}

#[test]
fn an_address_alone_is_restored_and_another_one_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = names(folder.path(), "w", "k").unwrap();
    let alice = PublicKey::from_ss58(vectors::ALICE).unwrap();
    let bob = PublicKey::from_ss58(&vectors::text("bob", "hotkey_ss58")).unwrap();
    for (role, file) in [(PublicRole::Hotkey, path.hotkeypub_file()), (PublicRole::Coldkey, path.coldkeypub_file())] {
        let restore = |key, existing| creation::restore_address(&path, role, Crypto::Sr25519, key, existing);
        assert_eq!(restore(alice, Existing::Keep).unwrap().key, alice);
        assert!(restore(alice, Existing::Keep).unwrap().backups.is_empty(), "the same address again");
        let error = restore(bob, Existing::Keep).unwrap_err();
        assert!(matches!(&error, WalletError::Exists { path } if *path == file), "{error:?}");
        assert_eq!(restore(bob, Existing::BackUp).unwrap().backups.len(), 1);
        assert!(matches!(keyfile::read(&file).unwrap(), keyfile::Contents::Public(key, _) if key == bob));
    }
    let error = path.require_coldkey().unwrap_err();
    assert_eq!(error.code().unwrap().to_string(), "soma::wallet::missing_coldkey");
}

#[test]
fn a_hotkey_is_restored_with_its_address_and_never_beside_another_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = names(folder.path(), "w", "k").unwrap();
    let bob = PublicKey::from_ss58(&vectors::text("bob", "hotkey_ss58")).unwrap();
    creation::restore_address(&path, PublicRole::Hotkey, Crypto::Sr25519, bob, Existing::Keep).unwrap();
    let restore =
        |existing| creation::restore(&path, Role::Hotkey(Protection::Plain), Crypto::Sr25519, &alice(), existing);
    let error = restore(Existing::Keep).unwrap_err();
    assert!(matches!(&error, WalletError::Exists { path: p } if *p == path.hotkeypub_file()), "{error:?}");
    assert!(!path.hotkey_file().exists(), "nothing half done");
    let restored = restore(Existing::BackUp).unwrap();
    assert_eq!(restored.key.to_ss58(), vectors::ALICE);
    assert_eq!(restored.backups.len(), 1);
    assert_eq!(restored.wallet.hotkeys.len(), 1, "a backup is no hotkey: {:?}", restored.wallet);
    assert_eq!(keyfile::read_secret(&path.hotkey_file()).unwrap().public_key(), restored.key);
}

#[test]
fn an_encrypted_wallet_is_written_and_opened_and_holds_no_plain_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = names(folder.path(), "w", "k").unwrap();
    let key = nacl::Key::derive(&vectors::password()).unwrap();
    let hotkey = Role::Hotkey(Protection::Sealed(&key));
    let hot = creation::restore(&path, hotkey, Crypto::Sr25519, &alice(), Existing::Keep).unwrap();
    let cold = creation::create(&path, Role::Coldkey(&key), Existing::Keep).unwrap();
    let phrase = cold.coldkey_phrase.unwrap();
    assert!(cold.hotkey_phrase.is_none());
    assert_eq!(hot.wallet.hotkeys[0].encryption, Some("NaCl"));
    assert_eq!(hot.wallet.hotkeys[0].problem, None);
    for file in files_below(folder.path()) {
        let bytes = std::fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("secret") && !text.contains(phrase.reveal()), "{}", file.display());
    }
    let password = folder.path().join("password");
    std::fs::write(&password, "correct horse\n").unwrap();
    let opened = Access::hotkey(&path.hotkey_file(), Some(&password)).open(|_| {}).unwrap();
    assert_eq!(opened.public_key().to_ss58(), vectors::ALICE);
    // The key of the password opens the coldkey as well; deriving it again would only cost seconds.
    let coldkey = key.open(&std::fs::read(path.coldkey_file()).unwrap()).unwrap();
    let keyfile::Contents::Secret(coldkey) = keyfile::parse(&coldkey).unwrap() else { panic!("no secret") };
    let expected = Keypair::from_phrase(Crypto::Sr25519, &phrase).unwrap().public_key();
    assert_eq!(coldkey.public_key(), expected);
    assert_eq!(cold.wallet.coldkey, Some(expected.to_ss58()));
}

fn files_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}
