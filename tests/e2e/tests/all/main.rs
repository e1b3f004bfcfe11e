//! End-to-end tests of the `soma` binary. One executable, because linking is what costs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails, wherever in its file that is"
)]

mod ambient;
mod attack;
mod author;
mod bench;
mod captures_10;
mod chain;
mod chain_commands;
mod chain_commands_cut;
mod client;
mod dendrite_10;
mod differential;
mod doctor;
mod doctor_chain;
mod edge_cases;
mod edge_overrides;
mod endpoint_secrets;
mod faults;
mod http_auth_11;
mod keyless;
mod languages;
mod localnet;
mod long;
mod miner;
mod passwords;
mod query;
mod recorded;
mod replay;
mod restart;
mod run_chain;
mod run_publish;
mod signals;
mod soak;
mod start;
mod statuses_btauth;
mod statuses_synapse;
mod swap;
mod telemetry;
mod typescript;
mod wallets;
