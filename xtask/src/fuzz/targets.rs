//! The fuzz targets: one for each parser of bytes that somebody else wrote.
//!
//! They are in `table`. A property test of a parser is named `any_...`; a test here compares the table with the sources,
//! so that none is forgotten.

mod table;

pub use self::table::TARGETS;

/// A property test.
pub struct Target {
    /// What it is called on the command line.
    pub name: &'static str,
    /// Its crate.
    pub package: &'static str,
    /// The file that it is in, from the root.
    pub file: &'static str,
    /// The test's name without its module.
    pub test: &'static str,
    /// Which bytes are read, and who wrote them.
    pub reads: &'static str,
}

impl Target {
    /// The folder of its crate, from the root.
    pub fn folder(&self) -> &'static str {
        ["/src/", "/tests/"].iter().find_map(|part| self.file.split_once(part)).map_or("", |(folder, _)| folder)
    }

    /// Whether a test's path has the module that the file is named after. Tests in `tests.rs` and in files that hold
    /// a module `tests` are both found.
    pub fn names_module_of(&self, test: &str) -> bool {
        let file = self.file.trim_end_matches(".rs").trim_end_matches("/mod").trim_end_matches("/tests");
        let module = file.rsplit('/').next().unwrap_or_default();
        test.split("::").any(|part| part == module) || module == "main"
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::workspace::Workspace;

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() && !path.ends_with("target") {
                sources(&path, found);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                found.push(path);
            }
        }
    }

    /// The tests named `any_...` in the `proptest!` blocks of a file.
    fn parser_tests(text: &str) -> impl Iterator<Item = &str> {
        let properties = text.split_once("proptest! {").map_or("", |(_, properties)| properties);
        let names = properties.lines().filter_map(|line| line.trim_start().strip_prefix("fn any_"));
        names.filter_map(|rest| rest.split('(').next())
    }

    #[test]
    fn every_target_is_where_the_table_says() {
        let workspace = Workspace::find().unwrap();
        for target in TARGETS {
            let text = fs::read_to_string(workspace.root().join(target.file)).unwrap_or_default();
            assert!(text.contains(&format!("fn {}(", target.test)), "{}: {}", target.file, target.test);
            assert!(text.contains("proptest! {"), "{}", target.file);
            let manifest = workspace.root().join(target.folder()).join("Cargo.toml");
            let manifest = fs::read_to_string(manifest).unwrap();
            assert!(manifest.contains(&format!("name = \"{}\"", target.package)), "{}", target.name);
        }
        let names: BTreeSet<_> = TARGETS.iter().map(|target| target.name).collect();
        assert_eq!(names.len(), TARGETS.len());
    }

    #[test]
    fn every_property_test_of_a_parser_is_a_target() {
        let workspace = Workspace::find().unwrap();
        let mut files = Vec::new();
        sources(&workspace.root().join("host"), &mut files);
        let mut seen = 0;
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            let place = file.strip_prefix(workspace.root()).unwrap().display().to_string();
            for name in parser_tests(&text) {
                seen += 1;
                let is_it = |target: &&Target| target.file == place && target.test == format!("any_{name}");
                assert_eq!(TARGETS.iter().filter(is_it).count(), 1, "{place}: any_{name}");
            }
        }
        assert!(seen > 20, "{seen}");
    }

    #[test]
    fn a_test_is_found_by_its_module() {
        let target = |file| Target { name: "", package: "", file, test: "x", reads: "" };
        assert!(target("host/a/src/frame.rs").names_module_of("signer::frame::tests::x"));
        assert!(target("host/a/src/manifest/tests.rs").names_module_of("manifest::tests::x"));
        assert!(!target("host/a/src/frame.rs").names_module_of("intent::tests::x"));
        assert!(target("host/a/tests/all/main.rs").names_module_of("x"));
        assert_eq!(target("host/a/tests/all/main.rs").folder(), "host/a");
    }
}
