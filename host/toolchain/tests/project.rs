//! A new project, in an empty folder, becomes a plugin with the tool chain of this machine.

use std::fs;

use soma_manifest::{Hook, Manifest, PluginFile, Want, embed};
use soma_toolchain::{Cache, Progress, ToolchainError, rust_component, template};

#[test]
fn a_new_project_builds_into_a_plugin() {
    let folder = tempfile::tempdir().unwrap();
    let project = template::rust("my-miner", folder.path()).unwrap();
    let component = rust_component(&project, None).unwrap();
    let manifest = Manifest::from_source(&project.join("plugin.toml")).unwrap();
    let plugin = PluginFile::parse(embed(&component, &manifest).unwrap()).unwrap();
    assert_eq!(plugin.exports, [Hook::Forward, Hook::Blacklist, Hook::Priority].into());
    assert!(plugin.imports.is_empty(), "{:?}", plugin.imports);

    // What the author adds shows up, and nothing else.
    let source = project.join("src/lib.rs");
    let text = fs::read_to_string(&source).unwrap();
    let call = text.replace("synapse.prompt.to_uppercase()", "config::get(&synapse.prompt).unwrap_or_default()");
    assert_ne!(call, text);
    fs::write(&source, call).unwrap();
    let component = rust_component(&project, None).unwrap();
    let wants = Manifest { wants: [Want::Config].into(), ..manifest };
    let plugin = PluginFile::parse(embed(&component, &wants).unwrap()).unwrap();
    assert_eq!(plugin.imports.into_iter().collect::<Vec<_>>(), [Want::Config]);

    // A gate that would be left out is refused.
    fs::write(&source, &text).unwrap();
    let hooks = project.join("plugin.toml");
    let named = fs::read_to_string(&hooks).unwrap();
    fs::write(&hooks, named.replace("\"blacklist\", ", "")).unwrap();
    let built = soma_toolchain::build::component(&project, &Cache::from_env().unwrap(), Progress::Silent);
    let Err(ToolchainError::Build { output, .. }) = built else {
        panic!("{:?}", built.map(|component| component.len()))
    };
    assert_eq!(output, "a blacklist function is there, but `hooks` of plugin.toml does not name \"blacklist\"");

    // The author's mistake is the compiler's to explain, and a typed error here.
    fs::write(&source, text.replace("-> f64", "-> String")).unwrap();
    assert!(matches!(rust_component(&project, None), Err(ToolchainError::Compile { .. })));
}
