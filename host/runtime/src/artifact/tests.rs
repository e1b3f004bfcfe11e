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
            [code.as_bytes(), bytes.as_slice()].concat()
        } else {
            bytes
        };
        fs::write(cache.path(&engine, &digest), bytes).unwrap();
        prop_assert!(cache.load(&engine, &digest).is_none());
    }
}
