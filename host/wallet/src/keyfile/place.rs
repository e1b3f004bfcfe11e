//! How a key file gets its place.
//!
//! A new file has mode 0600 in folders of mode 0700. It is written beside its name and then renamed, so a crash leaves
//! no half key. A file that is there is never lost: either the new one is refused, or the old one stays as a hidden
//! backup in the same folder. The backup's name ends in `.lock`, because the SDKs leave such files out when they list
//! hotkeys.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Error, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fs::{CWD, RenameFlags};

use crate::error::WalletError;

/// How many backups of one file one second can see.
const BACKUPS_A_SECOND: u32 = 100;

/// What happens to a file that has the name already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and the new one is refused.
    Keep,
    /// It stays under a backup's name.
    BackUp,
}

/// Puts a file with these bytes at `path`; the answer is the backup, if one was made.
pub(super) fn put(path: &Path, bytes: &[u8], existing: Existing) -> Result<Option<PathBuf>, WalletError> {
    let io = |cause: Error| match cause.kind() {
        ErrorKind::AlreadyExists => WalletError::Exists { path: path.to_owned() },
        _ => WalletError::Io { action: "write", path: path.to_owned(), cause },
    };
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|cause| WalletError::Io {
            action: "make",
            path: folder.to_owned(),
            cause,
        })?;
    }
    let beside = beside(path);
    let placed = write_beside(&beside, bytes).and_then(|()| match existing {
        Existing::Keep => rename_new(&beside, path).map(|()| None),
        Existing::BackUp => {
            let backup = back_up(path)?;
            std::fs::rename(&beside, path)?;
            Ok(backup)
        }
    });
    if placed.is_err() {
        // The name is random, so whatever is there came from this call.
        let _ = std::fs::remove_file(&beside);
    }
    placed.map_err(io)
}

/// A hidden name in the same folder, so that the rename stays on one file system.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{:016x}.tmp", rand::random::<u64>()))
}

fn write_beside(beside: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(beside)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Gives the file its name unless that is taken. File systems without such a rename get a hard link, which refuses too.
fn rename_new(from: &Path, to: &Path) -> std::io::Result<()> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            std::fs::hard_link(from, to)?;
            std::fs::remove_file(from)
        }
        Err(errno) => Err(errno.into()),
    }
}

/// Copies what is at `path` to a backup's name and waits until it is on the disk; `None` when nothing is there.
fn back_up(path: &Path) -> std::io::Result<Option<PathBuf>> {
    let mut original = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    for number in 0..BACKUPS_A_SECOND {
        let backup = path.with_file_name(format!(".{name}.backup-{seconds}-{number}.lock"));
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&backup) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            Ok(mut copy) => {
                let copied = std::io::copy(&mut original, &mut copy).and_then(|_| copy.sync_all());
                if let Err(error) = copied {
                    let _ = std::fs::remove_file(&backup);
                    return Err(error);
                }
                return Ok(Some(backup));
            }
        }
    }
    Err(Error::other("there are too many backups of this second"))
}
