//! A new plugin project.
//!
//! The SDK is not published: its sources and the contract are part of this crate and are written into the project,
//! so a project builds wherever it lies.

use std::fs;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use crate::cache::{make_folder, remove_folder};
use crate::error::ToolchainError;

static SDK_SOURCES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../sdk-guest/rust/src");
static SDK_CARGO: &str = include_str!("../../../sdk-guest/rust/Cargo.toml");
static CONTRACT: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../wit");

/// File, and its text with `{{name}}` for the plugin's name.
const RUST: [(&str, &str); 6] = [
    ("Cargo.toml", include_str!("../template/rust/Cargo.toml.in")),
    ("plugin.toml", include_str!("../template/rust/plugin.toml.in")),
    ("schemas/text-generation.json", include_str!("../template/rust/schemas/text-generation.json")),
    ("src/lib.rs", include_str!("../template/rust/src/lib.rs.in")),
    ("README.md", include_str!("../template/rust/README.md.in")),
    (".gitignore", include_str!("../template/rust/gitignore.in")),
];

/// Longest name, in bytes: the manifest's limit.
const LONGEST_NAME: usize = 64;

/// Names that cargo refuses for a crate, or that a crate in the project has already.
const TAKEN: [&str; 55] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "sdk",
    "self",
    "serde",
    "soma-sdk",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "unsafe",
    "use",
    "where",
    "while",
];

/// Writes a Rust plugin project `name` into the folder `parent` and returns the project's folder. The project is
/// there as a whole or not at all.
///
/// # Errors
/// `BadName`, `FolderInUse` when `parent/name` is there and not empty, `File` when something can't be written.
pub fn rust(name: &str, parent: &Path) -> Result<PathBuf, ToolchainError> {
    check_name(name)?;
    let project = parent.join(name);
    if is_in_use(&project) {
        return Err(ToolchainError::FolderInUse { path: project });
    }
    make_folder(parent)?;
    let part = parent.join(format!(".{name}.{}.part", std::process::id()));
    remove_folder(&part)?;
    let written =
        fill(&part, name).and_then(|()| fs::rename(&part, &project).map_err(ToolchainError::file("write", &project)));
    if let Err(error) = written {
        remove_folder(&part)?;
        return Err(error);
    }
    Ok(project)
}

/// Anything but an empty folder.
fn is_in_use(path: &Path) -> bool {
    match fs::read_dir(path) {
        Ok(mut files) => files.next().is_some(),
        Err(_) => fs::symlink_metadata(path).is_ok(),
    }
}

fn fill(folder: &Path, name: &str) -> Result<(), ToolchainError> {
    for (file, text) in RUST {
        write(&folder.join(file), text.replace("{{name}}", name).as_bytes())?;
    }
    let sdk = folder.join("sdk");
    write(&sdk.join("Cargo.toml"), SDK_CARGO.as_bytes())?;
    copy(&SDK_SOURCES, &sdk.join("src"))?;
    copy(&CONTRACT, &sdk.join("wit"))
}

fn copy(from: &Dir<'_>, to: &Path) -> Result<(), ToolchainError> {
    for file in from.files() {
        write(&to.join(file.path()), file.contents())?;
    }
    // Paths are relative to the embedded root, in subfolders too.
    from.dirs().try_for_each(|folder| copy(folder, to))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), ToolchainError> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    fs::write(path, bytes).map_err(ToolchainError::file("write", path))
}

fn check_name(name: &str) -> Result<(), ToolchainError> {
    let problem = if name.is_empty() || name.len() > LONGEST_NAME {
        "it has not 1 to 64 characters"
    } else if !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        "only a-z, 0-9 and - are allowed"
    } else if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        "it does not begin with a letter"
    } else if TAKEN.contains(&name) {
        "the name has a meaning in Rust or is taken by a crate that the project uses"
    } else {
        return Ok(());
    };
    Err(ToolchainError::BadName { name: name.to_owned(), problem })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn writes_a_project_that_has_all_it_needs() {
        let folder = tempfile::tempdir().unwrap();
        let project = rust("my-miner", folder.path()).unwrap();
        assert_eq!(project, folder.path().join("my-miner"));
        for file in ["Cargo.toml", ".gitignore", "README.md", "sdk/src/lib.rs", "sdk/wit/types.wit", "sdk/Cargo.toml"] {
            assert!(project.join(file).is_file(), "{file}");
        }
        for (file, _) in RUST {
            let text = fs::read_to_string(project.join(file)).unwrap();
            assert!(!text.contains("{{"), "{file}");
        }
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1);
    }

    #[test]
    fn the_plugin_toml_is_one_that_the_host_reads() {
        let folder = tempfile::tempdir().unwrap();
        let project = rust("my-miner", folder.path()).unwrap();
        let manifest = soma_manifest::Manifest::from_source(&project.join("plugin.toml")).unwrap();
        assert_eq!(manifest.name, "my-miner");
        assert!(manifest.routes.contains_key("TextGeneration"));
    }

    #[test]
    fn overwrites_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("empty")).unwrap();
        assert!(rust("empty", folder.path()).is_ok());
        assert!(matches!(rust("empty", folder.path()), Err(ToolchainError::FolderInUse { .. })));
        fs::write(folder.path().join("file"), "").unwrap();
        assert!(matches!(rust("file", folder.path()), Err(ToolchainError::FolderInUse { .. })));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn refuses_names_that_cargo_or_the_manifest_would() {
        for name in ["", "Miner", "1miner", "-miner", "my_miner", "a/b", "..", "fn", "test", "soma-sdk", "über"] {
            assert!(matches!(check_name(name), Err(ToolchainError::BadName { .. })), "{name}");
        }
        assert!(check_name(&"a".repeat(65)).is_err());
        assert!(check_name(&"a".repeat(64)).is_ok());
    }

    proptest! {
        #[test]
        fn a_name_that_passes_is_one_plain_folder(name in "\\PC{0,70}") {
            if check_name(&name).is_ok() {
                prop_assert_eq!(Path::new(&name).components().count(), 1);
            }
        }
    }
}
