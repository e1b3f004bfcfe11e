//! The signer as a real process: this test program again, told to run `child_signer`.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use miette::Diagnostic;
use rustix::process::{Pid, Signal, getsid, kill_process};
use serde_json::{Value, json};
use soma_confine::{Measure, Report, State};
use soma_protocol::signature::{Crypto, verify};
use soma_wallet::signer::{HotkeyCall, Terms};
use soma_wallet::{Access, Intent, Signer, SignerError};

use crate::vectors;

pub const ARGS: [&str; 4] = ["--exact", "signer::child_signer", "--ignored", "--nocapture"];
const UUID: &str = "3e1b7b3c-5d1e-11ef-9a6f-0242ac120002";
const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

#[test]
#[ignore = "runs in the child of other tests"]
fn child_signer() {
    let served = soma_wallet::signer::serve();
    if let Err(error) = &served {
        eprintln!("signer: {error}");
    }
    std::process::exit(i32::from(served.is_err()));
}

pub async fn start(file: &Path) -> Result<Signer, SignerError> {
    start_with(Access::from(file).without_terminal()).await
}

pub async fn start_with(access: Access) -> Result<Signer, SignerError> {
    Signer::start(&std::env::current_exe().unwrap(), &ARGS, access).await
}

async fn alice() -> Signer {
    start(&vectors::path("v10/alice/hotkeys/default")).await.unwrap()
}

fn synapse(nonce: u64) -> Intent {
    Intent::Synapse {
        nonce,
        axon_hotkey: vectors::text("bob", "hotkey_ss58"),
        uuid: UUID.to_owned(),
        body_hash: ZEROS.to_owned(),
    }
}

fn btauth(receiver: Option<&str>) -> Intent {
    Intent::Btauth {
        method: "POST".to_owned(),
        target: "/TextGeneration?x=%20y".to_owned(),
        body_sha256: ZEROS.to_owned(),
        nonce: 17,
        receiver: receiver.map(str::to_owned),
    }
}

pub fn every_kind() -> Vec<Intent> {
    vec![synapse(1), btauth(None), btauth(Some(vectors::ALICE)), Intent::PluginDigest { digest: [7; 32] }]
}

#[tokio::test]
async fn signs_each_kind_of_intent_as_the_protocol_spells_it() {
    let signer = alice().await;
    assert_eq!(signer.hotkey(), vectors::ALICE);
    assert_eq!(signer.public_key().to_ss58(), vectors::ALICE);
    let bob = vectors::text("bob", "hotkey_ss58");
    let alice = vectors::ALICE;
    let expected = [
        format!("1.{alice}.{bob}.{UUID}.{ZEROS}"),
        format!("btauth/1\nsr25519\nPOST\n/TextGeneration?x=%20y\n{ZEROS}\n17\n{alice}\n-"),
        format!("btauth/1\nsr25519\nPOST\n/TextGeneration?x=%20y\n{ZEROS}\n17\n{alice}\n{alice}"),
        format!("soma/plugin-digest/1:{}", "07".repeat(32)),
    ];
    for (intent, message) in every_kind().into_iter().zip(expected) {
        let signature = signer.sign(intent).await.unwrap();
        let key = signer.public_key();
        assert!(verify(Crypto::Sr25519, &key, message.as_bytes(), &signature), "{message}");
    }
}

#[tokio::test]
async fn an_ed25519_hotkey_signs_btauth_and_refuses_a_synapse() {
    let signer = start(&vectors::path("v11/dave/hotkeys/ed")).await.unwrap();
    assert_eq!(signer.crypto(), Crypto::Ed25519);
    let signature = signer.sign(btauth(None)).await.unwrap();
    let (hotkey, key) = (signer.hotkey(), signer.public_key());
    let message = format!("btauth/1\ned25519\nPOST\n/TextGeneration?x=%20y\n{ZEROS}\n17\n{hotkey}\n-");
    assert!(verify(Crypto::Ed25519, &key, message.as_bytes(), &signature));
    let error = signer.sign(synapse(1)).await.unwrap_err();
    assert!(matches!(&error, SignerError::Refused { code, .. } if code == "soma::signer::wrong_scheme"));
}

