//! A fresh instance costs no system call that takes the lock on the process's memory: counted by strace.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::json;
use soma_runtime::InstanceSpec;

use crate::fixture::{ask, load, slot_of};

/// Says how many calls the child makes; without it the child's test has nothing to do.
const CALLS: &str = "SOMA_TEST_FRESH_CALLS";
/// The system calls that map, protect, release or scan memory.
const COUNTED: &str = "mmap,munmap,mprotect,madvise,mremap,ioctl";

/// Not a test by itself: what the child of the other one does.
#[tokio::test]
async fn child_that_makes_fresh_calls() {
    let Some(calls) = std::env::var(CALLS).ok().and_then(|calls| calls.parse().ok()) else { return };
    let mut spec = slot_of("fresh_counter");
    spec.instances = Some(InstanceSpec::Fresh { ready: None });
    let slots = load([spec]).await.unwrap();
    for _ in 0..calls {
        assert_eq!(ask(&slots, "Counter", &json!({"then": "answer"})).await.unwrap(), json!({"calls": 1}));
    }
}

/// How often each of the system calls was made; none when this machine does not let anybody trace.
fn traced(folder: &Path, calls: usize) -> Option<BTreeMap<String, u64>> {
    let report = folder.join(calls.to_string());
    let mut strace = Command::new("strace");
    strace.args(["-f", "-c", "-U", "calls,name", "-e", &format!("trace={COUNTED}"), "-o"]).arg(&report);
    strace.arg(std::env::current_exe().unwrap()).args(["--exact", "syscalls::child_that_makes_fresh_calls"]);
    let output = strace.env(CALLS, calls.to_string()).output().ok()?;
    let table = std::fs::read_to_string(&report).unwrap_or_default();
    if !output.status.success() && table.is_empty() {
        return None;
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let counts = table.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let count = words.next()?.parse::<u64>().ok()?;
        Some((words.next()?.to_owned(), count))
    });
    Some(counts.filter(|(name, _)| name != "total").collect())
}

#[test]
fn fresh_calls_map_protect_and_release_no_memory() {
    const FEW: usize = 200;
    const MANY: usize = 2200;
    let folder = tempfile::tempdir().unwrap();
    // The first run compiles what the second one loads.
    let (Some(_), Some(few), Some(many)) =
        (traced(folder.path(), 1), traced(folder.path(), FEW), traced(folder.path(), MANY))
    else {
        eprintln!("skipped: strace is not here, or nobody may trace");
        return;
    };
    assert!(few.get("mmap").is_some_and(|count| *count > 0), "strace has seen the start: {few:?}");
    let sum = |counts: &BTreeMap<String, u64>| counts.values().sum::<u64>();
    let more = sum(&many).saturating_sub(sum(&few));
    assert!(more < 100, "{more} more system calls of {} more requests: {few:?}, then {many:?}", MANY - FEW);
}
