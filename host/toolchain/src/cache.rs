//! Where things are kept between runs, and the locks that let several runs share them.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::error::ToolchainError;

/// Soma's cache folder: `SOMA_CACHE`, else `soma` in `XDG_CACHE_HOME`, else `.cache/soma` in the home folder.
///
/// Everything in it can be made again. What has its final name is complete: it was made under a name ending in
/// `.part` and renamed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    root: PathBuf,
}

/// Held while one run works on something that others share. Dropping it lets the next one in; so does the end of
/// the process, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Cache {
    /// The folder that the environment names. It is made when something is put in.
    ///
    /// # Errors
    /// `NoCache` when no variable names one.
    pub fn from_env() -> Result<Self, ToolchainError> {
        let absolute = |name: &str| env::var_os(name).filter(|value| Path::new(value).is_absolute());
        Self::choose(env::var_os("SOMA_CACHE"), absolute("XDG_CACHE_HOME"), absolute("HOME"))
    }

    fn choose(own: Option<OsString>, xdg: Option<OsString>, home: Option<OsString>) -> Result<Self, ToolchainError> {
        let own = own.filter(|value| !value.is_empty());
        let root = own
            .map(PathBuf::from)
            .or_else(|| xdg.map(|xdg| Path::new(&xdg).join("soma")))
            .or_else(|| home.map(|home| Path::new(&home).join(".cache/soma")))
            .ok_or(ToolchainError::NoCache)?;
        let root = std::path::absolute(&root).map_err(ToolchainError::file("find", root))?;
        Ok(Self { root })
    }

    /// A cache in this folder.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where guests are built when nobody says otherwise: one folder, so that they share the standard library.
    pub fn guest_target(&self) -> PathBuf {
        self.root.join("guest-target")
    }

    /// Where the tool chain of Debian's packages is unpacked.
    pub(crate) fn debian(&self) -> PathBuf {
        self.root.join("debian-rust")
    }

    /// Waits until nobody else works on `name`, and keeps others out.
    ///
    /// # Errors
    /// `File` when the folder can't be made or the lock can't be had.
    pub fn lock(&self, name: &str) -> Result<Lock, ToolchainError> {
        make_folder(&self.root)?;
        lock(&self.root.join(format!("{name}.lock")))
    }
}

/// Locks a file, which is made when it is not there.
pub(crate) fn lock(path: &Path) -> Result<Lock, ToolchainError> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(ToolchainError::file("open", path))?;
    file.lock().map_err(ToolchainError::file("lock", path))?;
    Ok(Lock { _file: file })
}

pub(crate) fn make_folder(path: &Path) -> Result<(), ToolchainError> {
    fs::create_dir_all(path).map_err(ToolchainError::file("make", path))
}

/// Removes a folder with what is in it; content when it is not there.
pub(crate) fn remove_folder(path: &Path) -> Result<(), ToolchainError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(ToolchainError::file("remove", path)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_first_variable_that_is_set() {
        let some = |text: &str| Some(OsString::from(text));
        for (own, xdg, home, expected) in [
            (some("/a"), some("/b"), some("/c"), Some("/a")),
            (None, some("/b"), some("/c"), Some("/b/soma")),
            (some(""), None, some("/c"), Some("/c/.cache/soma")),
            (None, None, None, None),
        ] {
            let found = Cache::choose(own, xdg, home).ok();
            assert_eq!(found, expected.map(Cache::at));
        }
    }

    #[test]
    fn a_lock_keeps_others_out_until_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().join("new"));
        let lock = cache.lock("x").unwrap();
        let path = folder.path().join("new/x.lock");
        let other = File::open(&path).unwrap();
        assert!(other.try_lock().is_err());
        drop(lock);
        assert!(other.try_lock().is_ok());
    }
}
