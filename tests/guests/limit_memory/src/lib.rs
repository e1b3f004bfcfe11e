//! Allocates without end, and touches what it gets.

use soma_sdk::prelude::*;

fn forward(_: &Request, _: &[u8]) -> Result<Reply, Failure> {
    let mut kept = Vec::new();
    loop {
        kept.push(vec![1_u8; 1024 * 1024]);
        std::hint::black_box(&kept);
    }
}

soma_sdk::plugin! {
    forward: forward,
}
