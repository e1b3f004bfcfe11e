//! What a process holds, as the kernel sees it.

use std::fs;
use std::time::Duration;

use crate::error::HarnessError;

/// Memory and descriptors of a process at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Resident memory in bytes.
    pub resident: u64,
    /// Open descriptors.
    pub descriptors: usize,
}

impl Usage {
    /// Reads it.
    ///
    /// # Errors
    /// [`HarnessError::Io`] when there is no such process, [`HarnessError::Output`] when the kernel's text is odd.
    pub fn of(process: u32) -> Result<Usage, HarnessError> {
        let path = format!("/proc/{process}/status");
        let text = fs::read_to_string(&path).map_err(HarnessError::io(format!("reading {path}")))?;
        let resident = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident =
            resident.and_then(|rest| rest.split_whitespace().next()).and_then(|number| number.parse::<u64>().ok());
        let resident = resident.ok_or(HarnessError::Output { what: path, output: text })? * 1024;
        let path = format!("/proc/{process}/fd");
        let descriptors = fs::read_dir(&path).map_err(HarnessError::io(format!("reading {path}")))?.count();
        Ok(Usage { resident, descriptors })
    }
}

/// Processor time that a process has used, all threads, in user and kernel mode; exact to 10 milliseconds.
///
/// # Errors
/// As [`Usage::of`].
pub fn processor_time(process: u32) -> Result<Duration, HarnessError> {
    let path = format!("/proc/{process}/stat");
    let text = fs::read_to_string(&path).map_err(HarnessError::io(format!("reading {path}")))?;
    // The name, which may hold anything, is in brackets; user and system time are the 12th and 13th field after it.
    let after = text.rsplit_once(") ").map_or("", |(_, after)| after);
    let mut fields = after.split_whitespace().skip(11).map_while(|field| field.parse::<u64>().ok());
    let (Some(user), Some(system)) = (fields.next(), fields.next()) else {
        return Err(HarnessError::Output { what: path, output: text });
    };
    let tick = 1000 / rustix::param::clock_ticks_per_second().max(1);
    Ok(Duration::from_millis((user + system) * tick))
}

/// Raises this process's soft limit of open files to its hard limit, which children inherit, and returns it.
///
/// # Errors
/// [`HarnessError::Io`] when the kernel refuses.
pub fn open_more_files() -> Result<u64, HarnessError> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, wanted)
        .map_err(|error| HarnessError::io("raising the limit of open files")(error.into()))?;
    Ok(limit.maximum.unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_something() {
        let usage = Usage::of(std::process::id()).unwrap();
        assert!(usage.resident > 1 << 20 && usage.descriptors > 2, "{usage:?}");
        let file = fs::File::open("/proc/self/stat").unwrap();
        assert!(Usage::of(std::process::id()).unwrap().descriptors > 3);
        drop(file);
        processor_time(std::process::id()).unwrap();
        assert!(Usage::of(u32::MAX).is_err());
    }
}
