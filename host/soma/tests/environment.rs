//! Passwords do not stay in the environment of a command that runs guests or somebody's build scripts.

#![allow(
    clippy::unwrap_used,
    reason = "a failed expectation is how a test fails; clippy exempts only the test functions themselves"
)]

use std::fs;
use std::io::Read;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const SECRET: &str = "correct-horse";

/// The environment of `soma plugin list` while it waits for an answer of the host.
fn environment_of_a_waiting_command() -> String {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("admin.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    listener.set_nonblocking(true).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_soma"));
    command.args(["plugin", "list", "--admin"]).arg(&socket).current_dir(folder.path());
    command.env("BT_PW__W_HOTKEYS_K", SECRET).env("BT_WALLET_PASSWORD", SECRET).env("OTHER", "stays");
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    // Once it asks it has read its command line, and is what it will be.
    let asked = loop {
        match listener.accept() {
            Ok((stream, _)) => break Some(stream),
            Err(_) if Instant::now() < until => thread::sleep(Duration::from_millis(10)),
            Err(_) => break None,
        }
    };
    let environment = fs::read(format!("/proc/{}/environ", child.id())).unwrap();
    child.kill().unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    child.wait().unwrap();
    assert!(asked.is_some(), "it never asked: {said}");
    String::from_utf8_lossy(&environment).into_owned()
}

#[test]
fn a_command_for_plugins_has_no_password_in_its_environment() {
    let environment = environment_of_a_waiting_command();
    assert!(environment.contains("OTHER=stays"), "{environment}");
    assert!(!environment.contains("BT_PW_") && !environment.contains("BT_WALLET_PASSWORD"), "{environment}");
    assert!(!environment.contains(SECRET), "{environment}");
}
