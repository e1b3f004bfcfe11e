//! A new project in Python becomes a plugin, and its author's mistakes are told in their own words.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails, wherever in its file that is")]

use std::fs;
use std::path::Path;

use soma_manifest::{Hook, Manifest, PluginFile, Want, embed};
use soma_toolchain::build::component;
use soma_toolchain::{Cache, Progress, ToolchainError, template};

fn build(project: &Path) -> Result<Vec<u8>, ToolchainError> {
    component(project, &Cache::from_env().unwrap(), Progress::Silent)
}

/// The mistake, as the author reads it.
fn mistake(project: &Path) -> String {
    match build(project) {
        Err(ToolchainError::Build { output, .. }) => output,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_new_project_builds_into_a_plugin() {
    let folder = tempfile::tempdir().unwrap();
    let project = template::python("my-miner", folder.path()).unwrap();
    let file = project.join("plugin.toml");
    let wanting = fs::read_to_string(&file).unwrap().replace("wants = []", "wants = [\"clock\", \"config\"]");
    fs::write(&file, wanting).unwrap();
    let manifest = Manifest::from_source(&file).unwrap();
    let plugin = PluginFile::parse(embed(&build(&project).unwrap(), &manifest).unwrap()).unwrap();
    assert_eq!(plugin.exports, [Hook::Forward, Hook::Blacklist, Hook::Priority].into());
    // Python keeps every import of its world: what the manifest wants, and nothing else.
    assert_eq!(plugin.imports, [Want::Clock, Want::Config].into());
    assert!(!project.join("__pycache__").exists(), "the build leaves the author's folder as it is");

    // Functions and manifest have to fit.
    let source = project.join("app.py");
    let text = fs::read_to_string(&source).unwrap();
    fs::write(&source, text.replace("attach(forward, blacklist, priority)", "attach(forward, blacklist)")).unwrap();
    let told = mistake(&project);
    assert!(told.contains("`hooks` of plugin.toml names \"priority\", but no priority function is attached"), "{told}");

    fs::write(&source, text.replace("import soma as bt", "import soma as bt, numpy")).unwrap();
    let told = mistake(&project);
    assert!(told.contains("\"app.py\", line") && told.contains("No module named 'numpy'"), "{told}");
}
