//! Streams as many words as it is asked for, without end when asked so; the words are of one size.

use soma_sdk::prelude::*;

/// What to write.
#[derive(Deserialize)]
struct Words {
    /// How many pieces.
    count: u32,
    /// Bytes of each.
    size: usize,
}

fn stream(words: Words, out: &ResponseStream) -> Result<(), Failure> {
    for nth in 0..words.count {
        let digit = b'0' + (nth % 10) as u8;
        out.write(vec![digit; words.size])?;
    }
    Ok(())
}

soma_sdk::plugin! {
    streaming: { Words => stream },
}
