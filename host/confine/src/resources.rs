//! Process flags and limits.

use rustix::process::{DumpableBehavior, Resource, Rlimit};

pub(crate) fn forbid_dumping() -> Result<(), String> {
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(text)
}

pub(crate) fn forbid_core_dumps() -> Result<(), String> {
    lower(Resource::Core, 0, 0)
}

pub(crate) fn limit_address_space(bytes: Option<u64>) -> Result<(), String> {
    bytes.map_or(Ok(()), |bytes| lower(Resource::As, bytes, bytes))
}

pub(crate) fn limit_cpu_time(seconds: Option<u64>) -> Result<(), String> {
    // The soft limit sends SIGXCPU, which ends the process as well; the hard one a second later cannot be caught.
    seconds.map_or(Ok(()), |seconds| lower(Resource::Cpu, seconds, seconds.saturating_add(1)))
}

pub(crate) fn forbid_new_privileges() -> Result<(), String> {
    rustix::thread::set_no_new_privs(true).map_err(text)
}

/// Sets both values of a limit, or what was inherited where that is lower: raising a hard limit is an error.
fn lower(resource: Resource, soft: u64, hard: u64) -> Result<(), String> {
    let inherited = rustix::process::getrlimit(resource);
    let at_most = |wanted: u64, cap: Option<u64>| cap.map_or(wanted, |cap| cap.min(wanted));
    let maximum = at_most(hard, inherited.maximum);
    let current = at_most(soft, inherited.current).min(maximum);
    rustix::process::setrlimit(resource, Rlimit { current: Some(current), maximum: Some(maximum) }).map_err(text)
}

fn text(errno: rustix::io::Errno) -> String {
    errno.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    // The remaining steps would break the test program; these two do not. tests/confinement.rs has all of them.
    #[test]
    fn the_process_is_not_dumpable_and_leaves_no_core_file() {
        forbid_dumping().unwrap();
        forbid_core_dumps().unwrap();
        let dumpable = rustix::process::dumpable_behavior().unwrap();
        assert_eq!(dumpable, DumpableBehavior::NotDumpable);
        let core = rustix::process::getrlimit(Resource::Core);
        assert_eq!(core, Rlimit { current: Some(0), maximum: Some(0) });
    }

    #[test]
    fn a_limit_is_never_raised() {
        forbid_core_dumps().unwrap();
        lower(Resource::Core, 1000, 1000).unwrap();
        assert_eq!(rustix::process::getrlimit(Resource::Core).maximum, Some(0));
    }
}
