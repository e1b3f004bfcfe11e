//! Built guests in the cache folder, by name and stamp.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use soma_toolchain::Cache;

use crate::error::XtaskError;

/// Builds of one guest that are kept: a few, as several clones and branches share the folder.
const KEPT: usize = 4;

/// The guest with this stamp, made when it is not there. Two that want the same at once: the second waits.
pub(super) fn take(
    cache: &Cache,
    name: &str,
    stamp: &str,
    make: impl FnOnce() -> Result<Vec<u8>, XtaskError>,
) -> Result<Vec<u8>, XtaskError> {
    let folder = cache.root().join("guests").join(name);
    let _lock = cache.lock(&format!("guest-{name}"))?;
    let file = folder.join(format!("{stamp}.wasm"));
    if let Ok(bytes) = fs::read(&file) {
        return Ok(bytes);
    }
    let bytes = make()?;
    fs::create_dir_all(&folder).map_err(XtaskError::file("make", &folder))?;
    let part = folder.join("new.part");
    fs::write(&part, &bytes).map_err(XtaskError::file("write", &part))?;
    fs::rename(&part, &file).map_err(XtaskError::file("write", &file))?;
    remove_old(&folder)?;
    Ok(bytes)
}

/// Removes all but the latest builds.
fn remove_old(folder: &Path) -> Result<(), XtaskError> {
    let entries = fs::read_dir(folder).map_err(XtaskError::file("read", folder))?;
    let built = |path: &Path| fs::metadata(path).and_then(|meta| meta.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort_by_key(|path| std::cmp::Reverse(built(path)));
    files.iter().skip(KEPT).try_for_each(|path| fs::remove_file(path).map_err(XtaskError::file("remove", path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_is_made_once_and_old_ones_go() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path());
        let take = |stamp: &str, text: &str| take(&cache, "g", stamp, || Ok(text.into())).unwrap();
        assert_eq!(take("1", "one"), b"one");
        assert_eq!(take("1", "not made"), b"one");
        for (age, stamp) in (1..).zip(["2", "3", "4", "5"]) {
            // The clock of a file system may be coarse.
            for file in fs::read_dir(folder.path().join("guests/g")).unwrap().flatten() {
                let file = fs::File::options().write(true).open(file.path()).unwrap();
                let before = file.metadata().unwrap().modified().unwrap();
                file.set_modified(before - std::time::Duration::from_secs(age)).unwrap();
            }
            take(stamp, stamp);
        }
        assert_eq!(fs::read_dir(folder.path().join("guests/g")).unwrap().count(), KEPT);
        assert_eq!(take("1", "again"), b"again");
        assert_eq!(take("5", "not made"), b"5");
    }
}
