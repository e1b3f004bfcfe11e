//! Confinement cannot be taken back, so every case runs in a child: this program again, told to run one ignored test.
//! The child prints what it tried, one `key=value` line each, and waits; the parent looks at it through `/proc`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation is how a test fails; clippy exempts only the test functions themselves"
)]

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};

use soma_confine::{Entry, Limits, Measure, Policy, Profile, Report, State};

const EPERM: &str = "Operation not permitted (os error 1)";
const MIB: u64 = 1024 * 1024;

#[test]
fn the_signer_profile_leaves_open_descriptors_and_nothing_else() {
    let mut child = Confined::start("child_signer");
    child.assert_denied(&["file", "device", "write", "tcp", "udp", "pair", "process", "thread", "dup"]);
    child.assert_active(&[Measure::NotDumpable, Measure::NoCoreDumps, Measure::NoNewPrivileges, Measure::Seccomp]);
    assert_eq!(child.status("Seccomp"), "2");
    assert_eq!(child.status("NoNewPrivs"), "1");
    assert_eq!(child.limit("Max core file size"), ["0", "0"]);
    assert_eq!(child.said["read"], "before", "a file that was open stays readable");
    assert_eq!(child.said["memory"], "ok", "the allocator still works");
    assert!(child.end().success());
}

#[test]
fn the_compiler_profile_keeps_threads_and_limits_memory_and_time() {
    let mut child = Confined::start("child_compiler");
    child.assert_denied(&["file", "device", "write", "tcp", "udp", "pair", "process", "dup"]);
    child.assert_active(&[
        Measure::NotDumpable,
        Measure::NoCoreDumps,
        Measure::AddressSpace,
        Measure::CpuTime,
        Measure::NoNewPrivileges,
        Measure::Seccomp,
    ]);
    assert_eq!(child.status("Seccomp"), "2");
    assert_eq!(child.limit("Max core file size"), ["0", "0"]);
    assert_eq!(child.limit("Max cpu time"), ["7", "8"]);
    assert_eq!(child.limit("Max address space"), [(2048 * MIB).to_string(), (2048 * MIB).to_string()]);
    assert_eq!(child.said["thread"], "ok");
    assert_eq!(child.said["memory"], "ok");
    assert_eq!(child.said["too-much-memory"], "refused");
    assert!(child.end().success());
}

#[test]
fn a_key_reader_still_opens_files_and_leaves_no_core() {
    let mut child = Confined::start("child_key_reader");
    assert_eq!(child.said["file"], "ok");
    assert_eq!(child.said["dumpable"], "NotDumpable");
    assert_eq!(child.said["no-new-privileges"], "true");
    assert_eq!(child.status("Seccomp"), "0");
    assert_eq!(child.limit("Max core file size"), ["0", "0"]);
    let measures: Vec<_> = child.report().entries().iter().map(|entry| entry.measure).collect();
    assert_eq!(measures, [Measure::NotDumpable, Measure::NoCoreDumps, Measure::NoNewPrivileges]);
    assert!(child.end().success());
}

#[test]
fn a_process_that_computes_for_ever_is_ended_by_its_limit() {
    let mut child = spawn("child_spins");
    let status = child.wait().unwrap();
    let signal = status.signal();
    assert!(matches!(signal, Some(9 | 24)), "SIGXCPU or SIGKILL ends it, not {status}");
}

#[test]
fn required_fails_exactly_when_a_measure_is_unavailable() {
    let mut lenient = Confined::start("child_signer");
    let missing = lenient.report().unavailable().next().map(|entry| entry.measure.to_string());
    assert!(lenient.end().success());
    let mut strict = Confined::start("child_required");
    assert_eq!(strict.said["missing"], missing.unwrap_or_else(|| "none".to_owned()));
    assert!(strict.end().success());
}

#[test]
#[ignore = "runs in the child of another test"]
fn child_signer() {
    let open = open_before();
    report(&soma_confine::apply(Profile::Signer, Policy::BestEffort).unwrap());
    try_everything(open);
    wait();
}

#[test]
#[ignore = "runs in the child of another test"]
fn child_key_reader() {
    report(&soma_confine::apply(Profile::KeyReader, Policy::Required).unwrap());
    say("dumpable", &format!("{:?}", rustix::process::dumpable_behavior().unwrap()));
    say("no-new-privileges", &rustix::thread::no_new_privs().unwrap().to_string());
    say_result("file", File::open("/proc/version"));
    wait();
}

#[test]
#[ignore = "runs in the child of another test"]
fn child_compiler() {
    let open = open_before();
    let limits = Limits { address_space: Some(2048 * MIB), cpu_seconds: Some(7) };
    report(&soma_confine::apply(Profile::Compiler(limits), Policy::BestEffort).unwrap());
    try_everything(open);
    let too_much = Vec::<u8>::new().try_reserve_exact(usize::try_from(4096 * MIB).unwrap());
    say("too-much-memory", if too_much.is_err() { "refused" } else { "granted" });
    wait();
}

