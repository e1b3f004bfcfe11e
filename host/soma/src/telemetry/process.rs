//! What the host's own process uses, read from the system when somebody asks.

use std::time::Duration;

use procfs::process::Process;
use procfs::{ProcError, ProcResult};

/// One look.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ProcessUse {
    /// CPU time of all its threads, user and system.
    pub cpu: Duration,
    /// Bytes of resident memory.
    pub resident: u64,
    /// Open file descriptors.
    pub descriptors: usize,
    /// File descriptors that may be open.
    pub descriptors_limit: u64,
    /// Threads.
    pub threads: u64,
    /// When it was started, as Unix time.
    pub started: Duration,
}

impl ProcessUse {
    /// Looks.
    ///
    /// # Errors
    /// What the system says, where there is no `/proc`.
    pub fn read() -> ProcResult<ProcessUse> {
        let process = Process::myself()?;
        let stat = process.stat()?;
        let seconds = |ticks: u64| ticks as f64 / procfs::ticks_per_second() as f64;
        let duration =
            |seconds: f64| Duration::try_from_secs_f64(seconds).map_err(|error| ProcError::Other(error.to_string()));
        let most = match process.limits()?.max_open_files.soft_limit {
            procfs::process::LimitValue::Value(most) => most,
            procfs::process::LimitValue::Unlimited => u64::MAX,
        };
        Ok(ProcessUse {
            cpu: duration(seconds(stat.utime + stat.stime))?,
            resident: stat.rss * procfs::page_size(),
            descriptors: process.fd_count()?,
            descriptors_limit: most,
            threads: u64::try_from(stat.num_threads).unwrap_or_default(),
            started: duration(procfs::boot_time_secs()? as f64 + seconds(stat.starttime))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Instant, SystemTime, UNIX_EPOCH};

    #[test]
    fn what_the_test_itself_uses_is_seen() {
        let before = ProcessUse::read().unwrap();
        let files: Vec<_> = (0..10).map(|_| std::fs::File::open("/dev/null").unwrap()).collect();
        let memory = vec![1_u8; 64 << 20];
        let started = Instant::now();
        while started.elapsed() < Duration::from_millis(200) {
            std::hint::black_box(&memory);
        }
        let after = ProcessUse::read().unwrap();
        assert!(after.cpu > before.cpu, "{before:?} {after:?}");
        assert!(after.resident >= before.resident + (32 << 20), "{before:?} {after:?}");
        assert!(after.descriptors + 2 >= before.descriptors + files.len() && after.threads > 0, "{after:?}");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        assert!(after.started <= now && now - after.started < Duration::from_secs(3600), "{after:?}");
    }
}
