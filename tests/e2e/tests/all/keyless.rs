//! Invariant 1: the process that runs guests holds no key.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use soma_e2e::account::ALICE;

use crate::miner;

/// Everything that the hotkey could be made of again.
fn secrets() -> Vec<(&'static str, Vec<u8>)> {
    let pair = ALICE.keypair().unwrap();
    let expanded = pair.secret.to_bytes();
    let seed = hex_seed();
    vec![
        ("seed", hex::decode(&seed).unwrap()),
        ("seed as text", seed.into_bytes()),
        ("scalar", expanded[..32].to_vec()),
        ("nonce half", expanded[32..].to_vec()),
    ]
}

/// As it stands in the key file.
fn hex_seed() -> String {
    let bench = soma_e2e::neuron::Bench::new().unwrap();
    let file = fs::read_to_string(bench.wallets().join(ALICE.name).join("hotkeys/default")).unwrap();
    let fields: serde_json::Value = serde_json::from_str(&file).unwrap();
    fields["secretSeed"].as_str().unwrap().trim_start_matches("0x").to_owned()
}

/// The secrets that are in a process's readable memory; none when the system does not let us look.
fn found_in(process: u32) -> Option<Vec<&'static str>> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).ok()?;
    let memory = File::open(format!("/proc/{process}/mem")).ok()?;
    let secrets = secrets();
    let mut found = Vec::new();
    let mut looked_at = 0_usize;
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next()?, words.next()?);
        // Only what a process writes itself: its own program text holds no key, and reserved ranges are huge.
        if !rights.starts_with("rw") {
            continue;
        }
        let (start, end) = range.split_once('-')?;
        let (start, end) = (u64::from_str_radix(start, 16).ok()?, u64::from_str_radix(end, 16).ok()?);
        let mut piece = vec![0; usize::try_from((end - start).min(256 << 20)).ok()?];
        let Ok(read) = memory.read_at(&mut piece, start) else { continue };
        looked_at += read;
        piece.truncate(read);
        for (name, secret) in &secrets {
            if !found.contains(name) && memchr::memmem::find(&piece, secret).is_some() {
                found.push(*name);
            }
        }
    }
    (looked_at > 0).then_some(found)
}

fn signer_of(host: u32) -> u32 {
    let children = fs::read_to_string(format!("/proc/{host}/task/{host}/children")).unwrap_or_default();
    let all = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let listed = children.split_whitespace().filter_map(|id| id.parse().ok());
    let is_signer = |id: &u32| {
        let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let child = status.lines().any(|line| line.split_whitespace().eq(["PPid:", &host.to_string()]));
        child && line.split(|byte| *byte == 0).any(|word| word == b"signer")
    };
    listed.chain(all).find(is_signer).expect("soma run has a signer")
}

#[test]
fn the_host_has_no_secret_in_its_memory_and_the_signer_has() {
    let neuron = miner::start();
    assert_eq!(neuron.ask(&miner::ask_synapse()).unwrap().status, 200);
    let Some(in_host) = found_in(neuron.id()) else {
        println!("skipped: this system does not let a test read another process's memory");
        return;
    };
    assert_eq!(in_host, Vec::<&str>::new(), "in the process that runs guests");
    if let Some(in_signer) = found_in(signer_of(neuron.id())) {
        assert!(in_signer.contains(&"scalar"), "the search finds what is there: {in_signer:?}");
    }
}

#[test]
fn the_signer_is_confined() {
    let neuron = miner::start();
    let signer = signer_of(neuron.id());
    let status = fs::read_to_string(format!("/proc/{signer}/status")).unwrap();
    let value = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_whitespace().nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!((value("NoNewPrivs:"), value("Seccomp:")), ("1".to_owned(), "2".to_owned()), "{status}");
    let limits = fs::read_to_string(format!("/proc/{signer}/limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert!(core.split_whitespace().filter(|word| *word == "0").count() >= 2, "{core}");
}

#[test]
fn the_signer_ends_with_its_host_even_when_that_is_killed() {
    let neuron = miner::start();
    let signer = signer_of(neuron.id());
    // Dropping the neuron kills the host without a chance to clean up.
    drop(neuron);
    let gone = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(25));
        let status = fs::read_to_string(format!("/proc/{signer}/status")).unwrap_or_default();
        status.is_empty() || status.contains("State:\tZ")
    });
    assert!(gone, "the signer outlives its host");
}