#[tokio::test]
async fn intents_with_an_odd_field_are_refused_and_the_signer_goes_on() {
    let signer = alice().await;
    let bob = vectors::text("bob", "hotkey_ss58");
    let synapse = |axon_hotkey: &str, uuid: &str, body_hash: &str| Intent::Synapse {
        nonce: 1,
        axon_hotkey: axon_hotkey.to_owned(),
        uuid: uuid.to_owned(),
        body_hash: body_hash.to_owned(),
    };
    let btauth = |method: &str, target: &str, body_sha256: &str, receiver: &str| Intent::Btauth {
        method: method.to_owned(),
        target: target.to_owned(),
        body_sha256: body_sha256.to_owned(),
        nonce: 1,
        receiver: Some(receiver.to_owned()),
    };
    for (intent, field) in [
        (synapse("", UUID, ZEROS), "axon_hotkey"),
        (synapse(&bob.replace('5', "6"), UUID, ZEROS), "axon_hotkey"),
        (synapse(&format!("{bob}.{UUID}"), UUID, ZEROS), "axon_hotkey"),
        (synapse(&bob, "", ZEROS), "uuid"),
        (synapse(&bob, &UUID.to_uppercase(), ZEROS), "uuid"),
        (synapse(&bob, &UUID.replace('-', "."), ZEROS), "uuid"),
        (synapse(&bob, UUID, ""), "body_hash"),
        (synapse(&bob, UUID, &"A".repeat(64)), "body_hash"),
        (synapse(&bob, UUID, &format!("{ZEROS}\n")), "body_hash"),
        (btauth("", "/", ZEROS, &bob), "method"),
        (btauth("post", "/", ZEROS, &bob), "method"),
        (btauth("POST\n", "/", ZEROS, &bob), "method"),
        (btauth("POST", "", ZEROS, &bob), "target"),
        (btauth("POST", "x", ZEROS, &bob), "target"),
        (btauth("POST", "/a b", ZEROS, &bob), "target"),
        (btauth("POST", "/\nbtauth/1", ZEROS, &bob), "target"),
        (btauth("POST", "/é", ZEROS, &bob), "target"),
        (btauth("POST", &format!("/{}", "a".repeat(8192)), ZEROS, &bob), "target"),
        (btauth("POST", "/", "0", &bob), "body_sha256"),
        (btauth("POST", "/", ZEROS, "-"), "receiver"),
        (btauth("POST", "/", ZEROS, ""), "receiver"),
    ] {
        match signer.sign(intent.clone()).await {
            Err(SignerError::Refused { code, reason }) => {
                assert_eq!(code, "soma::signer::bad_field", "{intent:?}");
                assert!(reason.starts_with(field), "{intent:?}: {reason}");
            }
            other => panic!("{intent:?}: {other:?}"),
        }
    }
    assert!(signer.sign(every_kind().remove(0)).await.is_ok());
    // Too large for a frame: it is not even sent.
    let huge = btauth("POST", &format!("/{}", "a".repeat(70_000)), ZEROS, &bob);
    assert!(matches!(signer.sign(huge).await, Err(SignerError::Protocol(_))));
    assert!(signer.sign(every_kind().remove(1)).await.is_ok());
}

#[tokio::test]
async fn many_callers_get_their_own_signatures() {
    let signer = alice().await;
    let calls: Vec<_> = (0..200)
        .map(|nonce| {
            let signer = signer.clone();
            tokio::spawn(async move { (nonce, signer.sign(synapse(nonce)).await.unwrap()) })
        })
        .collect();
    let bob = vectors::text("bob", "hotkey_ss58");
    for call in calls {
        let (nonce, signature) = call.await.unwrap();
        let message = format!("{nonce}.{}.{bob}.{UUID}.{ZEROS}", vectors::ALICE);
        assert!(verify(Crypto::Sr25519, &signer.public_key(), message.as_bytes(), &signature));
    }
}

#[tokio::test]
async fn a_key_file_that_cannot_be_used_is_told_with_the_signers_own_code() {
    for (file, expected) in [
        ("v10/nobody/hotkeys/default", "soma::wallet::io"),
        ("v10/carol/hotkeys/enc", "soma::wallet::needs_password"),
        ("v10/alice/coldkeypub.txt", "soma::wallet::no_secret"),
        ("MANIFEST.json", "soma::wallet::bad_keyfile"),
    ] {
        let error = start(&vectors::path(file)).await.unwrap_err();
        assert!(matches!(&error, SignerError::NotStarted { code, .. } if code == expected), "{error:?}");
        assert!(error.help().unwrap().to_string().contains(expected));
    }
}

