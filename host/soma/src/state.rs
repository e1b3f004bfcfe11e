//! The state folder: one host at a time.
//!
//! Two hosts with one folder would each forget the nonces that the other one took. The lock is the kernel's, on an
//! open file, so it ends with its process however that ends. The file stays: removing it would let two hosts lock two
//! files of one name.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

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
    /// [`SomaError::StateInUse`] names the process that has it; [`SomaError::Folder`], also when others may write into
    /// the folder or the lock is no ordinary file.
    pub fn claim(path: &Path) -> Result<Self, SomaError> {
        let failed = |cause| SomaError::Folder { path: path.to_owned(), cause };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        let mut lock = open(path).map_err(failed)?;
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

/// Opens the file that is locked. It is written to: whoever else may write into the folder could put a link there, to
/// any file of this user.
fn open(folder: &Path) -> std::io::Result<File> {
    let meta = std::fs::metadata(folder)?;
    if meta.uid() != rustix::process::geteuid().as_raw() || meta.mode() & 0o022 != 0 {
        return Err(std::io::Error::other("it is not this user's alone to write into: `chown` and `chmod 700` it"));
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let lock = options.custom_flags(flags.bits().cast_signed()).open(folder.join(LOCK))?;
    if lock.metadata()?.is_file() { Ok(lock) } else { Err(std::io::Error::other("`lock` in it is no ordinary file")) }
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
    use std::os::unix::fs::PermissionsExt;

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

    #[test]
    fn a_link_in_place_of_the_lock_is_not_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let (state, file) = (folder.path().join("state"), folder.path().join("file"));
        std::fs::create_dir(&state).unwrap();
        std::fs::write(&file, "dear").unwrap();
        std::os::unix::fs::symlink(&file, state.join(LOCK)).unwrap();
        assert!(matches!(StateFolder::claim(&state), Err(SomaError::Folder { .. })));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "dear");
    }

    #[test]
    fn a_folder_that_others_may_write_into_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for (mode, good) in [(0o777, false), (0o720, false), (0o755, true), (0o700, true)] {
            std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(StateFolder::claim(folder.path()).is_ok(), good, "{mode:o}");
        }
    }
}
