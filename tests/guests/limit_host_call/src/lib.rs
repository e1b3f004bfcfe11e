//! Hands more to an import at once than it may: the body says to which one.

use soma_sdk::prelude::*;

fn forward(_: &Request, body: &[u8]) -> Result<Reply, Failure> {
    let much = "x".repeat(20_000_000);
    match body {
        br#"{"to":"log"}"# => log::info!("{much}"),
        br#"{"to":"config"}"# => drop(config::get(&much)),
        br#"{"to":"subnet"}"# => drop(metagraph::by_hotkey(&much)),
        _ => {}
    }
    Ok(Reply { body: b"{}".to_vec(), content_type: None, status: None })
}

soma_sdk::plugin! {
    forward: forward,
}
