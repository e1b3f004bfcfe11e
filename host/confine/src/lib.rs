//! Confinement that a process applies to itself.
//!
//! Two of Soma's processes hold or read something that must not get out of them: the signer holds the hotkey, and the
//! compile child reads a component that nobody vouches for. Both call [`apply`] once they have opened everything they
//! need; from then on they cannot open a file or a socket, start a process, gain privileges or leave a core dump.
//! Each step is a [`Measure`] that reports whether it is active, because kernels and containers differ in what they
//! allow, and an operator should read which walls stand.
//!
//! This crate never confines another process, never loosens anything, holds no `unsafe` code of its own and does no
//! logging. It is for Linux (`x86_64` and `aarch64`); a kernel without one of the measures is reported, not guessed.
//! It bounds what a taken-over process reaches through system calls: it is no barrier against a bug in the kernel.
//!
//! # Layout
//! - [`mod@profile`]: who confines itself ([`Profile`]), how strictly ([`Policy`]) and with which [`Limits`]
//! - [`mod@report`]: what became active ([`Report`], [`Measure`], [`State`]), as text lines
//! - `resources`: dumpable flag, core dumps, address space, CPU seconds, `no_new_privs`
//! - `files`: Landlock without any rule
//! - `syscalls`: the seccomp filters of each profile
//! - [`mod@error`]: why a required measure is missing ([`ConfineError`])

pub mod error;
pub mod profile;
pub mod report;

mod files;
mod resources;
mod syscalls;

pub use error::ConfineError;
pub use profile::{Limits, Policy, Profile};
pub use report::{Entry, Measure, Report, State};

/// Confines the calling process as `profile` says and reports each step.
///
/// The steps run from the mildest to the one that ends all others: dumpable flag, core dumps, limits, `no_new_privs`,
/// Landlock, seccomp. All of them last until the process ends and none can be taken back. The seccomp filter covers
/// every thread of the process; `no_new_privs` and Landlock cover the calling thread and the threads that it starts
/// later, so call this before there are others.
///
/// # Errors
/// With [`Policy::Required`], [`ConfineError::Unavailable`] names the first measure that could not be made active;
/// the steps before it stay applied, and the caller is expected to exit. [`Policy::BestEffort`] never fails.
pub fn apply(profile: Profile, policy: Policy) -> Result<Report, ConfineError> {
    let mut report = Report::default();
    for measure in profile.measures() {
        let state = activate(measure, profile);
        if let (Policy::Required, State::Unavailable(reason)) = (policy, &state) {
            return Err(ConfineError::Unavailable { measure, reason: reason.clone() });
        }
        report.push(measure, state);
    }
    Ok(report)
}

fn activate(measure: Measure, profile: Profile) -> State {
    let limits = profile.limits();
    let outcome = match measure {
        Measure::NotDumpable => resources::forbid_dumping(),
        Measure::NoCoreDumps => resources::forbid_core_dumps(),
        Measure::AddressSpace => resources::limit_address_space(limits.address_space),
        Measure::CpuTime => resources::limit_cpu_time(limits.cpu_seconds),
        Measure::NoNewPrivileges => resources::forbid_new_privileges(),
        Measure::Landlock => return files::forbid_all(),
        Measure::Seccomp => syscalls::install(profile),
    };
    match outcome {
        Ok(()) => State::Active,
        Err(reason) => State::Unavailable(reason),
    }
}
