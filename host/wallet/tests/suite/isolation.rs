//! Invariant 1: the process that starts a signer holds no part of the key.
//!
//! A child plays the host: it starts a signer and has it sign every kind of intent. This test reads all of the host's
//! memory and looks for the secrets. The control is a child that loads the key itself, where they have to be found.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use soma_protocol::signature::Crypto;
use soma_wallet::encryption::nacl;
use soma_wallet::keyfile::{Draft, Existing, Protection, Secret};
use soma_wallet::password::variable_name;
use soma_wallet::{Access, Password, Phrase, access};

use crate::{signer, vectors};

const KEYFILE: &str = "SOMA_TEST_KEYFILE";

#[test]
#[ignore = "runs in the child of another test"]
fn child_host() {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
        let signer = signer::start(Path::new(&std::env::var_os(KEYFILE).unwrap())).await.unwrap();
        for _ in 0..20 {
            for intent in signer::every_kind() {
                signer.sign(intent).await.unwrap();
            }
        }
        println!("signer={}", signer.pid());
        let _ = tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0])).await;
    });
}

#[test]
#[ignore = "runs in the child of another test"]
fn child_holder() {
    let path = std::env::var_os(KEYFILE).unwrap();
    let pair = Access::from(Path::new(&path)).without_terminal().open(|_| {}).unwrap();
    println!("signer=0");
    let _ = std::io::stdin().read(&mut [0]);
    println!("{pair:?}");
}

#[test]
fn the_memory_of_a_signers_parent_holds_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hotkey");
    vectors::write_plain(&path, Crypto::Sr25519, &Phrase::generate().unwrap()).unwrap();
    assert_only_a_holder_has(&secrets(&path), &path, &[]);
}

#[test]
fn the_memory_of_a_signers_parent_holds_no_secret_of_an_encrypted_hotkey_and_no_password() {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain");
    let phrase = Phrase::generate().unwrap();
    vectors::write_plain(&plain, Crypto::Sr25519, &phrase).unwrap();
    // Made here, so that it is in no program text.
    let password = Phrase::generate().unwrap();
    let key = nacl::Key::derive(&Password::new(password.reveal()).unwrap()).unwrap();
    let path = folder.path().join("hotkey");
    let draft = Draft::new(Crypto::Sr25519, &Secret::Phrase(phrase)).unwrap();
    draft.write(&path, Protection::Sealed(&key), Existing::Keep).unwrap();
    let mut secrets = secrets(&plain);
    std::fs::remove_file(&plain).unwrap();
    secrets.push(("password", password.reveal().as_bytes().to_vec()));
    assert_only_a_holder_has(&secrets, &path, &[variable(&path, password.reveal())]);
}

#[test]
fn a_signer_takes_the_password_from_its_variable_and_from_a_credential() {
    let vault = vectors::path("legacy_ansible_hotkey");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(access::CREDENTIAL), "correct horse").unwrap();
    let credentials = ("CREDENTIALS_DIRECTORY".to_owned(), folder.path().to_str().unwrap().to_owned());
    for variable in [credentials, variable(&vault, "correct horse")] {
        let host = Host::start("isolation::child_host", &vault, &[variable]);
        assert_ne!(host.signer, 0);
    }
}

fn assert_only_a_holder_has(secrets: &[(&'static str, Vec<u8>)], path: &Path, variables: &[(String, String)]) {
    let holder = Host::start("isolation::child_holder", path, variables);
    let Some(found) = holder.scan(secrets) else {
        println!("skipped: the memory of a child cannot be read here");
        return;
    };
    assert!(found.contains(&"scalar"), "the control has to find the key; it found {found:?}");
    let host = Host::start("isolation::child_host", path, variables);
    assert_eq!(host.scan(secrets), Some(Vec::new()), "the host's memory holds a secret");
}

/// The SDKs' variable for the password of a key file.
fn variable(path: &Path, password: &str) -> (String, String) {
    let name = variable_name(path.to_str().unwrap());
    let value: Vec<u8> = password.bytes().zip(name.bytes().cycle()).map(|(a, b)| a ^ b).collect();
    (name, STANDARD.encode(value))
}

#[tokio::test]
async fn a_signer_ends_when_its_parent_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hotkey");
    vectors::write_plain(&path, Crypto::Sr25519, &Phrase::generate().unwrap()).unwrap();
    let mut host = Host::start("isolation::child_host", &path, &[]);
    assert_ne!(host.signer, 0);
    host.child.kill().unwrap();
    host.child.wait().unwrap();
    signer::wait_until_gone(host.signer).await;
}

/// The forms in which the key could lie about: its words, its seed and both halves of the expanded key, as bytes and as
/// the file's hexadecimal digits.
fn secrets(path: &Path) -> Vec<(&'static str, Vec<u8>)> {
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let text = |field: &str| json[field].as_str().unwrap().trim_start_matches("0x").to_owned();
    let (phrase, seed, private) = (text("secretPhrase"), text("secretSeed"), text("privateKey"));
    let expanded = hex::decode(&private).unwrap();
    vec![
        ("phrase", phrase.into_bytes()),
        ("seed", hex::decode(&seed).unwrap()),
        ("seed digits", seed.into_bytes()),
        ("scalar", expanded[..32].to_vec()),
        ("nonce seed", expanded[32..].to_vec()),
        ("private key digits", private.into_bytes()),
    ]
}

struct Host {
    child: Child,
    signer: u32,
}

impl Host {
    fn start(test: &str, keyfile: &Path, variables: &[(String, String)]) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--ignored", "--nocapture"])
            .env(KEYFILE, keyfile)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let signer = said
            .filter_map(|line| line.split_once("signer=").and_then(|(_, id)| id.parse().ok()))
            .next()
            .expect("the child says when it is ready");
        Self { child, signer }
    }

    /// The names of the secrets found in readable memory; `None` when this system does not let a parent look.
    fn scan(&self, secrets: &[(&'static str, Vec<u8>)]) -> Option<Vec<&'static str>> {
        let maps = std::fs::read_to_string(format!("/proc/{}/maps", self.child.id())).ok()?;
        let memory = File::open(format!("/proc/{}/mem", self.child.id())).ok()?;
        let mut found = Vec::new();
        let mut scanned = 0;
        for (start, end) in maps.lines().filter_map(readable) {
            let mut region = vec![0; usize::try_from(end - start).unwrap()];
            // Kernel pages such as [vvar] are listed as readable and are not.
            if memory.read_exact_at(&mut region, start).is_err() {
                continue;
            }
            scanned += region.len();
            for (name, secret) in secrets {
                if !found.contains(name) && contains(&region, secret) {
                    found.push(*name);
                }
            }
        }
        (scanned > 0).then_some(found)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn readable(line: &str) -> Option<(u64, u64)> {
    let mut fields = line.split_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let range = (u64::from_str_radix(start, 16).ok()?, u64::from_str_radix(end, 16).ok()?);
    fields.next()?.starts_with('r').then_some(range)
}

fn contains(region: &[u8], secret: &[u8]) -> bool {
    let mut rest = region;
    while let Some(place) = rest.iter().position(|byte| *byte == secret[0]) {
        rest = &rest[place..];
        if rest.starts_with(secret) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}
