//! Invariant 1: the process that starts a signer holds no part of the key.
//!
//! A child plays the host: it starts a signer and has it sign every kind of intent. This test reads all of the host's
//! memory and looks for the secrets. The control is a child that loads the key itself, where they have to be found.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use soma_protocol::signature::Crypto;
use soma_wallet::{Phrase, keyfile};

use crate::signer;

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
    let pair = keyfile::read_secret(Path::new(&std::env::var_os(KEYFILE).unwrap())).unwrap();
    println!("signer=0");
    let _ = std::io::stdin().read(&mut [0]);
    println!("{pair:?}");
}

#[test]
fn the_memory_of_a_signers_parent_holds_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hotkey");
    keyfile::write_secret(&path, Crypto::Sr25519, &Phrase::generate().unwrap()).unwrap();
    let secrets = secrets(&path);

    let holder = Host::start("isolation::child_holder", &path);
    let Some(found) = holder.scan(&secrets) else {
        println!("skipped: the memory of a child cannot be read here");
        return;
    };
    assert!(found.contains(&"scalar"), "the control has to find the key; it found {found:?}");

    let host = Host::start("isolation::child_host", &path);
    assert_eq!(host.scan(&secrets), Some(Vec::new()), "the host's memory holds a secret");
}

#[tokio::test]
async fn a_signer_ends_when_its_parent_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hotkey");
    keyfile::write_secret(&path, Crypto::Sr25519, &Phrase::generate().unwrap()).unwrap();
    let mut host = Host::start("isolation::child_host", &path);
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
    fn start(test: &str, keyfile: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--ignored", "--nocapture"])
            .env(KEYFILE, keyfile)
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
