//! What this chain's operator has set beside finney's storages: the spec version, and which layer refuses.

use frame_support::storage::unhashed;
use serde::{Deserialize, Serialize};

/// The spec version before an upgrade, and finney's when its interface was written down.
pub const SPEC_VERSION: u32 = 393;

const SPEC_KEY: &[u8] = b"soma:spec_version";
const LAYER_KEY: &[u8] = b"soma:layer";

/// Which layer refuses what a call would not do: real chains have done both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// The pool, with error 1010 and `Custom error: N`, as the chain does since about spec 400.
    #[default]
    Pool,
    /// The call in its block, with an error by name.
    Dispatch,
}

pub(crate) fn set(layer: Layer) {
    unhashed::put(LAYER_KEY, &matches!(layer, Layer::Pool));
}

pub(crate) fn pool_checks() -> bool {
    unhashed::get_or_default(LAYER_KEY)
}

/// The spec version of the state in whose block this is called.
pub(crate) fn spec_version() -> u32 {
    unhashed::get(SPEC_KEY).unwrap_or(SPEC_VERSION)
}

pub(crate) fn set_spec_version(version: u32) {
    unhashed::put(SPEC_KEY, &version);
}

/// Whether the chain has had its upgrade, after which the pallet's errors have the next higher index.
pub(crate) fn upgraded() -> bool {
    spec_version() > SPEC_VERSION
}