#[tokio::test]
async fn a_program_that_is_no_signer_is_an_error_and_not_a_wait() {
    let file = vectors::path("v10/alice/hotkeys/default");
    let error = Signer::start(Path::new("/no/such/program"), &[], &file).await.unwrap_err();
    assert!(matches!(error, SignerError::Spawn { .. }), "{error:?}");
    let program = std::env::current_exe().unwrap();
    let error = Signer::start(&program, &["--list"], &file).await.unwrap_err();
    assert!(matches!(&error, SignerError::Gone { status } if status == "exit status: 0"), "{error:?}");
}

#[tokio::test]
async fn the_signer_is_confined_and_in_its_own_session() {
    let signer = alice().await;
    let report = Report::from_lines(signer.confinement()).unwrap();
    for measure in [Measure::NotDumpable, Measure::NoCoreDumps, Measure::NoNewPrivileges, Measure::Seccomp] {
        assert_eq!(report.state(measure), Some(&State::Active), "{measure}");
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", signer.pid())).unwrap();
    let value = |key: &str| status.lines().find_map(|line| line.strip_prefix(key)).unwrap().trim().to_owned();
    assert_eq!(value("Seccomp:"), "2");
    assert_eq!(value("NoNewPrivs:"), "1");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", signer.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().rev().nth(1), Some("0"), "{core}");
    assert_eq!(getsid(Some(pid(signer.pid()))).unwrap(), pid(signer.pid()));
}

#[tokio::test]
async fn one_signer_signs_extrinsics_of_one_chain() {
    let signer = alice().await;
    let call = HotkeyCall::CommitWeights { netuid: 1, commit_hash: [3; 32] };
    let extrinsic = |genesis: u8, period| {
        let (birth, checkpoint, genesis) = (7, [8; 32], [genesis; 32]);
        let terms = Terms { nonce: 0, birth, checkpoint, period, genesis, spec_version: 393, transaction_version: 1 };
        Intent::Extrinsic { call: call.clone(), terms }
    };
    // What was refused decides nothing.
    signer.sign(extrinsic(9, 3)).await.unwrap_err();
    signer.sign(extrinsic(1, 64)).await.unwrap();
    let error = signer.sign(extrinsic(2, 64)).await.unwrap_err();
    assert!(matches!(&error, SignerError::Refused { code, .. } if code == "soma::signer::other_chain"), "{error:?}");
    signer.sign(extrinsic(1, 64)).await.unwrap();
    signer.sign(synapse(1)).await.unwrap();
}

#[tokio::test]
async fn a_killed_signer_gives_a_typed_error_on_every_later_call() {
    let signer = alice().await;
    signer.sign(synapse(1)).await.unwrap();
    kill_process(pid(signer.pid()), Signal::KILL).unwrap();
    for _ in 0..3 {
        let error = signer.sign(synapse(2)).await.unwrap_err();
        assert!(matches!(&error, SignerError::Gone { status } if status.starts_with("signal: 9")), "{error:?}");
        assert_eq!(error.code().unwrap().to_string(), "soma::signer::gone");
    }
    assert!(!signer.is_alive());
}

#[tokio::test]
async fn a_stopped_signer_times_out_and_serves_again_when_it_goes_on() {
    let signer = alice().await;
    kill_process(pid(signer.pid()), Signal::STOP).unwrap();
    wait_for_state(signer.pid(), |state| state == "T").await;
    let error = signer.sign(synapse(1)).await.unwrap_err();
    assert!(matches!(error, SignerError::TimedOut { .. }), "{error:?}");
    kill_process(pid(signer.pid()), Signal::CONT).unwrap();
    // The late answer to the first call must not be taken for the answer to this one.
    let signature = signer.sign(synapse(2)).await.unwrap();
    let bob = vectors::text("bob", "hotkey_ss58");
    let message = format!("2.{}.{bob}.{UUID}.{ZEROS}", vectors::ALICE);
    assert!(verify(Crypto::Sr25519, &signer.public_key(), message.as_bytes(), &signature));
}

#[tokio::test]
async fn the_process_ends_with_the_last_handle() {
    let signer = alice().await;
    let (clone, id) = (signer.clone(), signer.pid());
    drop(signer);
    assert!(clone.sign(synapse(1)).await.is_ok());
    drop(clone);
    wait_until_gone(id).await;
}

#[test]
fn odd_frames_are_refused_and_the_signer_goes_on() {
    let mut raw = RawSigner::start();
    for (frame, id) in [
        (json!({"sign": {"id": 1, "intent": {"bytes": {"hex": "00"}}}}), json!(1)),
        (json!({"sign": {"id": 2, "intent": {"plugin-digest": {"digest": [1, 2]}}}}), json!(2)),
        (json!({"sign": {"id": 3, "intent": {"synapse": {"nonce": 1}}}}), json!(3)),
        (json!({"sign": {"id": 4, "intent": digest(json!({"digest": vec![0; 32], "x": 1}))}}), json!(4)),
        (json!({"sign": {"id": 5, "intent": "x", "bytes": "00"}}), Value::Null),
        (json!({"open": {"access": Access::from(Path::new("/etc/passwd"))}}), Value::Null),
        (json!("sign"), Value::Null),
        (json!([]), Value::Null),
    ] {
        let answer = raw.ask(frame.to_string().as_bytes());
        assert_eq!(answer["refused"]["id"], id, "{frame}: {answer}");
        assert_eq!(answer["refused"]["code"], "soma::signer::unknown_intent", "{frame}: {answer}");
    }
    for frame in [&b""[..], b"\xff\xff", b"{", b"nonsense"] {
        assert!(raw.ask(frame)["refused"].is_object(), "{frame:?}");
    }
    let good = json!({"sign": {"id": 9, "intent": digest(json!({"digest": vec![0; 32]}))}});
    assert_eq!(raw.ask(good.to_string().as_bytes())["signature"]["id"], 9);
    drop(raw.socket);
    assert!(raw.child.wait().unwrap().success(), "a closed socket is the normal end");
}

#[test]
fn a_frame_over_the_limit_ends_the_signer_with_an_error() {
    let mut raw = RawSigner::start();
    raw.socket.write_all(&u32::MAX.to_le_bytes()).unwrap();
    assert_eq!(raw.child.wait().unwrap().code(), Some(1));
}

#[test]
fn a_signer_without_a_socket_refuses_to_start() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(ARGS)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(said.contains(&SignerError::NotASocket.to_string()), "{said}");
}

