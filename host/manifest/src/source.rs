//! Files of a plugin's source folder.
//!
//! Whoever builds a plugin may not have written it, and what is read here ends in a file that is given away. So a path in
//! `plugin.toml` leads to an ordinary file of modest size within the folder, or nowhere: not to a key beside it, not to
//! a device without an end.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::OFlags;

/// Largest file of the folder that is read, in bytes: as much as a whole manifest may have.
const LARGEST: u64 = crate::manifest::LONGEST_SECTION as u64;

/// Where a path in `plugin.toml` leads.
#[derive(Debug, PartialEq, Eq)]
pub enum Place {
    /// To this file of the folder; links are followed.
    Within(PathBuf),
    /// Out of the folder.
    Outside,
}

/// Follows a path from the folder that holds `plugin.toml`. A link may lead elsewhere in the folder only.
///
/// # Errors
/// When the folder or the file is not there.
pub fn locate(folder: &Path, path: &str) -> io::Result<Place> {
    let inner = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if !Path::new(path).components().all(inner) {
        return Ok(Place::Outside);
    }
    // The folder of a bare `plugin.toml` has an empty name.
    let folder = fs::canonicalize(Path::new(".").join(folder))?;
    let file = fs::canonicalize(folder.join(path))?;
    Ok(if file.starts_with(&folder) { Place::Within(file) } else { Place::Outside })
}

/// Reads an ordinary file of at most 1 MiB.
///
/// # Errors
/// Also for anything else than a file, without waiting for it, and for text that is not UTF-8.
pub fn read(path: &Path) -> io::Result<String> {
    let wrong = |problem: String| io::Error::new(io::ErrorKind::InvalidInput, problem);
    // Opening a pipe would wait for its other end.
    let flags = OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let file = File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(wrong("it is no ordinary file".to_owned()));
    }
    let mut text = String::new();
    // Its length may change meanwhile.
    file.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST { Err(wrong(format!("it has more than {LARGEST} bytes"))) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_paths_within_the_folder_are_followed() {
        let parent = tempfile::tempdir().unwrap();
        let (folder, secret) = (parent.path().join("plugin"), parent.path().join("secret.json"));
        fs::create_dir_all(folder.join("schemas")).unwrap();
        fs::write(folder.join("schemas/a.json"), "{}").unwrap();
        fs::write(&secret, "{}").unwrap();
        symlink(&secret, folder.join("out.json")).unwrap();
        symlink(parent.path(), folder.join("up")).unwrap();
        symlink("schemas/a.json", folder.join("in.json")).unwrap();
        let inside = Place::Within(fs::canonicalize(folder.join("schemas/a.json")).unwrap());
        for path in ["schemas/a.json", "./schemas/a.json", "in.json"] {
            assert_eq!(locate(&folder, path).unwrap(), inside, "{path}");
        }
        for path in
            ["../secret.json", "schemas/../../secret.json", "out.json", "up/secret.json", "up/plugin/in.json/.."]
        {
            assert_eq!(locate(&folder, path).unwrap(), Place::Outside, "{path}");
        }
        assert_eq!(locate(&folder, secret.to_str().unwrap()).unwrap(), Place::Outside);
        assert!(locate(&folder, "gone.json").is_err());
        assert!(
            locate(Path::new(""), "src/source.rs").is_ok_and(|place| place != Place::Outside),
            "the current folder"
        );
    }

    #[test]
    fn devices_pipes_folders_and_large_files_are_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let (pipe, large) = (folder.path().join("pipe"), folder.path().join("large"));
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        fs::write(&large, vec![b' '; LARGEST as usize + 1]).unwrap();
        for path in [Path::new("/dev/zero"), folder.path(), &pipe, &large] {
            assert_eq!(read(path).unwrap_err().kind(), io::ErrorKind::InvalidInput, "{}", path.display());
        }
        fs::write(&large, vec![b' '; LARGEST as usize]).unwrap();
        assert_eq!(read(&large).unwrap().len() as u64, LARGEST);
    }
}
