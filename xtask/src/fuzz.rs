//! `cargo xtask fuzz`: the property test of every parser, with very many cases, for a bounded time.
//!
//! The targets are proptest's, so they run on the stable tool chain and are the same tests that `cargo test` runs with
//! few cases. They are built once, with overflow checks, and their binaries run again and again with as many cases
//! as fit into a few seconds; each run draws new seeds. A failing case is shrunk and its seed is written to a file
//! beside the test, which every later run of that test tries first.

mod targets;

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use serde::Deserialize;

use self::targets::{TARGETS, Target};
use crate::error::XtaskError;
use crate::{Context, cargo};

/// How long one run of a target is aimed at: long enough that starting it costs nothing, short enough for progress.
const RUN: Duration = Duration::from_secs(5);
/// A run that takes longer than this hangs: no parser may need it for the cases of [`RUN`].
const HANG: Duration = Duration::from_secs(300);
/// Cases of the first run, from which the speed is learned.
const FIRST: u64 = 256;
/// Most cases of one run.
const MOST: u64 = 1_000_000;
/// How often a running target is looked at.
const POLL: Duration = Duration::from_millis(5);

/// What to run, for how long.
#[derive(Args)]
pub struct FuzzArgs {
    /// Seconds in all, shared by the targets; each runs at least once.
    #[arg(long, default_value_t = 120)]
    seconds: u64,
    /// Only the targets whose name contains this.
    #[arg(long)]
    target: Option<String>,
    /// Show the targets and what they read, and do nothing.
    #[arg(long)]
    list: bool,
}

