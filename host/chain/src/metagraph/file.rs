//! The metagraph on disk.
//!
//! ```text
//! 8 bytes   "somametg"
//! 2 bytes   version, little endian
//!           genesis hash, netuid, block, block hash, when it was read, neurons (SCALE)
//! 32 bytes  SHA-256 of all before
//! ```
//! The hash finds damage, not malice: who can write the file can write the hash. What is read is checked as if anybody
//! had written it, and a file of another chain or subnet is not used.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parity_scale_codec::{DecodeAll as _, Encode as _};
use sha2::{Digest as _, Sha256};
use subxt::utils::H256;
use thiserror::Error;

use super::Metagraph;
use crate::neuron::Neuron;

const MAGIC: [u8; 8] = *b"somametg";

/// Changes with the layout, also that of a neuron. Files of other versions are not read: the chain has the same again.
const VERSION: u16 = 1;

/// Bytes of the hash at the end.
const HASH: usize = 32;

/// The largest file that is read, in bytes: 65,536 neurons take about 12 MB.
const LARGEST: u64 = 16 * 1024 * 1024;

/// A metagraph with what must be known of it to use it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The first block of the chain that it is of.
    pub genesis: H256,
    /// When it was read from the chain, by this machine's clock, since 1970; whole milliseconds.
    pub taken: Duration,
    /// The neurons.
    pub metagraph: Metagraph,
}

/// Why a file is not used.
#[derive(Debug, Error)]
pub enum FileError {
    /// It cannot be read or written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// It does not begin as such a file does.
    #[error("it is not a metagraph file")]
    Foreign,
    /// Another version of soma wrote it.
    #[error("it has version {0}, and this soma reads version 1")]
    Version(u16),
    /// Its content does not fit its hash.
    #[error("it is damaged: the hash at its end is not that of its content")]
    Damaged,
    /// Its content makes no sense.
    #[error("its content cannot be read: {0}")]
    Content(String),
}

/// All between the version and the hash.
type Body = ([u8; 32], u16, u64, [u8; 32], u64, Vec<Neuron>);

impl Kept {
    /// The age by this machine's clock; zero if the clock was turned back since.
    #[must_use]
    pub fn age(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(self.taken)
    }

    /// The bytes of the file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let Metagraph { netuid, block, hash, neurons, .. } = &self.metagraph;
        let taken = u64::try_from(self.taken.as_millis()).unwrap_or(u64::MAX);
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        (self.genesis.0, netuid, block, hash.0, taken, &**neurons).encode_to(&mut bytes);
        let digest = Sha256::digest(&bytes);
        bytes.extend_from_slice(&digest);
        bytes
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// [`FileError`] if they are not exactly such a file.
    pub fn parse(bytes: &[u8]) -> Result<Self, FileError> {
        let rest = bytes.strip_prefix(&MAGIC).ok_or(FileError::Foreign)?;
        let (version, _) = rest.split_first_chunk().ok_or(FileError::Damaged)?;
        let version = u16::from_le_bytes(*version);
        if version != VERSION {
            return Err(FileError::Version(version));
        }
        let (content, digest) = bytes.split_last_chunk::<HASH>().ok_or(FileError::Damaged)?;
        if Sha256::digest(content).as_slice() != digest {
            return Err(FileError::Damaged);
        }
        let body = content.get(MAGIC.len() + size_of::<u16>()..).ok_or(FileError::Damaged)?;
        let body = Body::decode_all(&mut &*body).map_err(|error| FileError::Content(error.to_string()))?;
        let (genesis, netuid, block, hash, taken, neurons) = body;
        let metagraph = Metagraph::new(netuid, block, H256(hash), neurons)
            .ok_or_else(|| FileError::Content("its uids are not in order".to_owned()))?;
        Ok(Self { genesis: H256(genesis), taken: Duration::from_millis(taken), metagraph })
    }

    /// Reads a file; nothing if there is none.
    ///
    /// # Errors
    /// [`FileError`] if it cannot be read or is not such a file.
    pub fn load(path: &Path) -> Result<Option<Self>, FileError> {
        let file = match std::fs::File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut bytes = Vec::new();
        file.take(LARGEST + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > LARGEST {
            return Err(FileError::Content(format!("it is larger than {LARGEST} bytes")));
        }
        Self::parse(&bytes).map(Some)
    }

    /// Writes a file: beside the old one first, which it then takes the place of, so that there is a whole one at any
    /// time.
    ///
    /// # Errors
    /// [`FileError::Io`].
    pub fn store(&self, path: &Path) -> Result<(), FileError> {
        let beside = path.with_extension("new");
        let mut file = std::fs::File::create(&beside)?;
        file.write_all(&self.to_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::axon::Axon;
    use crate::metagraph::tests::neuron;

    fn kept(count: u16) -> Kept {
        let neurons = (0..count).map(|uid| {
            let axon = (uid % 2 == 0).then_some(Axon { ip: 1 << 100, port: uid, ip_type: 6, ..Axon::default() });
            Neuron { axon, ..neuron(uid, [u8::try_from(uid % 256).unwrap(); 32]) }
        });
        let metagraph = Metagraph::new(3, 77, H256([8; 32]), neurons.collect()).unwrap();
        Kept { genesis: H256([9; 32]), taken: Duration::from_millis(1_234_567_890_123), metagraph }
    }

    /// Gives changed content the hash that belongs to it, so that the checks behind the hash are reached.
    fn sealed(mut content: Vec<u8>) -> Vec<u8> {
        let digest = Sha256::digest(&content);
        content.extend_from_slice(&digest);
        content
    }

    #[test]
    fn what_is_stored_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metagraph-finney-3.bin");
        assert!(Kept::load(&path).unwrap().is_none());
        for count in [1024, 3, 0] {
            kept(count).store(&path).unwrap();
            assert_eq!(Kept::load(&path).unwrap(), Some(kept(count)));
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_cut_short_or_changed_is_refused() {
        let whole = kept(5).to_bytes();
        for length in 0..whole.len() {
            assert!(Kept::parse(&whole[..length]).is_err(), "{length} bytes");
        }
        for place in 0..whole.len() {
            let mut changed = whole.clone();
            changed[place] ^= 1;
            assert!(Kept::parse(&changed).is_err(), "byte {place}");
        }
    }

    #[test]
    fn errors_say_what_is_wrong() {
        let whole = kept(5).to_bytes();
        let content = &whole[..whole.len() - HASH];
        let mut newer = content.to_vec();
        newer[MAGIC.len()] = 2;
        assert!(matches!(Kept::parse(&sealed(newer)), Err(FileError::Version(2))));
        assert!(matches!(Kept::parse(b"{}"), Err(FileError::Foreign)));
        assert!(matches!(Kept::parse(&sealed([content, &[0]].concat())), Err(FileError::Content(_))));
        // The first neuron's uid: behind the fixed fields and one byte of length.
        let mut disordered = content.to_vec();
        disordered[MAGIC.len() + 2 + 32 + 2 + 8 + 32 + 8 + 1] = 9;
        assert!(matches!(Kept::parse(&sealed(disordered)), Err(FileError::Content(_))));
    }

    proptest! {
        #[test]
        fn any_content_is_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..400), cut in 0_usize..400) {
            let _ = Kept::parse(&body);
            let _ = Kept::parse(&sealed([&MAGIC[..], &[1, 0], &body].concat()));
            let whole = kept(3).to_bytes();
            let cut = cut.min(whole.len() - HASH);
            let _ = Kept::parse(&sealed([&whole[..cut], &body].concat()));
        }
    }
}
