//! The state folder: one host at a time.
//!
//! Two hosts with one folder would each forget the nonces that the other one took. The lock is the kernel's, on an
//! open file, so it ends with its process however that ends. The file stays: removing it would let two hosts lock two
//! files of one name.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use crate::error::SomaError;

/// Name of the file that is locked. It holds the process id of the host that locked it last.
const LOCK: &str = "lock";
/// Bytes that are read of it: more than the longest process id.
const LONGEST_ID: u64 = 16;

/// The folder, until this is dropped.
#[derive(Debug)]
pub struct StateFolder {
    /// Holds the lock.
    _lock: File,
}

impl StateFolder {
    /// Makes the folder, for this user only, and locks it.
    ///
    /// # Errors
    /// [`SomaError::StateInUse`] names the process that has it; [`SomaError::Folder`].
    pub fn claim(path: &Path) -> Result<Self, SomaError> {
        let failed = |cause| SomaError::Folder { path: path.to_owned(), cause };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut lock = options.open(path.join(LOCK)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(SomaError::StateInUse { path: path.to_owned(), holder: holder(&mut lock) });
            }
            Err(TryLockError::Error(cause)) => return Err(failed(cause)),
        }
        note(&mut lock).map_err(failed)?;
        Ok(Self { _lock: lock })
    }
}

/// Writes this process's id for whoever comes second.
fn note(lock: &mut File) -> std::io::Result<()> {
    lock.set_len(0)?;
    lock.seek(SeekFrom::Start(0))?;
    write!(lock, "{}", std::process::id())
}

/// Who has it, in words. The file may be empty for the moment between its lock and its first byte.
fn holder(lock: &mut File) -> String {
    let mut text = String::new();
    let id = lock.take(LONGEST_ID).read_to_string(&mut text).ok().and_then(|_| text.trim().parse::<u32>().ok());
    id.map_or_else(|| "another process".to_owned(), |id| format!("process {id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_host_and_the_second_is_told_which() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let first = StateFolder::claim(&path).unwrap();
        match StateFolder::claim(&path) {
            Err(SomaError::StateInUse { holder, .. }) => assert_eq!(holder, format!("process {}", std::process::id())),
            other => panic!("{other:?}"),
        }
        drop(first);
        assert!(StateFolder::claim(&path).is_ok(), "the lock ends with its holder");
    }

    #[test]
    fn what_an_older_host_left_in_the_file_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(LOCK), "4294967295 and more").unwrap();
        let _first = StateFolder::claim(folder.path()).unwrap();
        assert_eq!(std::fs::read_to_string(folder.path().join(LOCK)).unwrap(), std::process::id().to_string());
        std::fs::write(folder.path().join(LOCK), "junk").unwrap();
        match StateFolder::claim(folder.path()) {
            Err(SomaError::StateInUse { holder, .. }) => assert_eq!(holder, "another process"),
            other => panic!("{other:?}"),
        }
    }
}
