//! Writes a byte at a time, without end: an instance that next to nothing is needed to hold.

use soma_sdk::prelude::*;

fn stream(_: &Request, _: &[u8], out: &ResponseStream) -> Result<(), Failure> {
    while out.write(b"x").is_ok() {}
    Ok(())
}

soma_sdk::plugin! {
    streaming: stream,
}
