//! A tool chain for Rust guests, and the search for one.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache::Cache;
use crate::debian;
use crate::error::ToolchainError;
use crate::process;
use crate::progress::Progress;
use crate::rustc::{Linker, Rustc};

/// The target of Rust guests: no WASI, so nothing but the contract is imported.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// What the search looks at apart from files.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    /// Where programs are.
    pub path: OsString,
    /// What rustup may do.
    pub downloads: Downloads,
}

/// Whether rustup may download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Downloads {
    Allowed,
    /// `RUSTUP_AUTO_INSTALL=0`.
    Forbidden,
}

/// Tools that turn a Rust crate into a component.
#[derive(Clone, Debug)]
pub struct Toolchain {
    library: Library,
    linker: Linker,
    identity: String,
    path: OsString,
}

/// Where the standard library for the target comes from.
#[derive(Clone, Debug)]
enum Library {
    /// It is part of the active toolchain.
    Shipped,
    /// It is built with the guest, by this compiler, which has its sources.
    Built { rustc: PathBuf },
}

impl Surroundings {
    fn from_env() -> Self {
        let forbidden = env::var_os("RUSTUP_AUTO_INSTALL").is_some_and(|value| value == "0");
        Self {
            path: env::var_os("PATH").unwrap_or_default(),
            downloads: if forbidden { Downloads::Forbidden } else { Downloads::Allowed },
        }
    }
}

impl Toolchain {
    /// Takes the first tool chain that works, see the crate's description. `folder` is where the guest is: the
    /// active Rust toolchain may depend on it. May download about 150 MB, once for each cache.
    ///
    /// # Errors
    /// `NoProgram` without Rust, `NoLinker`, and `NoTarget` with everything that was tried.
    pub fn find(folder: &Path, cache: &Cache, progress: Progress) -> Result<Self, ToolchainError> {
        Self::search(folder, cache, progress, Surroundings::from_env())
    }

    fn search(folder: &Path, cache: &Cache, progress: Progress, around: Surroundings) -> Result<Self, ToolchainError> {
        let active = Rustc::ask(folder, &around)?;
        let linker = active.linker(&around)?;
        let mut tried = Vec::new();
        if Rustc::has_target(folder, &around) || add_target(folder, progress, &around, &mut tried) {
            let identity = format!("shipped\n{}", active.version);
            return Ok(Self { library: Library::Shipped, linker, identity, path: around.path });
        }
        match debian::find(cache, progress, &around) {
            Ok(Some(found)) => Ok(Self {
                library: Library::Built { rustc: found.rustc },
                linker,
                identity: format!("built\n{}{}", active.version, found.version),
                path: around.path,
            }),
            Ok(None) => {
                tried.push("this machine has no Debian packages (no apt-get, apt-cache, dpkg-deb)".into());
                Err(ToolchainError::NoTarget { tried })
            }
            Err(error) => {
                tried.push(format!("Debian's packages: {error}"));
                Err(ToolchainError::NoTarget { tried })
            }
        }
    }

    /// Names compiler, linker and the way the standard library is made: a guest that was built with another
    /// identity may come out differently.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Cargo in `folder`, with everything set for the target but the subcommand.
    pub(crate) fn cargo(&self, folder: &Path) -> Command {
        let mut command = process::clean("cargo", folder);
        let path = match &self.linker.wasm_ld {
            Some(wasm_ld) => process::path_with(wasm_ld, &self.path),
            None => self.path.clone(),
        };
        command.env("PATH", path);
        if let Library::Built { rustc } = &self.library {
            // The compiler is Debian's stable one; building its standard library is an unstable option of cargo.
            command.env("RUSTC", rustc).env("RUSTC_BOOTSTRAP", "1");
        }
        command
    }

    /// The flags that follow cargo's subcommand `build`.
    pub(crate) fn flags(&self) -> Vec<String> {
        let linker = quoted(&self.linker.program.to_string_lossy());
        let flags = crate::build::rust::LINK_FLAGS.map(quoted).join(", ");
        let mut arguments = vec![
            format!("--target={TARGET}"),
            format!("--config=target.{TARGET}.linker={linker}"),
            format!("--config=target.{TARGET}.rustflags=[{flags}]"),
        ];
        if matches!(self.library, Library::Built { .. }) {
            arguments.push("-Zbuild-std=std,panic_abort".into());
        }
        arguments
    }
}

