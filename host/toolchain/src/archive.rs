//! Debian's package archive, as this machine's settings name it, without touching the machine's own lists.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::cache::{make_folder, remove_folder};
use crate::error::ToolchainError;
use crate::process;
use crate::progress::Progress;

/// Lists and downloads in a folder of our own, so that neither root nor a fresh `apt-get update` is needed. apt
/// checks the archive's signatures as ever.
pub(crate) struct Archive {
    folder: PathBuf,
}

impl Archive {
    pub(crate) fn new(folder: PathBuf) -> Result<Self, ToolchainError> {
        for part in ["lists/partial", "cache/archives/partial", "files"] {
            make_folder(&folder.join(part))?;
        }
        Ok(Self { folder })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("LC_ALL", "C").current_dir(self.folder.join("files"));
        for (option, part) in [("Dir::State::Lists", "lists"), ("Dir::Cache", "cache")] {
            command.arg(format!("--option={option}={}", self.folder.join(part).display()));
        }
        // Under root apt would change to a user that can't write here.
        if is_root() {
            command.arg("--option=APT::Sandbox::User=root");
        }
        command
    }

    /// Fetches the lists.
    pub(crate) fn update(&self) -> Result<(), ToolchainError> {
        process::output(self.command("apt-get").args(["--quiet", "update"])).map(drop)
    }

    /// Whether a package can be downloaded.
    pub(crate) fn has(&self, package: &str) -> Result<bool, ToolchainError> {
        let text = process::output(self.command("apt-cache").args(["policy", package]))?;
        Ok(text.lines().filter_map(|line| line.trim().strip_prefix("Candidate: ")).any(|found| found != "(none)"))
    }

    /// The packages that one package depends on, first alternatives only.
    pub(crate) fn dependencies(&self, package: &str) -> Result<Vec<String>, ToolchainError> {
        let text = process::output(self.command("apt-cache").args(["depends", "--important", package]))?;
        Ok(parse_dependencies(&text))
    }

    /// Downloads packages and returns their files.
    pub(crate) fn download(&self, packages: &[String], progress: Progress) -> Result<Vec<PathBuf>, ToolchainError> {
        let uris =
            process::output(self.command("apt-get").args(["--quiet=2", "--print-uris", "download"]).args(packages))?;
        let files = self.folder.join("files");
        let total = total_size(&uris);
        let step = progress.bytes(format!("fetching Debian's Rust compiler ({} MB)", total / 1_000_000), total);
        let mut command = self.command("apt-get");
        command.args(["--quiet", "download"]).args(packages);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|source| process::not_started(&command, source))?;
        while matches!(child.try_wait(), Ok(None)) {
            step.at(size_of(&files));
            thread::sleep(Duration::from_millis(200));
        }
        let ended = child.wait_with_output().map_err(|source| process::not_started(&command, source))?;
        process::check(&command, ended.status, &ended.stderr)?;
        step.done();
        let listed = fs::read_dir(&files).map_err(ToolchainError::file("read", &files))?;
        Ok(listed.flatten().map(|file| file.path()).filter(|path| has_ending(path, "deb")).collect())
    }

    /// Removes lists and downloads.
    pub(crate) fn remove(self) -> Result<(), ToolchainError> {
        remove_folder(&self.folder)
    }
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|found| found == ending)
}

/// Bytes in the files of a folder.
fn size_of(folder: &Path) -> u64 {
    let Ok(files) = fs::read_dir(folder) else { return 0 };
    files.flatten().filter_map(|file| file.metadata().ok()).map(|meta| meta.len()).sum()
}

/// Lines of `apt-cache depends` are `  Depends: name`, with `|` before all but the last of several alternatives
/// and angle brackets round a virtual package.
fn parse_dependencies(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut alternative = false;
    for line in text.lines() {
        let (kind, name) = match line.trim_start().split_once(": ") {
            Some((kind, name)) => (kind, name.trim()),
            None => continue,
        };
        let is_depends = matches!(kind.trim_start_matches('|'), "Depends" | "PreDepends");
        if is_depends && !alternative && !name.starts_with('<') {
            names.push(name.split(':').next().unwrap_or(name).to_owned());
        }
        alternative = kind.starts_with('|');
    }
    names
}

/// Lines of `--print-uris` are `'uri' file size hash`.
fn total_size(uris: &str) -> u64 {
    uris.lines().filter_map(|line| line.split_whitespace().nth(2)?.parse::<u64>().ok()).sum()
}

#[cfg(unix)]
fn is_root() -> bool {
    let mut question = Command::new("id");
    process::output(question.arg("-u")).is_ok_and(|id| id.trim() == "0")
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_the_dependencies_that_apt_prints() {
        let text = "rustc-web\n  Depends: libc6\n |Depends: libgcc-s1\n  Depends: libgcc1\n  Depends: <libc-dev>\n    \
                    libc6-dev\n  PreDepends: libllvm22:any\n  Conflicts: rustc\n";
        assert_eq!(parse_dependencies(text), ["libc6", "libgcc-s1", "libllvm22"]);
    }

    #[test]
    fn adds_up_the_sizes() {
        let text = "'http://a/b_1%2b.deb' b_1+.deb 100 SHA256:00\nnonsense\n'http://a/c.deb' c.deb 23 SHA256:00\n";
        assert_eq!(total_size(text), 123);
    }

    proptest! {
        #[test]
        fn any_output_of_apt_is_read(text in "[ |a-zD<>:'0-9\\n]{0,200}") {
            parse_dependencies(&text);
            total_size(&text);
        }
    }
}
