//! The guests: examples, plugins and the tests' own. Each folder with a `plugin.toml` is one; it becomes
//! `<target>/guests/<folder>.wasm`, packed with its manifest.
//!
//! A guest is built when the BLAKE3 of what goes into it (its folder, the SDK, the contract, the packing, the
//! tool chain) differs from the stamp beside the built file, or when that file is not there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use soma_manifest::{Manifest, embed};
use soma_toolchain::build::LINK_FLAGS;
use soma_toolchain::{Progress, Toolchain};

use crate::Context;
use crate::error::XtaskError;
use crate::workspace::Workspace;

include!("../../tests/guests/cases.rs");

macro_rules! names {
    ($($guest:ident),* $(,)?) => { &[$(stringify!($guest)),*] };
}

/// The test guests as the host's tests see them.
const CASES: &[&str] = for_each_guest!(names);

/// Folders whose subfolders are guests.
const PLACES: [&str; 3] = ["examples", "plugins", "tests/guests"];

/// What goes into every guest besides its own folder.
const SHARED: [&str; 3] = ["sdk-guest/rust", "wit", "host/manifest/src"];

/// Some test guests are made of the examples' sources, and all share one workspace file.
const SHARED_BY_TESTS: [&str; 3] = ["tests/guests/Cargo.toml", "tests/guests/Cargo.lock", "examples"];

/// One guest.
struct Guest {
    name: String,
    folder: PathBuf,
}

/// Builds what is stale and returns the folder of the built guests.
pub fn build(context: &Context) -> Result<PathBuf, XtaskError> {
    let workspace = &context.workspace;
    let toolchain = Toolchain::find(workspace.root(), &context.cache, context.progress)?;
    let guests = find(workspace)?;
    check_cases(workspace)?;
    let folder = workspace.guests();
    fs::create_dir_all(&folder).map_err(XtaskError::file("make", &folder))?;
    remove_strangers(&folder, &guests)?;

    let mut stale = Vec::new();
    for guest in &guests {
        let stamp = guest.stamp(workspace, &toolchain)?;
        if !guest.is_fresh(&folder, &stamp) {
            stale.push((guest, stamp));
        }
    }
    let fresh = guests.len() - stale.len();
    let step =
        context.progress.parts(format!("guests: {} to build, {fresh} unchanged", stale.len()), guests.len() as u64);
    let target = context.cache.guest_target();
    for (done, (guest, stamp)) in (fresh as u64..).zip(stale) {
        step.at(done);
        step.note(&guest.name);
        if context.progress == Progress::Lines {
            step.line(&format!("guest {}", guest.name));
        }
        // Cargo prints by itself.
        let component = step.aside(|| toolchain.build(&guest.folder, &target))?;
        guest.pack(&component, &folder, &stamp)?;
    }
    step.done();
    Ok(folder)
}

fn find(workspace: &Workspace) -> Result<Vec<Guest>, XtaskError> {
    let mut guests = Vec::new();
    for place in PLACES {
        for folder in folders(&workspace.root().join(place))? {
            if folder.join("plugin.toml").is_file() {
                guests.push(Guest { name: name_of(&folder), folder });
            }
        }
    }
    guests.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(guests)
}

/// The subfolders of a folder.
fn folders(place: &Path) -> Result<Vec<PathBuf>, XtaskError> {
    let entries = fs::read_dir(place).map_err(XtaskError::file("read", place))?;
    Ok(entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect())
}

fn name_of(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The list that the host's tests go through names every test guest, and no other.
fn check_cases(workspace: &Workspace) -> Result<(), XtaskError> {
    let folders = folders(&workspace.root().join("tests/guests"))?;
    let present = folders.iter().filter(|folder| folder.join("Cargo.toml").is_file()).map(|folder| name_of(folder));
    differences(CASES, &present.collect())
}

fn differences(listed: &[&str], present: &BTreeSet<String>) -> Result<(), XtaskError> {
    let listed: BTreeSet<String> = listed.iter().map(|name| (*name).to_owned()).collect();
    let unlisted: Vec<_> = present.difference(&listed).cloned().collect();
    let missing: Vec<_> = listed.difference(present).cloned().collect();
    match (unlisted.is_empty(), missing.is_empty()) {
        (true, true) => Ok(()),
        (false, _) => Err(XtaskError::Cases(format!("not listed: {}", unlisted.join(", ")))),
        (true, false) => Err(XtaskError::Cases(format!("listed, but not there: {}", missing.join(", ")))),
    }
}

/// A guest that was renamed or removed must not be found by a test.
fn remove_strangers(folder: &Path, guests: &[Guest]) -> Result<(), XtaskError> {
    let entries = fs::read_dir(folder).map_err(XtaskError::file("read", folder))?;
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()) {
        if !guests.iter().any(|guest| guest.name == name_of(&path)) {
            fs::remove_file(&path).map_err(XtaskError::file("remove", &path))?;
        }
    }
    Ok(())
}

