//! Writes without end, whatever the stream says to it.

use soma_sdk::prelude::*;

fn stream(_: &Request, body: &[u8], out: &ResponseStream) -> Result<(), Failure> {
    let stubborn = body == b"\"stubborn\"";
    let piece = vec![b'x'; 65_536];
    loop {
        match out.write(&piece) {
            Err(_) if stubborn => {}
            // It takes the end for a good one; its host knows better.
            Err(_) => return Ok(()),
            Ok(()) => {}
        }
    }
}

soma_sdk::plugin! {
    streaming: stream,
}
