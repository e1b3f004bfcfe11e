//! Compiled code, cached by content.
//!
//! Loading compiled code means running whatever it says, so an artifact is used only when this host wrote it:
//! it carries a keyed BLAKE3 over itself and over what it was made for (the component's digest and the
//! engine's settings). The key is random and lies in the state folder, not beside the cache. An artifact is
//! written beside its name and renamed; it is read once, checked, and loaded from those same bytes. Whatever
//! does not fit is treated as not there and compiled again.
//!
//! Each key has a folder of its own in the cache: hosts of one user have different keys, and would otherwise throw
//! each other's artifacts away. What bounds it: an artifact that was not used for [`KEPT`] is removed when a host starts.

mod key;

use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use soma_manifest::Digest;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::error::LoadError;

/// Bytes of the key and of the code in front of an artifact.
const KEY_BYTES: usize = 32;
/// How long an artifact is kept that nobody loads.
pub const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// A folder of compiled plugins.
#[derive(Debug, Clone)]
pub struct ArtifactCache {
    folder: PathBuf,
    key: [u8; KEY_BYTES],
}

impl ArtifactCache {
    /// Opens (or makes) the cache in `folder`, with its key in `state`.
    pub fn open(folder: &Path, state: &Path) -> Result<ArtifactCache, LoadError> {
        let make = |path: &Path| fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(at(path));
        make(state)?;
        let key = key::read_or_make(&state.join("artifact.key"))?;
        let cache = ArtifactCache { folder: folder.join(key::name(&key)), key };
        make(&cache.folder)?;
        cache.remove_unused();
        Ok(cache)
    }

    /// What cannot be looked at or removed stays: the next start tries again.
    fn remove_unused(&self) {
        let now = SystemTime::now();
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let used = entry.metadata().and_then(|meta| meta.modified());
            let unused = used.is_ok_and(|used| now.duration_since(used).is_ok_and(|age| age > KEPT));
            if unused && fs::remove_file(entry.path()).is_ok() {
                tracing::debug!(artifact = %entry.path().display(), "removed: not used for a month");
            }
        }
    }

    /// The compiled component, when this host compiled it before with the same settings.
    pub fn load(&self, engine: &Engine, digest: &Digest) -> Option<Component> {
        let mut file = File::open(self.path(engine, digest)).ok()?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).ok()?;
        let (code, artifact) = bytes.split_at_checked(KEY_BYTES)?;
        let expected = self.authenticate(engine, digest, artifact);
        // blake3's comparison takes constant time.
        if blake3::Hash::from_slice(code).ok()? != expected {
            tracing::warn!(digest = %digest.short(), "a cached artifact is not ours or is damaged: compiling again");
            return None;
        }
        // Marks it as used. Without the right to do so it is only compiled again one day.
        let _ = file.set_modified(SystemTime::now());
        load_own(engine, artifact).ok()
    }

    /// Keeps a compiled component and loads it.
    pub fn store(&self, engine: &Engine, digest: &Digest, artifact: &[u8]) -> Result<Component, LoadError> {
        let component = load_own(engine, artifact).map_err(|error| LoadError::Compile(format!("{error:#}")))?;
        let path = self.path(engine, digest);
        let beside = beside(&path)?;
        let write = || -> std::io::Result<()> {
            let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
            file.write_all(self.authenticate(engine, digest, artifact).as_bytes())?;
            file.write_all(artifact)?;
            file.sync_all()?;
            fs::rename(&beside, &path)
        };
        write().map_err(at(&path))?;
        Ok(component)
    }

    fn path(&self, engine: &Engine, digest: &Digest) -> PathBuf {
        let settings: String = settings_hash(engine).to_hex().chars().take(16).collect();
        self.folder.join(format!("{digest}-{settings}-serving.cwasm"))
    }

    fn authenticate(&self, engine: &Engine, digest: &Digest, artifact: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&digest.0).update(settings_hash(engine).as_bytes()).update(artifact);
        hasher.finalize()
    }
}

/// Loads code that our own compiler wrote.
fn load_own(engine: &Engine, artifact: &[u8]) -> wasmtime::Result<Component> {
    #[allow(unsafe_code, reason = "the bytes were written by our compiler and authenticated, see the module's doc")]
    // SAFETY: `load` has checked the keyed hash over these very bytes; `store` has them from our compiler.
    unsafe {
        Component::deserialize(engine, artifact)
    }
}

/// Digest of everything in the engine that decides whether code fits it.
fn settings_hash(engine: &Engine) -> blake3::Hash {
    struct Sink(blake3::Hasher);
    impl Hasher for Sink {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut sink = Sink(blake3::Hasher::new());
    engine.precompile_compatibility_hash().hash(&mut sink);
    sink.0.finalize()
}

/// Where a file is written before it gets its name. Random, because hosts may share a folder, and in containers
/// their process ids are the same.
fn beside(path: &Path) -> Result<PathBuf, LoadError> {
    let mut name = [0; 8];
    getrandom::fill(&mut name).map_err(|error| LoadError::Engine(error.to_string()))?;
    Ok(path.with_extension(format!("{:016x}.new", u64::from_le_bytes(name))))
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> LoadError {
    let path = path.to_owned();
    move |cause| LoadError::Artifacts { path, cause }
}

#[cfg(test)]
mod tests;