fn digest(fields: Value) -> Value {
    json!({ "plugin-digest": fields })
}

/// A signer whose frames the test writes itself.
struct RawSigner {
    child: Child,
    socket: UnixStream,
}

impl RawSigner {
    fn start() -> Self {
        let (socket, theirs) = UnixStream::pair().unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(ARGS)
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut raw = Self { child, socket };
        let file = vectors::path("v10/alice/hotkeys/default");
        let ready = raw.ask(json!({"open": {"access": Access::from(&file)}}).to_string().as_bytes());
        assert_eq!(ready["ready"]["hotkey"], vectors::ALICE);
        raw
    }

    fn ask(&mut self, body: &[u8]) -> Value {
        let length = u32::try_from(body.len()).unwrap().to_le_bytes();
        self.socket.write_all(&[&length, body].concat()).unwrap();
        let mut length = [0; 4];
        self.socket.read_exact(&mut length).unwrap();
        let mut answer = vec![0; usize::try_from(u32::from_le_bytes(length)).unwrap()];
        self.socket.read_exact(&mut answer).unwrap();
        serde_json::from_slice(&answer).unwrap()
    }
}

fn pid(id: u32) -> Pid {
    Pid::from_raw(id.try_into().unwrap()).unwrap()
}

/// Gone, or a zombie that only waits for its parent's look.
pub async fn wait_until_gone(id: u32) {
    wait_for_state(id, |state| state == "gone" || state == "Z").await;
}

/// Waits for a letter of `/proc/ID/stat`. The 10 s are a guard, not a measurement.
async fn wait_for_state(id: u32, holds: impl Fn(&str) -> bool) {
    let mut state = String::new();
    for _ in 0..500 {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let letter = stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').next());
        state = letter.unwrap_or("gone").to_owned();
        if holds(&state) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("process {id} stays in state {state}");
}
