//! A new TypeScript project becomes a plugin, with the pinned tools in this machine's cache.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of a test that cannot go on fails")]

use std::fs;
use std::path::Path;

use soma_manifest::{Hook, PluginFile, Want, embed};
use soma_toolchain::{Cache, Progress, ToolchainError, build, template};

/// The packed plugin of a project.
fn plugin(project: &Path) -> Result<PluginFile, ToolchainError> {
    let component = build::component(project, &Cache::from_env()?, Progress::Lines)?;
    let manifest = soma_manifest::Manifest::from_source(&project.join("plugin.toml"))?;
    Ok(PluginFile::parse(embed(&component, &manifest).unwrap()).unwrap())
}

/// Changes a file of the project.
fn change(project: &Path, file: &str, from: &str, to: &str) {
    let path = project.join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replace(from, to)).unwrap();
}

/// What the tools say about the project.
fn complaint(project: &Path) -> String {
    match plugin(project) {
        Err(ToolchainError::Build { output, .. }) => output,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was built"),
    }
}

#[test]
fn a_new_project_builds_into_a_plugin() {
    let folder = tempfile::tempdir().unwrap();
    let project = template::typescript("my-miner", folder.path()).unwrap();
    let file = plugin(&project).unwrap();
    assert_eq!(file.exports, [Hook::Forward, Hook::Blacklist, Hook::Priority].into());
    assert!(file.imports.is_empty(), "{:?}", file.imports);

    // What the manifest wants is imported, and what the author exports besides the hooks is part of the world.
    change(&project, "plugin.toml", "wants = []", "wants = [\"clock\"]");
    change(&project, "src/index.ts", "forward, blacklist, priority }", "forward, blacklist, priority, lifecycle }");
    let file = plugin(&project).unwrap();
    assert_eq!(file.imports, [Want::Clock].into());
    assert!(file.bytes.windows(9).any(|name| name == b"lifecycle"));
}

#[test]
fn an_authors_mistakes_are_told_in_the_words_of_the_tools() {
    let folder = tempfile::tempdir().unwrap();
    for (name, from, to, said) in [
        ("types", "prompt.toUpperCase()", "prompt.length", "src/index.ts(21,3): error TS2322"),
        ("syntax", "function generate(", "function generate((", "error TS1"),
        ("missing", "{ forward, blacklist, priority }", "{ forward, blacklist }", "does not export priority"),
        ("top", "const axon =", "Math.random();\nconst axon =", "not there while the plugin is built"),
        ("module", "// What `hooks`", "import \"node:fs\";\n// What `hooks`", "node:fs"),
    ] {
        let project = template::typescript(name, folder.path()).unwrap();
        change(&project, "src/index.ts", from, to);
        let output = complaint(&project);
        assert!(output.contains(said), "{name}: {output}");
    }
}

#[test]
fn functions_and_manifest_have_to_fit() {
    let folder = tempfile::tempdir().unwrap();
    let project = template::typescript("my-miner", folder.path()).unwrap();
    change(&project, "plugin.toml", "\"blacklist\", ", "");
    let sentence = "a blacklist function is there, but `hooks` of plugin.toml does not name \"blacklist\"";
    // It is exported; it is only given to the axon.
    assert!(complaint(&project).contains(sentence));
    change(&project, "src/index.ts", "{ forward, blacklist, priority }", "{ forward, priority }");
    let output = complaint(&project);
    assert!(output.contains(sentence), "{output}");
    // It is live, and nothing is given.
    change(&project, "plugin.toml", "\"forward\", ", "\"forward\", \"verify\", \"blacklist\", ");
    change(&project, "src/index.ts", "{ forward, priority }", "{ forward, verify, blacklist, priority }");
    let output = complaint(&project);
    assert!(output.contains("names \"verify\", but no verify function is given"), "{output}");
}

#[test]
fn javascript_needs_neither_types_nor_a_copy_of_the_sdk() {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path();
    fs::write(project.join("package.json"), r#"{"type": "module", "main": "plugin.js"}"#).unwrap();
    fs::write(project.join("plugin.toml"), "name = \"gate\"\nversion = \"1\"\nhooks = [\"blacklist\"]\n").unwrap();
    let source = "import { Axon } from 'soma-sdk';\n\
                  export const { blacklist } = new Axon().gate({ blacklist: () => [true, 'closed'] }).hooks;\n";
    fs::write(project.join("plugin.js"), source).unwrap();
    assert_eq!(plugin(project).unwrap().exports, [Hook::Blacklist].into());
}