#[test]
#[ignore = "runs in the child of another test"]
fn child_spins() {
    let limits = Limits { address_space: None, cpu_seconds: Some(1) };
    soma_confine::apply(Profile::Compiler(limits), Policy::BestEffort).unwrap();
    loop {
        std::hint::spin_loop();
    }
}

#[test]
#[ignore = "runs in the child of another test"]
fn child_required() {
    let missing = match soma_confine::apply(Profile::Signer, Policy::Required) {
        Ok(_) => "none".to_owned(),
        Err(soma_confine::ConfineError::Unavailable { measure, .. }) => measure.to_string(),
    };
    say("missing", &missing);
    wait();
}

/// A descriptor from before the confinement; the answer to reading it is `before`.
fn open_before() -> File {
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    ours.write_all(b"before").unwrap();
    drop(ours);
    File::from(std::os::fd::OwnedFd::from(theirs))
}

fn try_everything(mut open: File) {
    say_result("file", File::open("/proc/version"));
    say_result("device", File::open("/dev/null"));
    say_result("write", File::create("/tmp/soma-confine-test-must-not-exist"));
    say_result("tcp", TcpListener::bind("127.0.0.1:0"));
    say_result("udp", UdpSocket::bind("127.0.0.1:0"));
    say_result("pair", UnixStream::pair());
    say_result("dup", open.try_clone());
    say_result("process", Command::new("/proc/self/exe").arg("--list").stdin(Stdio::inherit()).status());
    say_result("thread", std::thread::Builder::new().spawn(|| ()).map(|thread| thread.join().unwrap()));
    let mut text = String::new();
    say("read", open.read_to_string(&mut text).map_or("error", |_| &text));
    let memory = vec![1_u8; usize::try_from(32 * MIB).unwrap()];
    say("memory", if memory.iter().all(|byte| *byte == 1) { "ok" } else { "wrong" });
}

fn report(report: &Report) {
    for line in report.lines() {
        say("report", &line);
    }
}

fn say_result<T>(key: &str, result: std::io::Result<T>) {
    say(key, &result.map_or_else(|error| error.to_string(), |_| "ok".to_owned()));
}

fn say(key: &str, value: &str) {
    println!("{key}={value}");
}

/// Lets the parent look, then ends without going back into the test harness, which would want more system calls.
fn wait() -> ! {
    say("done", "");
    let _ = std::io::stdin().read(&mut [0]);
    std::process::exit(0)
}

fn spawn(test: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

struct Confined {
    child: Child,
    said: HashMap<String, String>,
    lines: Vec<String>,
}

impl Confined {
    fn start(test: &str) -> Self {
        let mut child = spawn(test);
        let (mut said, mut lines) = (HashMap::new(), Vec::new());
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            // The harness prints `test NAME ... ` in front of the first line.
            let line = line.rsplit_once(" ... ").map_or(line.as_str(), |(_, rest)| rest);
            match line.split_once('=') {
                Some(("report", entry)) => lines.push(entry.to_owned()),
                Some(("done", _)) => return Self { child, said, lines },
                Some((key, value)) => drop(said.insert(key.to_owned(), value.to_owned())),
                None => {}
            }
        }
        panic!("{test} ended early: {:?}; it said {said:?} and reported {lines:?}", child.wait());
    }

    fn report(&self) -> Report {
        Report::from_lines(&self.lines).unwrap()
    }

    fn assert_denied(&self, keys: &[&str]) {
        for key in keys {
            assert_eq!(self.said[*key], EPERM, "{key}");
        }
    }

    fn assert_active(&self, measures: &[Measure]) {
        let report = self.report();
        for measure in measures {
            assert_eq!(report.state(*measure), Some(&State::Active), "{measure}");
        }
        // Landlock depends on the kernel; what it says has to be one of the three states, and it has to say it.
        let landlock = report.state(Measure::Landlock).cloned().unwrap();
        println!("{}", Entry { measure: Measure::Landlock, state: landlock });
        assert_eq!(report.entries().last().unwrap().measure, Measure::Seccomp);
    }

    fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap()
    }

    fn status(&self, key: &str) -> String {
        let text = self.proc("status");
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{key}:")));
        line.unwrap().trim().to_owned()
    }

    fn limit(&self, name: &str) -> Vec<String> {
        let text = self.proc("limits");
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().take(2).map(str::to_owned).collect()
    }

    fn end(&mut self) -> ExitStatus {
        drop(self.child.stdin.take());
        self.child.wait().unwrap()
    }
}
