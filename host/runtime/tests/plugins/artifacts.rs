//! Compiled code: made in a child, kept, and never believed without proof.

use std::fs;
use std::path::{Path, PathBuf};

use soma_manifest::Digest;
use soma_runtime::LoadError;
use soma_runtime::artifact::ArtifactCache;
use soma_runtime::compile::{Compiler, Confinement};
use soma_runtime::version::Loader;

use crate::fixture::{engine, guest, loader_without_compiler, slot_of};

/// The program that compiles: `cargo test` builds the examples of a package with its tests.
fn worker() -> PathBuf {
    let deps = std::env::current_exe().unwrap();
    let program = deps.parent().unwrap().with_file_name("examples").join("compile_worker");
    assert!(program.is_file(), "{} is not there: run `cargo xtask test`", program.display());
    program
}

fn in_child() -> Compiler {
    Compiler::Child { program: worker(), confinement: Confinement::BestEffort }
}

/// The one artifact in the folder, which lies in the one folder of its key.
fn artifact(folder: &Path) -> PathBuf {
    only_in(&only_in(&folder.join("artifacts")))
}

fn only_in(folder: &Path) -> PathBuf {
    let mut entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let entry = entries.next().unwrap();
    assert_eq!(entries.next(), None);
    entry
}

/// Puts a copy in the place of another file, which may be mapped.
fn replace(copied: &Path, replaced: &Path) {
    let beside = replaced.with_extension("copy");
    fs::copy(copied, &beside).unwrap();
    fs::rename(beside, replaced).unwrap();
}

async fn loads(loader: &Loader) -> Result<(), LoadError> {
    loader.load(&slot_of("fresh_counter")).await.map(drop)
}

fn is_compiling(result: Result<(), LoadError>) -> bool {
    match result {
        Ok(()) => false,
        Err(LoadError::Compile(_)) => true,
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_child_compiles_once_and_its_work_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let idle = loader_without_compiler(&folder);
    assert!(is_compiling(loads(&idle).await), "the cache is empty");
    let working = Loader { compiler: in_child(), ..idle.clone() };
    loads(&working).await.unwrap();
    loads(&idle).await.unwrap();
    let reopened = loader_without_compiler(&folder);
    loads(&reopened).await.unwrap();
}

#[tokio::test]
async fn an_artifact_that_was_touched_is_compiled_again() {
    let folder = tempfile::tempdir().unwrap();
    let idle = loader_without_compiler(&folder);
    let working = Loader { compiler: Compiler::InProcess, ..idle.clone() };
    loads(&working).await.unwrap();
    let path = artifact(folder.path());
    let good = fs::read(&path).unwrap();
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    let table = [
        ("its first byte", flipped(0)),
        ("its middle", flipped(good.len() / 2)),
        ("its last byte", flipped(good.len() - 33)),
        ("its code", flipped(good.len() - 32)),
        ("the end of its code", flipped(good.len() - 1)),
        ("cut off", good[..good.len() - 1].to_vec()),
        ("shorter than its code", good[..31].to_vec()),
        ("longer", [good.as_slice(), b"x"].concat()),
        ("empty", Vec::new()),
        ("the bare artifact", good[..good.len() - 32].to_vec()),
    ];
    for (name, bytes) in table {
        // A file of its own: the one that was loaded is mapped.
        let beside = path.with_extension("touched");
        fs::write(&beside, bytes).unwrap();
        fs::rename(&beside, &path).unwrap();
        assert!(is_compiling(loads(&idle).await), "{name} was loaded");
        loads(&working).await.unwrap();
        loads(&idle).await.unwrap();
    }
}

#[tokio::test]
async fn an_artifact_of_another_key_or_another_component_is_not_ours() {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let make = |folder| Loader { compiler: Compiler::InProcess, ..loader_without_compiler(folder) };
    loads(&make(&ours)).await.unwrap();
    loads(&make(&theirs)).await.unwrap();
    replace(&artifact(theirs.path()), &artifact(ours.path()));
    let idle = loader_without_compiler(&ours);
    assert!(is_compiling(loads(&idle).await), "the key of another host counts");

    loads(&make(&ours)).await.unwrap();
    let engine = engine();
    let own = Digest::of(&fs::read(guest("fresh_counter")).unwrap());
    let other = Digest::of(&fs::read(guest("trap_panic")).unwrap());
    let path = artifact(ours.path());
    let name = path.file_name().unwrap().to_str().unwrap().replace(&own.to_string(), &other.to_string());
    fs::copy(&path, path.with_file_name(name)).unwrap();
    assert!(idle.cache.load(engine.engine(), &own).is_some());
    assert!(idle.cache.load(engine.engine(), &other).is_none(), "under another plugin's name it is another's");
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_reads_key_and_artifacts() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    loads(&Loader { compiler: Compiler::InProcess, ..loader_without_compiler(&folder) }).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join("state/artifact.key")), 0o600);
    assert_eq!(mode(&folder.path().join("state")), 0o700);
    assert_eq!(mode(&folder.path().join("artifacts")), 0o700);
    assert_eq!(mode(&artifact(folder.path())), 0o600);
}

#[tokio::test]
async fn a_key_of_another_length_is_refused_and_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("artifact.key"), b"short").unwrap();
    let error = ArtifactCache::open(&folder.path().join("artifacts"), folder.path()).unwrap_err();
    assert!(matches!(error, LoadError::Artifacts { .. }), "{error:?}");
    assert_eq!(fs::read(folder.path().join("artifact.key")).unwrap(), b"short");
}

/// Hosts in containers may share a cache, and there every host may be process 1.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn loaders_that_share_a_cache_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let loaders: Vec<_> = (0..8)
        .map(|_| Loader { compiler: Compiler::InProcess, ..loader_without_compiler(&folder) })
        .map(|loader| tokio::spawn(async move { loads(&loader).await }))
        .collect();
    for loader in loaders {
        loader.await.unwrap().unwrap();
    }
    loads(&loader_without_compiler(&folder)).await.unwrap();
    artifact(folder.path());
}

#[tokio::test]
async fn the_child_refuses_what_is_no_component_and_says_why() {
    let whole = fs::read(guest("fresh_counter")).unwrap();
    let engine = engine();
    for junk in [&b""[..], b"junk", b"\0asm\x01\0\0\0", &whole[..whole.len() / 2]] {
        let error = in_child().compile(engine.engine(), junk).await.unwrap_err();
        let LoadError::Compile(reason) = &error else { panic!("{error:?}") };
        assert!(reason.contains("exit status: 1"), "{reason}");
        assert!(reason.len() > "no reason given (exit status: 1)".len(), "{reason}");
        assert!(!reason.contains('\n'), "{reason}");
    }
    let gone = Compiler::Child { program: "/nonexistent/soma".into(), confinement: Confinement::BestEffort };
    assert!(matches!(gone.compile(engine.engine(), &whole).await, Err(LoadError::Compile(_))));
}
