//! The hash that ties a body to the signed headers.

use sha3::{Digest, Sha3_256};

/// The hash over no fields, which is what most synapses send.
pub const EMPTY_BODY_HASH: &str = "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a";

/// Hex SHA3-256 over the concatenated hex SHA3-256 of each value. `values` are what
/// [`py_str`](crate::pystr::py_str) makes of the hashed fields, in the order in which the class declares them.
pub fn body_hash(values: &[String]) -> String {
    let mut outer = Sha3_256::new();
    for value in values {
        outer.update(hex::encode(Sha3_256::digest(value)));
    }
    hex::encode(outer.finalize())
}
