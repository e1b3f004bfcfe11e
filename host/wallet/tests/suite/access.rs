//! Opening key files: every encrypted file of the SDKs, and every way in which that fails.

use std::path::{Path, PathBuf};

use miette::Diagnostic;
use soma_wallet::access::{Access, Phase};
use soma_wallet::{SignerError, WalletError};

use crate::{signer, vectors};

/// A folder with the right password, a wrong one and copies of key files.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("right", b"correct horse\n");
        folder.write("wrong", b"wrong horse\n");
        folder
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn open(&self, keyfile: &Path, password: Option<&str>) -> Result<(String, Vec<Phase>), WalletError> {
        let password = password.map(|name| self.path(name));
        let access = Access::hotkey(keyfile, password.as_deref()).without_terminal();
        let mut phases = Vec::new();
        let pair = access.open(|phase| phases.push(phase))?;
        Ok((pair.public_key().to_ss58(), phases))
    }
}

fn code(error: &impl Diagnostic) -> String {
    error.code().unwrap().to_string()
}

#[test]
fn the_encrypted_files_open_with_the_password_of_a_file() {
    let folder = Folder::new();
    // The other NaCl files have the same password and so the same key; encryption::nacl opens all of them.
    for file in ["v11/carol/hotkeys/enc", "legacy_ansible_hotkey"] {
        let opened = folder.open(&vectors::path(file), Some("right")).unwrap();
        assert_eq!(opened, (vectors::ALICE.to_owned(), vec![Phase::Deriving]), "{file}");
    }
}

#[test]
fn a_wrong_password_is_an_error_that_says_where_it_came_from() {
    let folder = Folder::new();
    for file in ["v10/carol/hotkeys/enc", "legacy_ansible_hotkey"] {
        let error = folder.open(&vectors::path(file), Some("wrong")).unwrap_err();
        assert_eq!(code(&error), "soma::wallet::wrong_password", "{file}");
        let text = error.to_string();
        assert!(text.contains(folder.path("wrong").to_str().unwrap()) && text.contains(file), "{text}");
        assert!(!format!("{error:?}").contains("wrong horse"), "{error:?}");
    }
}

#[test]
fn a_damaged_file_is_told_before_a_password_is_looked_for() {
    let folder = Folder::new();
    for (file, kept) in [("v10/carol/hotkeys/enc", 40), ("legacy_ansible_hotkey", 500)] {
        let bytes = std::fs::read(vectors::path(file)).unwrap();
        let damaged = folder.write("damaged", &bytes[..kept]);
        for password in [None, Some("no such file"), Some("right")] {
            let error = folder.open(&damaged, password).unwrap_err();
            assert_eq!(code(&error), "soma::wallet::damaged", "{file}: {error:?}");
        }
    }
}

#[test]
fn without_a_password_the_error_names_the_ways_to_give_one() {
    let folder = Folder::new();
    let keyfile = vectors::path("legacy_ansible_hotkey");
    let error = folder.open(&keyfile, None).unwrap_err();
    assert_eq!(code(&error), "soma::wallet::needs_password");
    let help = error.help().unwrap().to_string();
    let variable = soma_wallet::password::variable_name(keyfile.to_str().unwrap());
    for way in ["--wallet.password_file", variable.as_str(), "soma-hotkey-password", "terminal"] {
        assert!(help.contains(way), "{way} is not in: {help}");
    }
    let error = folder.open(&keyfile, Some("no such file")).unwrap_err();
    assert_eq!(code(&error), "soma::wallet::password_file");
}

#[test]
fn a_plain_file_needs_no_password_and_none_is_looked_for() {
    let folder = Folder::new();
    let opened = folder.open(&vectors::path("v10/alice/hotkeys/default"), Some("no such file")).unwrap();
    assert_eq!(opened, (vectors::ALICE.to_owned(), Vec::new()));
}

#[tokio::test]
async fn a_signer_opens_an_encrypted_hotkey_and_gives_the_memory_back() {
    let folder = Folder::new();
    let access = Access::hotkey(&vectors::path("v10/carol/hotkeys/enc"), Some(&folder.path("right")));
    let signer = signer::start_with(access.without_terminal()).await.unwrap();
    assert_eq!(signer.hotkey(), vectors::ALICE);
    for intent in signer::every_kind() {
        signer.sign(intent).await.unwrap();
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", signer.pid())).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kib: u64 = resident.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kib < 100 * 1024, "the derivation's 512 MiB are still there: {resident}");
}

#[tokio::test]
async fn a_signer_tells_a_wrong_password_with_its_own_code() {
    let folder = Folder::new();
    for (password, expected) in [
        (Some("wrong"), "soma::wallet::wrong_password"),
        (Some("no such file"), "soma::wallet::password_file"),
        (None, "soma::wallet::needs_password"),
    ] {
        let password = password.map(|name| folder.path(name));
        let access = Access::hotkey(&vectors::path("legacy_ansible_hotkey"), password.as_deref());
        let error = signer::start_with(access.without_terminal()).await.unwrap_err();
        assert!(matches!(&error, SignerError::NotStarted { code, .. } if code == expected), "{error:?}");
    }
}