/// One line of what cargo says with `--message-format=json`.
#[derive(Deserialize)]
struct Message {
    executable: Option<PathBuf>,
    manifest_path: Option<PathBuf>,
    profile: Option<Profile>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

/// A built target.
struct Ready {
    target: &'static Target,
    binary: PathBuf,
    /// Its path in the binary, e.g. `frame::tests::any_bytes`.
    test: String,
}

/// How a target did.
struct Outcome {
    cases: u64,
    elapsed: Duration,
    /// What the run printed that failed.
    failure: Option<String>,
}

/// Runs the targets. The exit status is 1 when one failed.
pub fn run(context: &Context, arguments: &FuzzArgs) -> Result<ExitCode, XtaskError> {
    let wanted = |target: &&Target| arguments.target.as_ref().is_none_or(|name| target.name.contains(name));
    let targets: Vec<&'static Target> = TARGETS.iter().filter(wanted).collect();
    if targets.is_empty() {
        return Err(XtaskError::NoFuzzTarget { name: arguments.target.clone().unwrap_or_default() });
    }
    if arguments.list {
        targets.iter().for_each(|target| println!("{:<22} {:<15} {}", target.name, target.package, target.reads));
        return Ok(ExitCode::SUCCESS);
    }
    let root = context.workspace.root();
    let ready = build(root, &targets)?;
    let share = Duration::from_secs(arguments.seconds) / u32::try_from(ready.len()).unwrap_or(u32::MAX);
    let mut failed = 0;
    for one in &ready {
        let outcome = fuzz(root, one, share)?;
        let verdict = if outcome.failure.is_some() { "FAILED" } else { "ok" };
        println!(
            "{:<22} {:>10} cases {:>7.1} s  {verdict}",
            one.target.name,
            outcome.cases,
            outcome.elapsed.as_secs_f64()
        );
        if let Some(output) = outcome.failure {
            failed += 1;
            println!("{output}");
            println!("the seed is kept below {}; commit that file with the mend", one.target.file);
        }
    }
    println!("{} targets, {failed} failed", ready.len());
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Builds the tests and finds each target in exactly one of their binaries.
fn build(root: &Path, targets: &[&'static Target]) -> Result<Vec<Ready>, XtaskError> {
    let mut command = cargo::command(root);
    // The whole workspace, as everywhere in xtask: with fewer packages cargo chooses other features of what they share and
    // builds it once more.
    let arguments = ["test", "--workspace", "--no-run", "--message-format=json-render-diagnostics"];
    command.args(arguments).stderr(Stdio::inherit());
    eprintln!("> cargo test --workspace --no-run");
    let built = command.output().map_err(XtaskError::no_program("cargo"))?;
    if !built.status.success() {
        return Err(XtaskError::FuzzBuild);
    }
    let listed = listed(&built.stdout)?;
    targets.iter().map(|target| find(root, target, &listed)).collect()
}

/// By the crate's folder: its test programs, and the tests in each.
type Listed = HashMap<PathBuf, Vec<(PathBuf, Vec<String>)>>;

/// The tests of every binary, by the folder of its crate.
fn listed(messages: &[u8]) -> Result<Listed, XtaskError> {
    let mut listed: HashMap<PathBuf, Vec<_>> = HashMap::new();
    for line in messages.split(|byte| *byte == b'\n') {
        let Ok(Message { executable: Some(binary), manifest_path: Some(manifest), profile }) =
            serde_json::from_slice(line)
        else {
            continue;
        };
        // Programs are built as well. They would not list tests but start.
        if !profile.is_some_and(|profile| profile.test) {
            continue;
        }
        let name = binary.display().to_string();
        let tests = Command::new(&binary).args(["--list", "--format", "terse"]).output();
        let tests = tests.map_err(XtaskError::no_program(&name))?;
        let tests = String::from_utf8_lossy(&tests.stdout);
        let tests = tests.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect();
        let folder = manifest.parent().unwrap_or(Path::new("")).to_owned();
        listed.entry(folder).or_default().push((binary, tests));
    }
    Ok(listed)
}

fn find(
    root: &Path,
    target: &'static Target,
    listed: &HashMap<PathBuf, Vec<(PathBuf, Vec<String>)>>,
) -> Result<Ready, XtaskError> {
    let folder = root.join(target.folder());
    let suffix = format!("::{}", target.test);
    let is_it = |test: &&String| test.ends_with(&suffix) && target.names_module_of(test) || **test == target.test;
    let binaries = listed.get(&folder).map(Vec::as_slice).unwrap_or_default();
    let mut found = binaries.iter().flat_map(|(binary, tests)| {
        tests.iter().filter(is_it).map(|test| Ready { target, binary: binary.clone(), test: test.clone() })
    });
    match (found.next(), found.next()) {
        (Some(ready), None) => Ok(ready),
        _ => Err(XtaskError::FuzzTest { test: target.test.to_owned(), file: target.file.to_owned() }),
    }
}

/// Runs one target until its time is up or it fails.
fn fuzz(root: &Path, ready: &Ready, share: Duration) -> Result<Outcome, XtaskError> {
    let started = Instant::now();
    let (mut cases, mut next) = (0, FIRST);
    loop {
        let began = Instant::now();
        let failure = run_once(root, ready, next)?;
        cases += next;
        if failure.is_some() || started.elapsed() >= share {
            return Ok(Outcome { cases, elapsed: started.elapsed(), failure });
        }
        let left = share.saturating_sub(started.elapsed()).min(RUN);
        let speed = next as f64 / began.elapsed().as_secs_f64().max(0.001);
        next = ((speed * left.as_secs_f64()) as u64).clamp(1, MOST);
    }
}

/// One run; what it printed if it failed or hung.
fn run_once(root: &Path, ready: &Ready, cases: u64) -> Result<Option<String>, XtaskError> {
    let mut command = Command::new(&ready.binary);
    command
        .args([&ready.test, "--exact", "--nocapture"])
        .env("PROPTEST_CASES", cases.to_string())
        .env_remove("PROPTEST_RNG_SEED")
        .current_dir(root.join(ready.target.folder()))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let name = ready.binary.display().to_string();
    let mut child = command.spawn().map_err(XtaskError::no_program(&name))?;
    let reading = [collect(child.stdout.take()), collect(child.stderr.take())];
    let ended = wait(&mut child, &name)?;
    let [stdout, stderr] = reading.map(|thread| thread.join().unwrap_or_default());
    let output = format!("{stdout}{stderr}");
    Ok(match ended {
        Some(true) => None,
        Some(false) => Some(output),
        None => Some(format!("{output}\nno end after {} s: this target hangs", HANG.as_secs())),
    })
}

/// Whether it ended well; none when it had to be ended.
fn wait(child: &mut Child, name: &str) -> Result<Option<bool>, XtaskError> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(XtaskError::no_program(name))? {
            return Ok(Some(status.success()));
        }
        if started.elapsed() > HANG {
            // Both fail only when it is gone already.
            let _ = child.kill();
            let _ = child.wait();
            return Ok(None);
        }
        thread::sleep(POLL);
    }
}

fn collect(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            // What was read before an error is still worth showing.
            let _ = stream.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
