use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{CommandFactory, Parser};

use crate::guests::Selection;
use crate::workspace::Workspace;
use crate::{Cli, bench, demo, differential};

/// The guests that the sources in a folder load by name.
fn loaded_by(folder: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let calls = text.split("places::guest(\"").skip(1);
        names.extend(calls.map(|call| call.split('"').next().unwrap().to_owned()));
    }
    names
}

/// A name too few would let the task run with an old guest, one too many would cost its build.
#[test]
fn a_task_builds_exactly_the_guests_that_its_program_loads() {
    let sources = Workspace::find().unwrap().root().join("tests/e2e/src");
    let tasks = [("bin/demo", demo::GUESTS), ("differential", differential::GUESTS), ("flood", bench::FLOOD)];
    for (folder, selection) in tasks {
        let Selection::Named(names) = selection else { panic!("{folder} builds everything") };
        let built: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(built, loaded_by(&sources.join(folder)), "{folder}");
    }
}

/// All Rust sources below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Whether an error's message repeats what its source says. Reports print the message and then every source.
fn repeats_its_source(declaration: &str) -> bool {
    let (message, field) = declaration.split_once(")]").unwrap_or((declaration, ""));
    let field = field.split("#[error(").next().unwrap_or_default();
    message.contains("{source}")
        || message.contains("{0}") && (field.contains("(#[source]") || field.contains("(#[from]"))
}

#[test]
fn no_error_repeats_its_source() {
    for bad in [
        "\"cannot read {path}: {source}\")] A { source: Error }",
        "\"it failed: {0}\")]\n A(#[from] Error),",
        "\"it failed: {0}\")]\n #[diagnostic(code(a::b))]\n A(#[source] Error),",
    ] {
        assert!(repeats_its_source(bad), "the control: {bad}");
    }
    assert!(!repeats_its_source("\"it failed: {0}\")]\n A(String), #[error(\"no\")]\n B(#[from] Error)"));
    let root = Workspace::find().unwrap().root().to_owned();
    let mut files = Vec::new();
    sources(&root.join("host"), &mut files);
    sources(&root.join("xtask/src"), &mut files);
    assert!(files.len() > 100, "{}", files.len());
    for file in files.iter().filter(|file| !file.ends_with("xtask/src/tests.rs")) {
        let text = fs::read_to_string(file).unwrap();
        for declaration in text.split("#[error(").skip(1) {
            let shown: String = declaration.chars().take(80).collect();
            assert!(!repeats_its_source(declaration), "{}: #[error({shown}", file.display());
        }
    }
}

#[test]
fn every_task_has_an_example_that_can_be_read() {
    for task in Cli::command().get_subcommands() {
        let below = task.get_after_help().map(ToString::to_string).unwrap_or_default();
        let (_, example) = below.split_once("cargo xtask ").unwrap_or_default();
        let words = example.split("    ").next().unwrap_or_default().split(' ');
        let read = Cli::try_parse_from(["xtask"].into_iter().chain(words));
        assert!(read.is_ok() && example.starts_with(task.get_name()), "{}: {below}", task.get_name());
    }
}
