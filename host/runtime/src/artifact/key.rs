//! The key that artifacts are authenticated with.
//!
//! Whoever has it can have the host run native code. So it is read only when it is this user's own and nobody else
//! can read or replace it.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use super::{KEY_BYTES, at, beside};
use crate::error::LoadError;

/// The name that a key's artifacts lie under: tells keys apart and gives nothing of them away.
pub fn name(key: &[u8; KEY_BYTES]) -> String {
    blake3::derive_key("soma artifact folder", key).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// The key in this file; a new one when there is none.
pub fn read_or_make(path: &Path) -> Result<[u8; KEY_BYTES], LoadError> {
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(|error| LoadError::Engine(error.to_string()))?;
    let beside = beside(path)?;
    let made = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside);
    made.and_then(|mut file| file.write_all(&key)).map_err(at(&beside))?;
    // Linking fails when another process was first: then its key counts.
    let linked = fs::hard_link(&beside, path);
    fs::remove_file(&beside).map_err(at(&beside))?;
    match linked {
        Ok(()) => Ok(key),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => read(path),
        Err(error) => Err(at(path)(error)),
    }
}

fn read(path: &Path) -> Result<[u8; KEY_BYTES], LoadError> {
    let odd = |problem: &str| at(path)(std::io::Error::other(problem.to_owned()));
    if let Some(folder) = path.parent() {
        let mode = fs::metadata(folder).map_err(at(folder))?.mode();
        if mode & 0o022 != 0 {
            return Err(at(folder)(std::io::Error::other("others may write into it: `chmod 700` it")));
        }
    }
    let flags = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or(0);
    let file = File::options().read(true).custom_flags(flags).open(path).map_err(at(path))?;
    let meta = file.metadata().map_err(at(path))?;
    if !meta.is_file() || meta.uid() != rustix::process::geteuid().as_raw() || meta.mode() & 0o077 != 0 {
        return Err(odd("it is not this user's alone: remove it, plugins are then compiled again"));
    }
    let mut stored = Vec::new();
    file.take(KEY_BYTES as u64 + 1).read_to_end(&mut stored).map_err(at(path))?;
    stored.try_into().map_err(|_| odd("it must have 32 bytes: remove it, plugins are then compiled again"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_that_others_could_have_written_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let key = read_or_make(&path).unwrap();
        assert_eq!(read_or_make(&path).unwrap(), key, "the same the second time");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);

        let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        mode(&path, 0o644);
        assert!(read_or_make(&path).is_err(), "readable by others");
        mode(&path, 0o600);
        mode(folder.path(), 0o777);
        assert!(read_or_make(&path).is_err(), "replaceable by others");
        mode(folder.path(), 0o700);
        assert!(read_or_make(&path).is_ok());

        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(read_or_make(&link).is_err(), "a link may lead anywhere");
        fs::write(&path, [0; 31]).unwrap();
        assert!(read_or_make(&path).is_err(), "too short");
    }
}
