//! A new plugin project.
//!
//! The SDK is not published: its sources and the contract are part of this crate and are written into the project,
//! so a project builds wherever it lies.

use std::fs;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use crate::cache::{make_folder, remove_folder};
use crate::error::ToolchainError;
use crate::{build, world};

static SDK_SOURCES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../sdk-guest/rust/src");
static SDK_CARGO: &str = include_str!("../../../sdk-guest/rust/Cargo.toml");

/// File, and its text with `{{name}}` for the plugin's name.
const RUST: [(&str, &str); 7] = [
    ("Cargo.toml", include_str!("../template/rust/Cargo.toml.in")),
    ("plugin.toml", include_str!("../template/rust/plugin.toml.in")),
    ("cases.toml", include_str!("../template/rust/cases.toml.in")),
    ("schemas/text-generation.json", include_str!("../template/rust/schemas/text-generation.json")),
    ("src/lib.rs", include_str!("../template/rust/src/lib.rs.in")),
    ("README.md", include_str!("../template/rust/README.md.in")),
    (".gitignore", include_str!("../template/rust/gitignore.in")),
];

const C: [(&str, &str); 6] = [
    ("plugin.c", include_str!("../template/c/plugin.c.in")),
    ("plugin.toml", include_str!("../template/c/plugin.toml.in")),
    ("cases.toml", include_str!("../template/c/cases.toml.in")),
    ("schemas/text-generation.json", include_str!("../template/c/schemas/text-generation.json")),
    ("README.md", include_str!("../template/c/README.md.in")),
    (".gitignore", include_str!("../template/c/gitignore.in")),
];

const PYTHON: [(&str, &str); 7] = [
    ("app.py", include_str!("../template/python/app.py.in")),
    ("test_app.py", include_str!("../template/python/test_app.py.in")),
    ("plugin.toml", include_str!("../template/python/plugin.toml.in")),
    ("cases.toml", include_str!("../template/python/cases.toml.in")),
    ("schemas/text-generation.json", include_str!("../template/python/schemas/text-generation.json")),
    ("README.md", include_str!("../template/python/README.md.in")),
    (".gitignore", include_str!("../template/python/gitignore.in")),
];

const TYPESCRIPT: [(&str, &str); 8] = [
    ("package.json", include_str!("../template/typescript/package.json.in")),
    ("tsconfig.json", include_str!("../template/typescript/tsconfig.json")),
    ("plugin.toml", include_str!("../template/typescript/plugin.toml.in")),
    ("cases.toml", include_str!("../template/typescript/cases.toml.in")),
    ("schemas/text-generation.json", include_str!("../template/typescript/schemas/text-generation.json")),
    ("src/index.ts", include_str!("../template/typescript/src/index.ts.in")),
    ("README.md", include_str!("../template/typescript/README.md.in")),
    (".gitignore", include_str!("../template/typescript/gitignore.in")),
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
    project(name, parent, |folder| {
        fill(folder, name, &RUST)?;
        let sdk = folder.join("sdk");
        write(&sdk.join("Cargo.toml"), SDK_CARGO.as_bytes())?;
        copy(&SDK_SOURCES, &sdk.join("src"))?;
        copy(&world::CONTRACT, &sdk.join("wit"))
    })
}

/// The same in C.
///
/// # Errors
/// As [`rust`].
pub fn c(name: &str, parent: &Path) -> Result<PathBuf, ToolchainError> {
    project(name, parent, |folder| {
        fill(folder, name, &C)?;
        let sdk = folder.join(build::c::SDK_FOLDER);
        build::c::sdk_files().try_for_each(|file| write(&sdk.join(file.path()), file.contents()))
    })
}

/// The same in Python.
///
/// # Errors
/// As [`rust`].
pub fn python(name: &str, parent: &Path) -> Result<PathBuf, ToolchainError> {
    project(name, parent, |folder| {
        fill(folder, name, &PYTHON)?;
        copy(&build::python::SDK, &folder.join("sdk/soma"))
    })
}

/// The same in TypeScript.
///
/// # Errors
/// As [`rust`].
pub fn typescript(name: &str, parent: &Path) -> Result<PathBuf, ToolchainError> {
    project(name, parent, |folder| {
        fill(folder, name, &TYPESCRIPT)?;
        build::typescript::write_sdk(&folder.join("sdk"))
    })
}

/// Has a project written beside its place, and puts it there when it is whole.
fn project(
    name: &str,
    parent: &Path,
    written: impl FnOnce(&Path) -> Result<(), ToolchainError>,
) -> Result<PathBuf, ToolchainError> {
    check_name(name)?;
    let project = parent.join(name);
    if is_in_use(&project) {
        return Err(ToolchainError::FolderInUse { path: project });
    }
    make_folder(parent)?;
    let part = parent.join(format!(".{name}.{}.part", std::process::id()));
    remove_folder(&part)?;
    let written =
        written(&part).and_then(|()| fs::rename(&part, &project).map_err(ToolchainError::file("write", &project)));
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

/// Writes the files of a template.
fn fill(folder: &Path, name: &str, template: &[(&str, &str)]) -> Result<(), ToolchainError> {
    let mut files = template.iter();
    files.try_for_each(|(file, text)| write(&folder.join(file), text.replace("{{name}}", name).as_bytes()))
}

/// Writes an embedded folder into a folder of this machine.
pub(crate) fn copy(from: &Dir<'_>, to: &Path) -> Result<(), ToolchainError> {
    for file in from.files() {
        write(&to.join(file.path()), file.contents())?;
    }
    // Paths are relative to the embedded root, in subfolders too. Python leaves compiled modules beside its sources.
    from.dirs().filter(|folder| !folder.path().ends_with("__pycache__")).try_for_each(|folder| copy(folder, to))
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
mod tests;
