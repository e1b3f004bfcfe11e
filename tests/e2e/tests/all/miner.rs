//! The neuron that most tests talk to: the example miner, with one caller on its deny list.

use serde_json::{Value, json};
use soma_e2e::account::{ALICE, BOB, CHARLIE};
use soma_e2e::signed::{Btauth, Synapse};
use soma_e2e::wire::Request;
use soma_e2e::{Neuron, Settings, Slot, places};

/// The example's routes.
pub const ROUTES: [&str; 3] = ["TextGeneration", "ImageGeneration", "HashedText"];

/// The example miner as slot `text`; Charlie is denied.
pub fn slot() -> Slot {
    Slot::new("text", places::guest("text-miner-rust").unwrap(), &ROUTES)
        .grant(&["config"])
        .config("deny", &json!([CHARLIE.hotkey]).to_string())
}

/// Settings with only the example miner.
pub fn settings() -> Settings {
    Settings::default().slot(slot())
}

/// A running example miner.
pub fn start() -> Neuron {
    Neuron::start(&settings()).unwrap()
}

/// A good synapse of Bob for the example miner.
pub fn synapse(body: Value) -> Synapse<'static> {
    Synapse::new(BOB, ALICE.hotkey, "TextGeneration", body)
}

/// A good question of Bob in the synapse dialect.
pub fn ask_synapse() -> Request {
    synapse(json!({"prompt": "one two", "temperature": 0})).request().unwrap()
}

/// A good btauth request of Bob for the example miner.
pub fn btauth(body: &str) -> Btauth<'_> {
    Btauth::new(BOB, ALICE.hotkey, "/TextGeneration", body)
}

/// A good question of Bob in btauth/1.
pub fn ask_btauth() -> Request {
    btauth(r#"{"prompt": "one two", "temperature": 0}"#).request().unwrap()
}
