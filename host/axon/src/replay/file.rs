//! The bytes of the two files that outlive a host.
//!
//! The nonces of a clean stop: `soma-nonces`, a version byte, the windows that the nonces were kept for, the latest
//! end that was forgotten, the number of nonces, the nonces, and a BLAKE3 hash over all of that. The pulse of a
//! running host: `soma-pulse`, a version byte, a second, the furthest future that was accepted, and a hash. Numbers
//! are little-endian. A file that is not exactly so is no file.

use super::keeper::Windows;
use super::{Key, Nonce};

const NONCES: &[u8] = b"soma-nonces\x01";
const PULSE: &[u8] = b"soma-pulse\x01";
const HASH: usize = 32;

/// What a clean stop leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Saved {
    /// How long nonces were kept.
    pub windows: Windows,
    /// The latest end of a window that was forgotten: Unix nanoseconds.
    pub forgotten: u64,
    /// Nonces up to this one were refused.
    pub closed: u64,
    /// What was remembered.
    pub nonces: Vec<Nonce>,
}

/// What a running host leaves each second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pulse {
    /// No request was accepted after this moment: Unix nanoseconds.
    pub until: u64,
    /// How far in the future a nonce could lie then, in nanoseconds.
    pub future: u64,
}

impl Saved {
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(NONCES.len() + 48 + self.nonces.len() * 64 + HASH);
        bytes.extend_from_slice(NONCES);
        let Windows { synapse, btauth, future } = self.windows;
        let count = self.nonces.len() as u64;
        for number in [synapse, btauth, future, self.forgotten, self.closed, count] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        for Nonce { key, expires } in &self.nonces {
            bytes.extend_from_slice(&key.hotkey);
            bytes.extend_from_slice(&key.nonce.to_le_bytes());
            bytes.extend_from_slice(&key.uuid.to_le_bytes());
            bytes.extend_from_slice(&expires.to_le_bytes());
        }
        sealed(bytes)
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<Saved> {
        let mut reader = Reader { rest: opened(bytes)?.strip_prefix(NONCES)? };
        let windows = Windows { synapse: reader.number()?, btauth: reader.number()?, future: reader.number()? };
        let (forgotten, closed, count) = (reader.number()?, reader.number()?, reader.number()?);
        let mut nonces = Vec::new();
        for _ in 0..count {
            let (hotkey, nonce) = (reader.take()?, reader.number()?);
            let uuid = u128::from_le_bytes(reader.take()?);
            nonces.push(Nonce { key: Key { hotkey, nonce, uuid }, expires: reader.number()? });
        }
        reader.rest.is_empty().then_some(Saved { windows, forgotten, closed, nonces })
    }
}

impl Pulse {
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = PULSE.to_vec();
        bytes.extend_from_slice(&self.until.to_le_bytes());
        bytes.extend_from_slice(&self.future.to_le_bytes());
        sealed(bytes)
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<Pulse> {
        let mut reader = Reader { rest: opened(bytes)?.strip_prefix(PULSE)? };
        let pulse = Pulse { until: reader.number()?, future: reader.number()? };
        reader.rest.is_empty().then_some(pulse)
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*taken)
    }

    fn number(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }
}

fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let hash = blake3::hash(&bytes);
    bytes.extend_from_slice(hash.as_bytes());
    bytes
}

fn opened(bytes: &[u8]) -> Option<&[u8]> {
    let (content, hash) = bytes.split_last_chunk::<HASH>()?;
    (blake3::hash(content) == *hash).then_some(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use soma_protocol::ss58::PublicKey;

    fn saved(count: u64) -> Saved {
        let nonce = |n: u64| Nonce::synapse(PublicKey([7; 32]), "uuid", n, n + 64);
        let windows = Windows { synapse: 64, btauth: 10, future: 4 };
        Saved { windows, forgotten: 5, closed: 3, nonces: (0..count).map(nonce).collect() }
    }

    #[test]
    fn what_is_written_is_read() {
        for count in [0, 1, 1000] {
            assert_eq!(Saved::from_bytes(&saved(count).to_bytes()), Some(saved(count)));
        }
        let pulse = Pulse { until: 1, future: 2 };
        assert_eq!(Pulse::from_bytes(&pulse.to_bytes()), Some(pulse));
        assert_eq!(Pulse::from_bytes(&saved(0).to_bytes()), None);
    }

    proptest! {
        #[test]
        fn a_file_with_one_wrong_byte_or_too_few_is_none(at in 0usize..1000, change in 1u8..=255, keep in 0usize..1000) {
            let good = saved(5).to_bytes();
            let mut bad = good.clone();
            let at = at % bad.len();
            bad[at] ^= change;
            prop_assert_eq!(Saved::from_bytes(&bad), None);
            prop_assert_eq!(Saved::from_bytes(&good[..keep % good.len()]), None);
        }

        /// Even with a good hash: the number of nonces is believed only as far as there are bytes.
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Saved::from_bytes(&bytes);
            let _ = Saved::from_bytes(&sealed([NONCES, &bytes].concat()));
            let _ = Pulse::from_bytes(&sealed([PULSE, &bytes].concat()));
        }
    }
}
