//! Debian's own Rust compiler and the sources of its standard library, unpacked into the cache folder.
//!
//! Why it works: rustup's toolchain has the linker but not the library for the target; Debian has no library for
//! it either, but ships the sources that match its compiler, so cargo can build the library with the guest.
//! Nothing is installed: the packages are unpacked, and a small script starts the compiler with its libraries.
//!
//! Killed at any moment, this leaves at most a folder ending in `.part`, which the next run removes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::archive::Archive;
use crate::cache::{Cache, make_folder, remove_folder};
use crate::chain::Surroundings;
use crate::error::ToolchainError;
use crate::process;
use crate::progress::Progress;

/// Debian's compiler for its web browsers: the newest Rust that a stable release has.
const COMPILER: &str = "rustc-web";
/// The sources that belong to it.
const SOURCES: &str = "rust-web-src";

/// A compiler that can build the standard library.
pub(crate) struct Unpacked {
    /// The script that starts it.
    pub rustc: PathBuf,
    /// Its answer to `-vV`.
    pub version: String,
}

/// The unpacked compiler, which is fetched when it is not there. None on a machine without Debian's tools.
pub(crate) fn find(
    cache: &Cache,
    progress: Progress,
    around: &Surroundings,
) -> Result<Option<Unpacked>, ToolchainError> {
    let tools = ["apt-get", "apt-cache", "dpkg-deb", "dpkg-query", "tar"];
    if tools.iter().any(|tool| process::on_path(tool, &around.path).is_none()) {
        return Ok(None);
    }
    let _lock = cache.lock("debian-rust")?;
    let folder = cache.debian();
    if let Ok(found) = check(&folder) {
        return Ok(Some(found));
    }
    remove_folder(&folder)?;
    remove_parts(cache.root());
    let part = folder.with_extension(format!("{}.part", std::process::id()));
    make_folder(&part)?;
    fetch(&part, progress)?;
    check(&part)?;
    fs::rename(&part, &folder).map_err(ToolchainError::file("write", &folder))?;
    check(&folder).map(Some)
}

/// Removes what killed runs left. A program that such a run had started may still be writing there for a moment:
/// what can't be removed now is left for the next time.
fn remove_parts(cache: &Path) {
    let Ok(entries) = fs::read_dir(cache) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("debian-rust.") && name.ends_with(".part") {
            let _ = remove_folder(&path);
        }
    }
}

/// The compiler starts, and the sources are where cargo looks for them.
fn check(folder: &Path) -> Result<Unpacked, ToolchainError> {
    let lock_file = folder.join("usr/lib/rustlib/src/rust/library/Cargo.lock");
    fs::metadata(&lock_file).map_err(ToolchainError::file("read", lock_file))?;
    let rustc = folder.join("rustc");
    let version = process::output(Command::new(&rustc).arg("-vV"))?;
    Ok(Unpacked { rustc, version })
}

fn fetch(folder: &Path, progress: Progress) -> Result<(), ToolchainError> {
    let archive = Archive::new(folder.join("archive"))?;
    let step = progress.step("reading the package lists of this machine's archive");
    archive.update()?;
    let packages = packages(&archive)?;
    step.done();

    let files = archive.download(&packages, progress)?;

    let step = progress.parts("unpacking Debian's Rust compiler", files.len() as u64);
    for (count, file) in (0..).zip(&files) {
        step.at(count);
        unpack(file, folder)?;
    }
    archive.remove()?;
    write_script(folder)?;
    step.done();
    Ok(())
}

/// The compiler, the sources, and those libraries which the compiler needs and the machine does not have.
fn packages(archive: &Archive) -> Result<Vec<String>, ToolchainError> {
    for package in [COMPILER, SOURCES] {
        if !archive.has(package)? {
            return Err(ToolchainError::NoPackage { package });
        }
    }
    let mut wanted = vec![COMPILER.to_owned(), SOURCES.to_owned()];
    let mut next = 0;
    while let Some(package) = wanted.get(next).cloned() {
        next += 1;
        for dependency in archive.dependencies(&package)? {
            if !wanted.contains(&dependency) && is_needed(&dependency, installed(&dependency)) {
                wanted.push(dependency);
            }
        }
    }
    Ok(wanted)
}

