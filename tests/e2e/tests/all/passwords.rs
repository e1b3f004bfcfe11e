//! Passwords of hotkeys: out of the environment of the process that runs guests, and never at the cost of a terminal.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use soma_e2e::account::{ALICE, Account};
use soma_e2e::neuron::{Bench, free_port};
use soma_e2e::process::{self, Process};
use soma_e2e::python::{self, Sdk};
use soma_wallet::password::variable_name;

use crate::miner;

const PASSWORD: &str = "correct horse battery";
/// How often the host's children are looked at: a compilation takes much longer.
const LOOK: Duration = Duration::from_millis(5);

/// A folder with an encrypted hotkey.
struct Locked {
    bench: Bench,
    settings: PathBuf,
    account: Account,
}

impl Locked {
    fn new() -> Locked {
        let bench = Bench::new().unwrap();
        let settings = bench.write("soma.toml", miner::settings().text().as_bytes()).unwrap();
        let mut account = ALICE;
        account.name = "locked";
        let locked = Locked { bench, settings, account };
        let password = locked.bench.write("password", PASSWORD.as_bytes()).unwrap();
        let mut new = locked.wallet("new");
        new.arg("--encrypt").arg("--wallet.password_file").arg(password);
        let made = process::run("soma wallet new", &mut new).unwrap();
        assert!(made.status.success(), "{made:?}");
        locked
    }

    fn wallet(&self, verb: &str) -> Command {
        let mut command = self.bench.soma().unwrap();
        command.args(["wallet", verb]);
        self.bench.name_wallet(&mut command, self.account);
        command
    }

    fn run(&self) -> Command {
        self.bench.run_command(&self.settings, self.account, free_port().unwrap()).unwrap()
    }

    /// The SDKs' variable for the hotkey's password.
    fn variable(&self) -> (String, String) {
        let file = self.bench.wallets().join("locked/hotkeys/default");
        let name = variable_name(file.to_str().unwrap());
        let value: Vec<u8> = PASSWORD.bytes().zip(name.bytes().cycle()).map(|(a, b)| a ^ b).collect();
        (name, STANDARD.encode(value))
    }
}

/// The environments of a process's children of this kind, as far as the system shows them.
fn environments(parent: u32, kind: &str) -> Vec<String> {
    let ids = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let child = |id: &String| {
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        status.lines().any(|line| line.split_whitespace().eq(["PPid:", &parent.to_string()]))
            && line.split(|byte| *byte == 0).any(|word| word == kind.as_bytes())
    };
    let read = |id: String| fs::read(format!("/proc/{id}/environ")).ok();
    ids.filter(child).filter_map(read).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect()
}

#[test]
fn no_password_is_in_the_environment_of_a_host_or_of_its_children() {
    let locked = Locked::new();
    let (name, value) = locked.variable();
    let mut host =
        Process::start("soma run", locked.run().env(&name, &value).env("BT_WALLET_PASSWORD", PASSWORD)).unwrap();
    let id = host.id();
    let ready = Arc::new(AtomicBool::new(false));
    let compilers = thread::spawn({
        let ready = ready.clone();
        move || {
            let mut seen = Vec::new();
            while !ready.load(Ordering::Relaxed) {
                seen.extend(environments(id, "compile-worker"));
                thread::sleep(LOOK);
            }
            seen
        }
    });
    // The signer opens the hotkey: no other place has its password.
    let served = host.wait_for(|log| log.contains("serving offline").then_some(()));
    ready.store(true, Ordering::Relaxed);
    let compilers = compilers.join().unwrap();
    served.unwrap();
    let own = fs::read(format!("/proc/{id}/environ")).unwrap();
    let own = String::from_utf8_lossy(&own).into_owned();
    assert!(own.contains("HOME="), "the rest of the environment stays: {own}");
    let signers = environments(id, "signer");
    for environment in [own].iter().chain(&compilers).chain(&signers) {
        assert!(!environment.contains("BT_PW_") && !environment.contains(PASSWORD), "{environment}");
        assert!(!environment.contains(&value), "{environment}");
    }
    let line = fs::read(format!("/proc/{id}/cmdline")).unwrap();
    assert!(line.split(|byte| *byte == 0).any(|word| word == b"run"), "the arguments stay");
    let descriptors =
        fs::read_dir(format!("/proc/{id}/fd")).unwrap().filter_map(|entry| entry.ok()?.path().read_link().ok());
    assert!(!descriptors.into_iter().any(|path| path.to_string_lossy().contains("soma-passwords")), "handed on");
}

#[test]
fn a_terminal_has_its_echo_again_however_a_question_ends() {
    let locked = Locked::new();
    let ask = |target: &str, signal: &str, command: &Command| -> Value {
        let words = [command.get_program()].into_iter().chain(command.get_args());
        let words: Vec<String> = words.map(|word| word.to_str().unwrap().to_owned()).collect();
        let mut all = vec!["Password of ", target, signal];
        all.extend(words.iter().map(String::as_str));
        python::run(Sdk::V11, "echo.py", &locked.bench.home(), &all).unwrap().remove(0)
    };
    let (run, check) = (locked.run(), locked.wallet("check"));
    for (target, signal, command) in [
        ("command", "SIGTERM", &run),
        ("command", "SIGINT", &run),
        ("command", "SIGKILL", &run),
        ("signer", "SIGTERM", &run),
        ("command", "SIGTERM", &check),
        ("command", "SIGHUP", &check),
        ("command", "SIGINT", &check),
    ] {
        let told = ask(target, signal, command);
        let case = format!("{signal} to the {target} of {command:?}: {told}");
        assert_eq!(told["echo_while_asked"], false, "the control: {case}");
        assert_eq!(told["echo_after"], true, "{case}");
    }
    let told = ask("command", "SIGTERM", &check);
    assert_eq!(told["code"], -15, "a command ends by the signal: {told}");
}
