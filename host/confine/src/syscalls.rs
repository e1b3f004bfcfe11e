//! The seccomp filters.
//!
//! Both profiles are allow-lists: what is not named gets `EPERM`, so a system call that a later kernel adds is denied
//! from its first day (a deny-list would have missed `io_uring`, which opens files and sockets without `openat` or
//! `socket`). `EPERM` and not a kill, because libraries probe and fall back, and because an error is easier to report.
//!
//! What is allowed never creates a descriptor: no `open*`, `socket*`, `accept*`, `connect`, `bind`, `dup*`, `pipe*`,
//! `recvmsg` (which could receive one), `memfd_create`, `io_uring_*`. What can be reached was open before.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};

use crate::Profile;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Reading, writing, memory, time, random numbers, waiting, and leaving.
const COMMON: &[i64] = &[
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_ppoll,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_getrandom,
    libc::SYS_futex,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_sched_yield,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigaction,
    libc::SYS_sigaltstack,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

#[cfg(target_arch = "x86_64")]
const COMMON_OLD: &[i64] = &[libc::SYS_poll];
#[cfg(not(target_arch = "x86_64"))]
const COMMON_OLD: &[i64] = &[];

/// What threads of the same process need on top. `clone` has its own rule; `clone3` is answered by [`hide_clone3`].
const THREADS: &[i64] = &[
    libc::SYS_clone3,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_set_tid_address,
    libc::SYS_sched_getaffinity,
    libc::SYS_membarrier,
    libc::SYS_mmap,
    libc::SYS_mprotect,
];

/// Puts the filter of `profile` on every thread of the process.
pub(crate) fn install(profile: Profile) -> Result<(), String> {
    let programs = programs(profile).map_err(|error| error.to_string())?;
    for program in &programs {
        seccompiler::apply_filter_all_threads(program).map_err(|error| reason(&error))?;
    }
    Ok(())
}

fn reason(error: &seccompiler::Error) -> String {
    match error {
        seccompiler::Error::Prctl(error) | seccompiler::Error::Seccomp(error) => error.to_string(),
        other => other.to_string(),
    }
}

/// In the order of installation: the last one denies `seccomp` itself.
fn programs(profile: Profile) -> Result<Vec<BpfProgram>, seccompiler::BackendError> {
    Ok(match profile {
        Profile::KeyReader => Vec::new(),
        Profile::Signer => vec![allow_list(signer()?)?],
        Profile::Compiler(_) => vec![hide_clone3()?, allow_list(compiler()?)?],
    })
}

fn signer() -> Result<Rules, seccompiler::BackendError> {
    let mut rules = named(&[COMMON, COMMON_OLD]);
    // Memory for the allocator, never executable.
    let no_exec = || {
        let exec = u64::from(libc::PROT_EXEC.unsigned_abs());
        when(2, SeccompCmpOp::MaskedEq(exec), 0)
    };
    rules.insert(libc::SYS_mmap, vec![no_exec()?]);
    rules.insert(libc::SYS_mprotect, vec![no_exec()?]);
    Ok(rules)
}

fn compiler() -> Result<Rules, seccompiler::BackendError> {
    let mut rules = named(&[COMMON, COMMON_OLD, THREADS]);
    let thread = u64::from(libc::CLONE_THREAD.unsigned_abs());
    rules.insert(libc::SYS_clone, vec![when(0, SeccompCmpOp::MaskedEq(thread), thread)?]);
    // Thread names; any other prctl could loosen what was tightened.
    let set_name = u64::from(libc::PR_SET_NAME.unsigned_abs());
    rules.insert(libc::SYS_prctl, vec![when(0, SeccompCmpOp::Eq, set_name)?]);
    Ok(rules)
}

/// `clone3` keeps its flags behind a pointer, where a filter cannot look. With `ENOSYS` the C library falls back to
/// `clone`, whose flags are in a register. This filter and the allow-list both see the call; the stricter answer wins.
fn hide_clone3() -> Result<BpfProgram, seccompiler::BackendError> {
    let enosys = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    SeccompFilter::new(named(&[&[libc::SYS_clone3]]), SeccompAction::Allow, enosys, arch()?)?.try_into()
}

fn allow_list(rules: Rules) -> Result<BpfProgram, seccompiler::BackendError> {
    let eperm = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    SeccompFilter::new(rules, eperm, SeccompAction::Allow, arch()?)?.try_into()
}

fn named(lists: &[&[i64]]) -> Rules {
    lists.iter().flat_map(|list| list.iter()).map(|&number| (number, Vec::new())).collect()
}

fn when(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(vec![SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)?])
}

fn arch() -> Result<TargetArch, seccompiler::BackendError> {
    TargetArch::try_from(std::env::consts::ARCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    #[test]
    fn every_profile_has_a_program_the_kernel_can_take() {
        for profile in [Profile::Signer, Profile::Compiler(Limits::default())] {
            for program in programs(profile).unwrap() {
                assert!(program.len() > 4 && program.len() < 4096, "{profile:?} has {} instructions", program.len());
            }
        }
    }
}