impl Guest {
    /// Names everything that goes into the built file.
    fn stamp(&self, workspace: &Workspace, toolchain: &Toolchain) -> Result<String, XtaskError> {
        let root = workspace.root();
        let mut inputs: Vec<PathBuf> = SHARED.iter().map(|path| root.join(path)).collect();
        if self.folder.starts_with(root.join("tests")) {
            inputs.extend(SHARED_BY_TESTS.iter().map(|path| root.join(path)));
        }
        inputs.push(self.folder.clone());
        let mut hasher = blake3::Hasher::new();
        hasher.update(toolchain.identity().as_bytes());
        hasher.update(LINK_FLAGS.concat().as_bytes());
        for input in inputs {
            hash_into(&mut hasher, &input)?;
        }
        Ok(hasher.finalize().to_hex().to_string())
    }

    fn is_fresh(&self, folder: &Path, stamp: &str) -> bool {
        let wasm = folder.join(format!("{}.wasm", self.name));
        wasm.is_file() && fs::read_to_string(self.stamp_file(folder)).is_ok_and(|found| found == stamp)
    }

    fn stamp_file(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.stamp", self.name))
    }

    /// Writes the plugin, then the stamp: killed in between, the guest is built again.
    fn pack(&self, component: &[u8], folder: &Path, stamp: &str) -> Result<(), XtaskError> {
        let manifest = Manifest::from_source(&self.folder.join("plugin.toml"))?;
        let packed = embed(component, &manifest)
            .map_err(|source| XtaskError::Pack { guest: self.name.clone(), source: Box::new(source) })?;
        let stamp_file = self.stamp_file(folder);
        let wasm = folder.join(format!("{}.wasm", self.name));
        let part = folder.join(format!("{}.part", self.name));
        fs::write(&part, packed).map_err(XtaskError::file("write", &part))?;
        fs::rename(&part, &wasm).map_err(XtaskError::file("write", &wasm))?;
        fs::write(&stamp_file, stamp).map_err(XtaskError::file("write", &stamp_file))
    }
}

/// Names and contents of a file, or of all files in a folder; not of what a build leaves there.
fn hash_into(hasher: &mut blake3::Hasher, path: &Path) -> Result<(), XtaskError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if path.is_dir() {
        if name == "target" {
            return Ok(());
        }
        let entries = fs::read_dir(path).map_err(XtaskError::file("read", path))?;
        let inner: BTreeSet<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        return inner.iter().try_for_each(|path| hash_into(hasher, path));
    }
    if !path.is_file() || name.ends_with(".wasm") {
        return Ok(());
    }
    let text = fs::read(path).map_err(XtaskError::file("read", path))?;
    let path = path.to_string_lossy();
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
        hash_into(&mut hasher, path).unwrap();
        hasher.finalize()
    }

    #[test]
    fn a_changed_a_new_and_a_renamed_file_change_the_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir(root.join("src")).unwrap();
        fs::write(root.join("src/lib.rs"), "one").unwrap();
        let first = hash(root);
        fs::create_dir(root.join("target")).unwrap();
        fs::write(root.join("target/built"), "x").unwrap();
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
    fn a_guest_is_fresh_only_with_its_stamp_and_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let guest = Guest { name: "g".into(), folder: folder.path().into() };
        assert!(!guest.is_fresh(folder.path(), "1"));
        fs::write(folder.path().join("g.stamp"), "1").unwrap();
        assert!(!guest.is_fresh(folder.path(), "1"));
        fs::write(folder.path().join("g.wasm"), "").unwrap();
        assert!(guest.is_fresh(folder.path(), "1"));
        assert!(!guest.is_fresh(folder.path(), "2"));
    }

    #[test]
    fn the_list_has_to_fit_the_folders() {
        let present: BTreeSet<String> = ["a_one", "b_two"].map(String::from).into();
        assert!(differences(&["a_one", "b_two"], &present).is_ok());
        for (listed, named) in [(&["a_one"][..], "b_two"), (&["a_one", "b_two", "c_three"][..], "c_three")] {
            let error = differences(listed, &present).unwrap_err();
            assert!(error.to_string().contains(named), "{error}");
        }
    }

    #[test]
    fn every_test_guest_is_listed() {
        check_cases(&Workspace::find().unwrap()).unwrap();
    }
}
