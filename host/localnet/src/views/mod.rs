//! What the runtime's interfaces answer, in the structs of finney 393.
//!
//! # Layout
//! - `metagraph`: the metagraph, whole and by chosen fields
//! - `neuron`: one neuron
//! - `state`: what changes of a subnet with each epoch
//! - `hyperparameters`: a subnet's settings

pub mod hyperparameters;
pub mod metagraph;
pub mod neuron;
pub mod state;

use parity_scale_codec::Compact;

/// Numbers as answers have them.
fn compact<V>(list: Vec<V>) -> Vec<Compact<V>> {
    list.into_iter().map(Compact).collect()
}

/// The place of one neuron in a list; 0 when the list is short.
fn at<V: Copy + Default>(list: &[V], uid: u16) -> V {
    list.get(usize::from(uid)).copied().unwrap_or_default()
}