/// Whether a dependency has to be unpacked: Rust's own packages always (the compiler looks for its library
/// beside itself), other libraries when they are not installed. C headers, gcc and binutils are not needed.
fn is_needed(package: &str, installed: Installed) -> bool {
    if package.contains("rust") {
        return package.starts_with("lib");
    }
    installed == Installed::No && package.starts_with("lib") && !package.ends_with("-dev")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Installed {
    Yes,
    No,
}

fn installed(package: &str) -> Installed {
    let mut question = Command::new("dpkg-query");
    question.args(["--show", "--showformat=${db:Status-Status}\n", package]);
    match process::output(&mut question) {
        Ok(states) if states.lines().any(|state| state == "installed") => Installed::Yes,
        _ => Installed::No,
    }
}

/// Unpacks one package; of the sources, which are large, the standard library only.
fn unpack(file: &Path, folder: &Path) -> Result<(), ToolchainError> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    if !name.starts_with(SOURCES) {
        process::output(Command::new("dpkg-deb").arg("--extract").arg(file).arg(folder))?;
        return Ok(());
    }
    let mut reader = Command::new("dpkg-deb");
    reader.arg("--fsys-tarfile").arg(file).stdout(std::process::Stdio::piped());
    let mut reading = reader.spawn().map_err(|source| process::not_started(&reader, source))?;
    let mut writer = Command::new("tar");
    writer.arg("--extract").arg("--directory").arg(folder).arg("--wildcards");
    writer.args(["./usr/src/*/library/*", "./usr/lib/rustlib/src/*"]);
    if let Some(tar_file) = reading.stdout.take() {
        writer.stdin(tar_file);
    }
    let written = writer.output().map_err(|source| process::not_started(&writer, source))?;
    let read = reading.wait().map_err(|source| process::not_started(&reader, source))?;
    process::check(&writer, written.status, &written.stderr)?;
    process::check(&reader, read, b"")
}

/// The compiler needs its own libraries, wherever the folder lies.
const SCRIPT: &str = r#"#!/bin/sh
# Starts the unpacked compiler with the libraries that were unpacked with it.
here=$(cd "$(dirname "$0")" && pwd)
for folder in "$here"/usr/lib/*-linux-* "$here"/lib/*-linux-*; do
    [ -d "$folder" ] && LD_LIBRARY_PATH="$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
done
export LD_LIBRARY_PATH
exec "$here/usr/bin/rustc" "$@"
"#;

fn write_script(folder: &Path) -> Result<(), ToolchainError> {
    let path = folder.join("rustc");
    fs::write(&path, SCRIPT).map_err(ToolchainError::file("write", &path))?;
    make_executable(&path).map_err(ToolchainError::file("make executable", &path))
}

#[cfg(unix)]
fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_libraries_that_the_machine_lacks() {
        for (package, state, needed) in [
            ("libstd-rust-web-1.96", Installed::Yes, true),
            ("libstd-rust-web-dev", Installed::No, true),
            ("libllvm22", Installed::No, true),
            ("libllvm22", Installed::Yes, false),
            ("libc6", Installed::Yes, false),
            ("libc6-dev", Installed::No, false),
            ("gcc", Installed::No, false),
            ("binutils", Installed::No, false),
        ] {
            assert_eq!(is_needed(package, state), needed, "{package}");
        }
    }

    #[test]
    fn what_a_killed_run_left_is_removed_and_nothing_else() {
        let cache = tempfile::tempdir().unwrap();
        for name in ["debian-rust.17.part", "debian-rust", "guest-target", "other.part"] {
            fs::create_dir_all(cache.path().join(name).join("inner")).unwrap();
        }
        remove_parts(cache.path());
        let left = fs::read_dir(cache.path()).unwrap().flatten().map(|entry| entry.file_name());
        let mut left: Vec<_> = left.collect();
        left.sort();
        assert_eq!(left, ["debian-rust", "guest-target", "other.part"]);
    }

    #[test]
    fn a_folder_that_is_half_there_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        assert!(check(folder.path()).is_err());
        let library = folder.path().join("usr/lib/rustlib/src/rust/library");
        fs::create_dir_all(&library).unwrap();
        fs::write(library.join("Cargo.lock"), "").unwrap();
        assert!(check(folder.path()).is_err());
    }

    #[test]
    fn the_script_starts_the_compiler_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let programs = folder.path().join("usr/bin");
        let libraries = folder.path().join("usr/lib/x86_64-linux-gnu");
        fs::create_dir_all(&programs).unwrap();
        fs::create_dir_all(&libraries).unwrap();
        let compiler = programs.join("rustc");
        fs::write(&compiler, "#!/bin/sh\necho \"$LD_LIBRARY_PATH|$*\"\n").unwrap();
        make_executable(&compiler).unwrap();
        write_script(folder.path()).unwrap();
        let said = process::output(Command::new(folder.path().join("rustc")).args(["a b", "c"])).unwrap();
        assert!(said.starts_with(&*libraries.to_string_lossy()), "{said}");
        assert!(said.ends_with("|a b c\n"), "{said}");
    }
}
