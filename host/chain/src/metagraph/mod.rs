//! All neurons of a subnet at one block, to be looked up.
//!
//! A value that never changes once made: it is shared by pointer and read without a lock. A neuron takes about 220 bytes,
//! a subnet of 1,024 about 240 kB. A hotkey is found by binary search in an array of its own that fits the nearest cache
//! and holds the first eight bytes of each key; the whole key is compared only in the end.

mod answer;
mod file;
mod read;
mod storages;
#[cfg(test)]
mod tests;

use soma_protocol::ss58::PublicKey;
use subxt::utils::H256;

use crate::neuron::Neuron;
pub use file::{FileError, Kept};

/// The neurons of one subnet at one block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metagraph {
    netuid: u16,
    block: u64,
    hash: H256,
    neurons: Box<[Neuron]>,
    /// The first eight bytes of each hotkey, with the uid; sorted.
    index: Box<[(u64, u16)]>,
}

impl Metagraph {
    /// The metagraph of these neurons; nothing unless their uids are 0, 1, 2 and so on.
    #[must_use]
    pub fn new(netuid: u16, block: u64, hash: H256, neurons: Vec<Neuron>) -> Option<Self> {
        let counted = (0..=u16::MAX).zip(&neurons).filter(|(place, neuron)| *place == neuron.uid).count();
        if counted != neurons.len() {
            return None;
        }
        let mut index: Vec<(u64, u16)> = neurons.iter().map(|neuron| (front(&neuron.hotkey), neuron.uid)).collect();
        index.sort_unstable();
        Some(Self { netuid, block, hash, neurons: neurons.into(), index: index.into() })
    }

    /// The subnet.
    #[must_use]
    pub fn netuid(&self) -> u16 {
        self.netuid
    }

    /// The number of the block that this is of.
    #[must_use]
    pub fn block(&self) -> u64 {
        self.block
    }

    /// The hash of the block that this is of.
    #[must_use]
    pub fn hash(&self) -> H256 {
        self.hash
    }

    /// All neurons; the place of each is its uid. At most 65,536.
    #[must_use]
    pub fn neurons(&self) -> &[Neuron] {
        &self.neurons
    }

    /// The neuron with this uid.
    #[must_use]
    pub fn neuron(&self, uid: u16) -> Option<&Neuron> {
        self.neurons.get(usize::from(uid))
    }

    /// The neuron with this hotkey. A chain has a hotkey once in a subnet; would it be there twice, the lowest uid counts.
    #[must_use]
    pub fn by_hotkey(&self, hotkey: &PublicKey) -> Option<&Neuron> {
        let front = front(hotkey);
        let first = self.index.partition_point(|(known, _)| *known < front);
        let alike = self.index.get(first..).unwrap_or_default().iter().take_while(|(known, _)| *known == front);
        alike.filter_map(|(_, uid)| self.neuron(*uid)).find(|neuron| neuron.hotkey == *hotkey)
    }

    /// How much memory this takes, in bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.neurons) + size_of_val(&*self.index)
    }
}

/// The first eight bytes of a key, in an order that does not matter.
fn front(key: &PublicKey) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = key.0;
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}
