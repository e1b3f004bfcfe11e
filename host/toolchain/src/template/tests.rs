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
fn a_project_in_c_brings_the_sdk_without_its_tests() {
    let folder = tempfile::tempdir().unwrap();
    let project = c("my-miner", folder.path()).unwrap();
    for (file, _) in C {
        let text = fs::read_to_string(project.join(file)).unwrap();
        assert!(!text.contains("{{"), "{file}");
    }
    assert!(project.join("sdk/soma.h").is_file() && !project.join("sdk/tests").exists());
    assert_eq!(crate::Language::of(&project).unwrap(), crate::Language::C);
    let manifest = soma_manifest::Manifest::from_source(&project.join("plugin.toml")).unwrap();
    assert_eq!(manifest.name, "my-miner");
}

#[test]
fn a_project_in_python_brings_the_sdk() {
    let folder = tempfile::tempdir().unwrap();
    let project = python("my-miner", folder.path()).unwrap();
    for (file, _) in PYTHON {
        let text = fs::read_to_string(project.join(file)).unwrap();
        assert!(!text.contains("{{"), "{file}");
    }
    assert!(project.join("sdk/soma/__init__.py").is_file() && !project.join("sdk/soma/__pycache__").exists());
    assert_eq!(crate::Language::of(&project).unwrap(), crate::Language::Python);
    let manifest = soma_manifest::Manifest::from_source(&project.join("plugin.toml")).unwrap();
    assert_eq!(manifest.name, "my-miner");
}

#[test]
fn a_project_in_typescript_brings_the_sdk() {
    let folder = tempfile::tempdir().unwrap();
    let project = typescript("my-miner", folder.path()).unwrap();
    for (file, _) in TYPESCRIPT {
        let text = fs::read_to_string(project.join(file)).unwrap();
        assert!(!text.contains("{{"), "{file}");
    }
    assert!(project.join("sdk/src/index.ts").is_file());
    assert_eq!(crate::Language::of(&project).unwrap(), crate::Language::TypeScript);
    let manifest = soma_manifest::Manifest::from_source(&project.join("plugin.toml")).unwrap();
    assert_eq!(manifest.name, "my-miner");
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
