//! Uses every import: clock, random and config go into the answer, and the log gets lines that the host has to cut or clean.

use soma_sdk::prelude::*;

#[derive(Deserialize)]
struct Imports {
    /// The setting to read.
    key: String,
    /// How many random bytes to ask for.
    random: u32,
}

#[derive(Serialize)]
struct Answer {
    now_ms: f64,
    random: Vec<u8>,
    setting: Option<String>,
}

fn forward(imports: Imports) -> Answer {
    log::trace!("a line at trace");
    log::debug!("a line at debug");
    log::info!("a line at info");
    log::warn!("control \u{1b}[31m characters\r\nand a second line");
    log::error!("{}", "long ".repeat(1000));
    // More lines than the budget of one call holds.
    for line in 0..200 {
        log::info!("{line} {}", "x".repeat(1000));
    }
    Answer { now_ms: clock::now_ms(), random: random::bytes(imports.random), setting: config::get(&imports.key) }
}

soma_sdk::plugin! {
    forward: { Imports => forward },
}
