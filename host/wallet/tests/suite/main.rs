//! Wallets and the signer, against files of the Python SDKs and with real processes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation is how a test fails; clippy exempts only the test functions themselves"
)]

mod access;
mod isolation;
mod keyfiles;
mod keys;
mod signer;
mod vectors;
mod wallets;