/// A TOML string.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Asks rustup for the target, where that is allowed. Says in `tried` why it did not work.
fn add_target(folder: &Path, progress: Progress, around: &Surroundings, tried: &mut Vec<String>) -> bool {
    if process::on_path("rustup", &around.path).is_none() {
        tried.push("rustup is not on the PATH".into());
        return false;
    }
    if around.downloads == Downloads::Forbidden {
        tried.push("rustup may not download (RUSTUP_AUTO_INSTALL=0)".into());
        return false;
    }
    let step = progress.step(format!("rustup target add {TARGET}"));
    let mut command = process::clean("rustup", folder);
    command.env("PATH", &around.path).args(["target", "add", TARGET]);
    match process::output(&mut command) {
        Ok(_) if Rustc::has_target(folder, around) => {
            step.done();
            true
        }
        Ok(_) => {
            tried.push("rustup added the target, but to another toolchain than the active one".into());
            false
        }
        Err(error) => {
            tried.push(error.to_string());
            false
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A folder of small scripts that play the tools.
    struct Machine {
        folder: tempfile::TempDir,
    }

    impl Machine {
        /// A toolchain with the linker, and without the target.
        fn new() -> Self {
            let machine = Self { folder: tempfile::tempdir().unwrap() };
            let root = machine.folder.path();
            let programs = root.join("sysroot/lib/rustlib/here/bin");
            fs::create_dir_all(&programs).unwrap();
            fs::write(programs.join("wasm-component-ld"), "").unwrap();
            fs::create_dir(root.join("bin")).unwrap();
            machine.tool(
                "rustc",
                &format!(
                    "case \"$*\" in\n*-vV*) echo 'rustc 9.9.9'; echo 'host: here';;\n\
                     *target-libdir*) echo {0}/lib;;\n*sysroot*) echo {0}/sysroot;;\nesac",
                    root.display()
                ),
            );
            machine
        }

        fn tool(&self, name: &str, script: &str) {
            let file = self.folder.path().join("bin").join(name);
            fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        }

        /// The script that adds the target.
        fn adding(&self) -> String {
            format!("/bin/mkdir -p {0}/lib && : > {0}/lib/libstd-1.rlib", self.folder.path().display())
        }

        fn search(&self, downloads: Downloads) -> Result<Toolchain, ToolchainError> {
            let root = self.folder.path();
            let around = Surroundings { path: root.join("bin").into(), downloads };
            Toolchain::search(root, &Cache::at(root.join("cache")), Progress::Silent, around)
        }
    }

    fn tried(result: Result<Toolchain, ToolchainError>) -> Vec<String> {
        match result {
            Err(ToolchainError::NoTarget { tried }) => tried,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn takes_the_target_that_is_there() {
        let machine = Machine::new();
        fs::create_dir(machine.folder.path().join("lib")).unwrap();
        fs::write(machine.folder.path().join("lib/libstd-1.rlib"), "").unwrap();
        let found = machine.search(Downloads::Forbidden).unwrap();
        assert!(matches!(found.library, Library::Shipped));
        assert!(found.identity().contains("rustc 9.9.9"));
        assert!(!found.flags().iter().any(|flag| flag.contains("build-std")));
    }

    #[test]
    fn asks_rustup_only_where_it_may_download() {
        let machine = Machine::new();
        machine.tool("rustup", &machine.adding());
        let tried = tried(machine.search(Downloads::Forbidden));
        assert!(tried[0].contains("RUSTUP_AUTO_INSTALL=0"), "{tried:?}");
        assert!(tried[1].contains("Debian"), "{tried:?}");
        let found = machine.search(Downloads::Allowed).unwrap();
        assert!(matches!(found.library, Library::Shipped));
    }

    #[test]
    fn says_everything_that_was_tried() {
        let machine = Machine::new();
        let none = tried(machine.search(Downloads::Allowed));
        assert!(none[0].contains("not on the PATH"), "{none:?}");
        machine.tool("rustup", "echo 'no network' >&2; exit 1");
        let failed = tried(machine.search(Downloads::Allowed));
        assert!(failed[0].contains("no network"), "{failed:?}");
        machine.tool("rustup", "exit 0");
        let elsewhere = tried(machine.search(Downloads::Allowed));
        assert!(elsewhere[0].contains("another toolchain"), "{elsewhere:?}");
    }

    #[test]
    fn names_what_is_missing_of_rust() {
        let machine = Machine::new();
        fs::remove_dir_all(machine.folder.path().join("sysroot")).unwrap();
        assert!(matches!(machine.search(Downloads::Allowed), Err(ToolchainError::NoLinker { .. })));
        fs::remove_file(machine.folder.path().join("bin/rustc")).unwrap();
        assert!(matches!(machine.search(Downloads::Allowed), Err(ToolchainError::NoProgram { .. })));
    }

    #[test]
    fn quotes_for_toml() {
        assert_eq!(quoted(r#"a\b"c"#), r#""a\\b\"c""#);
    }
}
