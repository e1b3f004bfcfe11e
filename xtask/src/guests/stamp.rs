//! What goes into a guest, as one BLAKE3.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use soma_toolchain::Language;
use soma_toolchain::build::rust::LINK_FLAGS;

use crate::error::XtaskError;

/// What goes into every guest besides its own folder.
const SHARED: [&str; 2] = ["wit", "host/manifest/src"];

/// The test guests in Rust share one workspace file, and some are made of the examples' sources.
const SHARED_BY_TESTS: [&str; 3] = ["tests/guests/Cargo.toml", "tests/guests/Cargo.lock", "examples"];

/// What a build leaves in a folder.
const LEFT: [&str; 3] = ["target", "node_modules", "__pycache__"];

/// The SDK of a language, and what builds it.
fn sources(language: Language) -> &'static [&'static str] {
    match language {
        Language::Rust => &["sdk-guest/rust"],
        Language::Python => {
            &["sdk-guest/python/soma", "host/toolchain/src/build/python.rs", "host/toolchain/src/world.rs"]
        }
        Language::TypeScript => {
            &["sdk-guest/typescript", "host/toolchain/src/build/typescript.rs", "host/toolchain/src/world.rs"]
        }
        Language::C => &["sdk-guest/c", "host/toolchain/src/build/c.rs", "host/toolchain/src/world.rs"],
    }
}

/// Names everything that goes into the guest in `folder`. Two clones of one repository give the same stamp.
pub(super) fn of(root: &Path, folder: &Path, language: Language, tools: &str) -> Result<String, XtaskError> {
    let mut inputs: Vec<PathBuf> = SHARED.iter().chain(sources(language)).map(|path| root.join(path)).collect();
    if language == Language::Rust && folder.starts_with(root.join("tests")) {
        inputs.extend(SHARED_BY_TESTS.iter().map(|path| root.join(path)));
    }
    inputs.push(folder.to_owned());
    let mut hasher = blake3::Hasher::new();
    hasher.update(tools.as_bytes());
    hasher.update(LINK_FLAGS.concat().as_bytes());
    for input in inputs {
        hash_into(&mut hasher, root, &input)?;
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// Names and contents of a file, or of all files in a folder; not of what a build leaves there.
fn hash_into(hasher: &mut blake3::Hasher, root: &Path, path: &Path) -> Result<(), XtaskError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if path.is_dir() {
        if LEFT.contains(&&*name) {
            return Ok(());
        }
        let entries = fs::read_dir(path).map_err(XtaskError::file("read", path))?;
        let inner: BTreeSet<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        return inner.iter().try_for_each(|path| hash_into(hasher, root, path));
    }
    if !path.is_file() || name.ends_with(".wasm") {
        return Ok(());
    }
    let text = fs::read(path).map_err(XtaskError::file("read", path))?;
    let path = path.strip_prefix(root).unwrap_or(path).to_string_lossy();
    // Lengths keep the end of one file from being the start of the next.
    hasher.update(&(path.len() as u64).to_le_bytes()).update(path.as_bytes());
    hasher.update(&(text.len() as u64).to_le_bytes()).update(&text);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(path: &Path) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new();
        hash_into(&mut hasher, path, path).unwrap();
        hasher.finalize()
    }

    #[test]
    fn a_changed_a_new_and_a_renamed_file_change_the_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir(root.join("src")).unwrap();
        fs::write(root.join("src/lib.rs"), "one").unwrap();
        let first = hash(root);
        for left in LEFT {
            fs::create_dir(root.join(left)).unwrap();
            fs::write(root.join(left).join("built"), "x").unwrap();
        }
        fs::write(root.join("plugin.wasm"), "x").unwrap();
        assert_eq!(hash(root), first, "what a build leaves does not count");
        fs::write(root.join("src/lib.rs"), "two").unwrap();
        let second = hash(root);
        assert_ne!(second, first);
        fs::rename(root.join("src/lib.rs"), root.join("src/main.rs")).unwrap();
        let third = hash(root);
        assert_ne!(third, second);
        fs::write(root.join("src/more.rs"), "").unwrap();
        assert_ne!(hash(root), third);
    }

    #[test]
    fn another_clone_has_the_same_stamp_and_other_tools_another() {
        let [one, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        for clone in [&one, &other] {
            for folder in SHARED.iter().chain(["examples/x"].iter()) {
                fs::create_dir_all(clone.path().join(folder)).unwrap();
                fs::write(clone.path().join(folder).join("file"), "x").unwrap();
            }
        }
        let stamp = |clone: &tempfile::TempDir, tools| {
            of(clone.path(), &clone.path().join("examples/x"), Language::Python, tools).unwrap()
        };
        assert_eq!(stamp(&one, "1"), stamp(&other, "1"));
        assert_ne!(stamp(&one, "1"), stamp(&one, "2"));
    }
}
