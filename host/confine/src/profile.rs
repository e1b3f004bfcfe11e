//! Who confines itself, how strictly and with which limits.

use crate::Measure;

/// The kind of process that confines itself; it decides the system calls that stay possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// A process that is about to read a secret and still needs files: not dumpable, no core dumps, no new privileges.
    /// The signer starts with it, before it loads the key; commands that show or make a key can use it as well.
    KeyReader,
    /// The signer: one thread that reads and writes descriptors which are already open and computes. It cannot start
    /// threads, map executable memory or duplicate descriptors either.
    Signer,
    /// The compile child: as the signer, and it may start threads of its own process and map memory as it likes.
    Compiler(Limits),
}

impl Profile {
    /// The measures of this profile in the order in which they are applied. A limit that is not set is no measure.
    pub(crate) fn measures(self) -> Vec<Measure> {
        let limits = self.limits();
        let mut measures = vec![Measure::NotDumpable, Measure::NoCoreDumps];
        if limits.address_space.is_some() {
            measures.push(Measure::AddressSpace);
        }
        if limits.cpu_seconds.is_some() {
            measures.push(Measure::CpuTime);
        }
        measures.push(Measure::NoNewPrivileges);
        if self != Self::KeyReader {
            measures.extend([Measure::Landlock, Measure::Seccomp]);
        }
        measures
    }

    /// The limits that go with this profile.
    pub(crate) fn limits(self) -> Limits {
        match self {
            Self::KeyReader | Self::Signer => Limits::default(),
            Self::Compiler(limits) => limits,
        }
    }
}

/// Resource limits. `None` leaves a limit as the process inherited it; a limit is only ever lowered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Largest address space of the process in bytes (`RLIMIT_AS`). Reserved memory counts, not only memory in use.
    pub address_space: Option<u64>,
    /// CPU time of the process in seconds, over all its threads (`RLIMIT_CPU`). The kernel kills it one second later.
    pub cpu_seconds: Option<u64>,
}

/// What happens when a measure is not available.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// [`apply`](crate::apply) fails.
    Required,
    /// The report says so and the process goes on.
    BestEffort,
}
