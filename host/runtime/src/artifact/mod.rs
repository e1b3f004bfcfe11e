//! Compiled code, cached by content.
//!
//! Loading compiled code means running whatever it says, so an artifact is used only when this host wrote it:
//! it carries a keyed BLAKE3 over itself and over what it was made for (the component's digest and the
//! engine's settings). The key is random and lies in the state folder, not beside the cache. An artifact is
//! written beside its name and renamed, never changed in place; it is opened once, checked, and loaded from that same
//! open file, whatever has its name by then. Whatever does not fit is treated as not there and compiled again.
//!
//! The file is mapped and not copied: an interpreter's code is tens of megabytes, of which few pages are ever used, and
//! versions and hosts share those. The price: pages that nobody has touched yet are read from the file when they
//! are. So whoever can write *into* a file that was checked and is in use, and not only put another in its place, can
//! change the code that runs, or end the host by cutting the file off. That takes the rights of the host's own user: the
//! folder is 0700, the file 0600, no plugin and no compiling child has either, and nothing of the host writes there in
//! place. Somebody with these rights could have replaced the host's binary as well. Keys are out of reach of what runs
//! here in any case: the signer is another process.
//!
//! Each key has a folder of its own in the cache: hosts of one user have different keys, and would otherwise throw
//! each other's artifacts away. What bounds it: an artifact that was not used for [`KEPT`] is removed when a host starts.

mod key;

use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::{Read, Seek, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use soma_manifest::Digest;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::error::LoadError;

/// Bytes of the key, and of the code behind an artifact.
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
        let found = Found::open(&self.path(engine, digest)).ok()?;
        if !found.is_ours(self, engine, digest).ok()? {
            tracing::warn!(digest = %digest.short(), "a cached artifact is not ours or is damaged: compiling again");
            return None;
        }
        // Marks it as used. Without the right to do so it is only compiled again one day.
        let _ = found.file.set_modified(SystemTime::now());
        found.map(engine).or_else(|| found.copy(self, engine, digest))
    }

    /// Keeps a compiled component and loads it.
    pub fn store(&self, engine: &Engine, digest: &Digest, artifact: &[u8]) -> Result<Component, LoadError> {
        let component = load_own(engine, artifact).map_err(|error| LoadError::Compile(format!("{error:#}")))?;
        let path = self.path(engine, digest);
        let beside = beside(&path)?;
        let write = || -> std::io::Result<()> {
            let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
            file.write_all(artifact)?;
            file.write_all(self.authenticate(engine, digest, artifact).as_bytes())?;
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
        hasher.update(artifact);
        sealed(hasher, engine, digest)
    }
}

/// Completes the code of an artifact, whose own bytes were hashed already: with what it was made for, which has always
/// the same length. The artifact comes first because BLAKE3 is fastest on pieces that begin at round places.
fn sealed(mut hasher: blake3::Hasher, engine: &Engine, digest: &Digest) -> blake3::Hash {
    hasher.update(&digest.0).update(settings_hash(engine).as_bytes());
    hasher.finalize()
}

/// An artifact that lies under the right name: the compiler's bytes, and behind them their code.
struct Found {
    file: File,
    /// Bytes in front of the code.
    length: u64,
}

impl Found {
    fn open(path: &Path) -> std::io::Result<Found> {
        let file = File::open(path)?;
        let whole = file.metadata()?.len();
        let length = whole.checked_sub(KEY_BYTES as u64).ok_or(std::io::ErrorKind::UnexpectedEof)?;
        Ok(Found { file, length })
    }

    /// Whether this host wrote it, for this component and these settings.
    fn is_ours(&self, cache: &ArtifactCache, engine: &Engine, digest: &Digest) -> std::io::Result<bool> {
        let mut file = &self.file;
        file.rewind()?;
        let mut hasher = blake3::Hasher::new_keyed(&cache.key);
        hasher.update_reader(file.take(self.length))?;
        let mut code = [0; KEY_BYTES];
        file.read_exact(&mut code)?;
        // blake3's comparison takes constant time.
        Ok(blake3::Hash::from_bytes(code) == sealed(hasher, engine, digest))
    }

    /// Loads it where it lies. None where that cannot be done: a folder from which nothing may be executed, no `/proc`.
    fn map(&self, engine: &Engine) -> Option<Component> {
        let path = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        #[allow(unsafe_code, reason = "the file was written by our compiler and authenticated, see the module's doc")]
        // SAFETY: `load` has checked the keyed hash over this very file, which is open, and nobody but its owner can
        // write into it.
        let mapped = unsafe { Component::deserialize_file(engine, path) };
        mapped.inspect_err(|error| tracing::debug!("a cached artifact cannot be mapped: {error:#}")).ok()
    }

    /// Loads a copy, whose bytes are checked again: the file may be another's by now.
    fn copy(&self, cache: &ArtifactCache, engine: &Engine, digest: &Digest) -> Option<Component> {
        let mut file = &self.file;
        file.rewind().ok()?;
        let mut bytes = Vec::new();
        file.take(self.length.saturating_add(KEY_BYTES as u64)).read_to_end(&mut bytes).ok()?;
        let (artifact, code) = bytes.split_last_chunk::<KEY_BYTES>()?;
        if blake3::Hash::from_bytes(*code) != cache.authenticate(engine, digest, artifact) {
            return None;
        }
        load_own(engine, artifact).ok()
    }
}

/// Loads code that our own compiler wrote.
fn load_own(engine: &Engine, artifact: &[u8]) -> wasmtime::Result<Component> {
    #[allow(unsafe_code, reason = "the bytes were written by our compiler and authenticated, see the module's doc")]
    // SAFETY: `copy` has checked the keyed hash over these very bytes; `store` has them from our compiler.
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
