use super::*;
use proptest::prelude::*;

/// A cache in a folder of its own.
fn cache(folder: &Path) -> ArtifactCache {
    ArtifactCache::open(&folder.join("cache"), &folder.join("state")).unwrap()
}

proptest! {
    /// Whatever lies in the cache: nothing of it is loaded that this host did not write.
    #[test]
    fn any_bytes_are_an_artifact_or_not_there(bytes in proptest::collection::vec(any::<u8>(), 0..200), near in any::<bool>()) {
        let folder = tempfile::tempdir().unwrap();
        let (cache, engine, digest) = (cache(folder.path()), Engine::default(), Digest([7; 32]));
        let bytes = if near {
            // Right for its content, but for another component.
            let code = cache.authenticate(&engine, &Digest([8; 32]), &bytes);
            [bytes.as_slice(), code.as_bytes()].concat()
        } else {
            bytes
        };
        fs::write(cache.path(&engine, &digest), bytes).unwrap();
        prop_assert!(cache.load(&engine, &digest).is_none());
    }
}

/// A compiled component under its name in the cache.
fn stored(cache: &ArtifactCache, engine: &Engine, digest: &Digest) -> PathBuf {
    let component = wat::parse_str(r#"(component (core module (memory 1) (data (i32.const 8) "x")))"#).unwrap();
    cache.store(engine, digest, &engine.precompile_component(&component).unwrap()).unwrap();
    cache.path(engine, digest)
}

#[test]
fn what_was_checked_is_loaded_whatever_takes_its_name_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let (cache, engine, digest) = (cache(folder.path()), Engine::default(), Digest([7; 32]));
    let path = stored(&cache, &engine, &digest);
    let found = Found::open(&path).unwrap();
    assert!(found.is_ours(&cache, &engine, &digest).unwrap());
    fs::write(path.with_extension("other"), b"another file").unwrap();
    fs::rename(path.with_extension("other"), &path).unwrap();
    assert!(found.map(&engine).is_some());
    assert!(found.copy(&cache, &engine, &digest).is_some());
    assert!(cache.load(&engine, &digest).is_none(), "who opens it now finds the other");
}

#[test]
fn a_copy_is_checked_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let (cache, engine, digest) = (cache(folder.path()), Engine::default(), Digest([7; 32]));
    let path = stored(&cache, &engine, &digest);
    let good = fs::read(&path).unwrap();
    let damaged = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    let table = [
        ("untouched", good.clone(), true),
        ("its first byte", damaged(0), false),
        ("the code of the last", damaged(good.len() - 1), false),
        ("cut off", good[..good.len() - 1].to_vec(), false),
        ("longer, which is not read", [good.as_slice(), b"x"].concat(), true),
    ];
    for (name, bytes, loaded) in table {
        let found = Found::open(&path).unwrap();
        assert!(found.is_ours(&cache, &engine, &digest).unwrap());
        // Into the open file, as only its owner can do.
        fs::write(&path, &bytes).unwrap();
        assert_eq!(found.copy(&cache, &engine, &digest).is_some(), loaded, "{name}");
        fs::write(&path, &good).unwrap();
    }
}
