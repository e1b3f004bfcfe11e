//! The guests: examples, plugins and the tests' own. Each folder with a `plugin.toml` is one; it becomes
//! `<target>/guests/<folder>.wasm`, packed with its manifest.
//!
//! A guest is built when the BLAKE3 of what goes into it (its folder, the SDK, the contract, the packing, the
//! tool chain) differs from the stamp beside the built file, or when that file is not there.
//!
//! Python and TypeScript take long, and do not depend on this machine: they are also kept in the cache folder by their
//! stamp, so that another target folder (a clean clone, a build server) takes them from there.
//!
//! - `stamp`: what goes into a guest
//! - `shelf`: built guests in the cache folder

mod shelf;
mod stamp;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use soma_manifest::{Manifest, embed};
use soma_toolchain::{Language, Progress, Toolchain};

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

/// One guest.
struct Guest {
    name: String,
    folder: PathBuf,
    language: Language,
}

/// Which guests a task needs.
pub enum Selection {
    /// All of them.
    All,
    /// Those of these folder names.
    Named(&'static [&'static str]),
}

/// Builds what is stale of a selection and returns the folder of the built guests.
pub fn build(context: &Context, selection: &Selection) -> Result<PathBuf, XtaskError> {
    let workspace = &context.workspace;
    let toolchain = Toolchain::find(workspace.root(), &context.cache, context.progress)?;
    let guests = find(workspace)?;
    check_cases(workspace)?;
    // Two runs at once would take each other's half-written files for strangers.
    let _lock = context.cache.lock("guests")?;
    let folder = workspace.guests();
    fs::create_dir_all(&folder).map_err(XtaskError::file("make", &folder))?;
    remove_strangers(&folder, &guests)?;
    let guests = selection.of(guests)?;

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
    for (done, (guest, stamp)) in (fresh as u64..).zip(stale) {
        step.at(done);
        step.note(&guest.name);
        if context.progress == Progress::Lines {
            step.line(&format!("guest {}", guest.name));
        }
        // Compilers print by themselves.
        let packed = step.aside(|| guest.packed(context, &toolchain, &stamp))?;
        guest.write(&packed, &folder, &stamp)?;
    }
    step.done();
    Ok(folder)
}

impl Selection {
    /// The selected ones of all guests.
    fn of(&self, mut guests: Vec<Guest>) -> Result<Vec<Guest>, XtaskError> {
        let Self::Named(names) = self else { return Ok(guests) };
        if let Some(missing) = names.iter().find(|name| !guests.iter().any(|guest| guest.name == **name)) {
            return Err(XtaskError::NoGuest { name: (*missing).to_owned() });
        }
        guests.retain(|guest| names.contains(&guest.name.as_str()));
        Ok(guests)
    }
}

fn find(workspace: &Workspace) -> Result<Vec<Guest>, XtaskError> {
    let mut guests = Vec::new();
    for place in PLACES {
        for folder in folders(&workspace.root().join(place))? {
            if folder.join("plugin.toml").is_file() {
                guests.push(Guest { name: name_of(&folder), language: Language::of(&folder)?, folder });
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
        let tools = match self.language {
            Language::Rust => toolchain.identity().to_owned(),
            other => other.tools(),
        };
        stamp::of(workspace.root(), &self.folder, self.language, &tools)
    }

    /// The plugin, from the cache folder or from its sources.
    fn packed(&self, context: &Context, toolchain: &Toolchain, stamp: &str) -> Result<Vec<u8>, XtaskError> {
        match self.language {
            Language::Rust => self.pack(&toolchain.build(&self.folder, &context.cache.guest_target())?),
            Language::C => self.pack(&self.component(context)?),
            Language::Python | Language::TypeScript => {
                shelf::take(&context.cache, &self.name, stamp, || self.pack(&self.component(context)?))
            }
        }
    }

    fn component(&self, context: &Context) -> Result<Vec<u8>, XtaskError> {
        Ok(soma_toolchain::build::component(&self.folder, &context.cache, context.progress)?)
    }

    fn is_fresh(&self, folder: &Path, stamp: &str) -> bool {
        let wasm = folder.join(format!("{}.wasm", self.name));
        wasm.is_file() && fs::read_to_string(self.stamp_file(folder)).is_ok_and(|found| found == stamp)
    }

    fn stamp_file(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.stamp", self.name))
    }

    fn pack(&self, component: &[u8]) -> Result<Vec<u8>, XtaskError> {
        let manifest = Manifest::from_source(&self.folder.join("plugin.toml"))?;
        embed(component, &manifest)
            .map_err(|source| XtaskError::Pack { guest: self.name.clone(), source: Box::new(source) })
    }

    /// Writes the plugin, then the stamp: killed in between, the guest is built again.
    fn write(&self, packed: &[u8], folder: &Path, stamp: &str) -> Result<(), XtaskError> {
        let stamp_file = self.stamp_file(folder);
        let wasm = folder.join(format!("{}.wasm", self.name));
        let part = folder.join(format!("{}.part", self.name));
        fs::write(&part, packed).map_err(XtaskError::file("write", &part))?;
        fs::rename(&part, &wasm).map_err(XtaskError::file("write", &wasm))?;
        fs::write(&stamp_file, stamp).map_err(XtaskError::file("write", &stamp_file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guest(name: &str, folder: &Path) -> Guest {
        Guest { name: name.into(), folder: folder.into(), language: Language::Rust }
    }

    #[test]
    fn a_guest_is_fresh_only_with_its_stamp_and_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let guest = guest("g", folder.path());
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
    fn a_selection_takes_what_it_names_and_refuses_a_name_that_is_not_there() {
        let all = || ["a", "b", "c"].map(|name| guest(name, Path::new(name))).into();
        let names = |selection: Selection| -> Result<Vec<String>, XtaskError> {
            Ok(selection.of(all())?.into_iter().map(|guest| guest.name).collect())
        };
        assert_eq!(names(Selection::All).unwrap(), ["a", "b", "c"]);
        assert_eq!(names(Selection::Named(&["c", "a"])).unwrap(), ["a", "c"]);
        assert!(matches!(names(Selection::Named(&["a", "d"])), Err(XtaskError::NoGuest { name }) if name == "d"));
    }

    #[test]
    fn every_test_guest_is_listed() {
        check_cases(&Workspace::find().unwrap()).unwrap();
    }
}
