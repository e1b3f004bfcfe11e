//! Templates and builds embed the SDKs and the contract: a change there is a change here.

/// What is embedded.
const EMBEDDED: [&str; 7] = [
    "../../sdk-guest/c",
    "../../sdk-guest/python/soma",
    "../../sdk-guest/rust/src",
    "../../sdk-guest/rust/Cargo.toml",
    "../../sdk-guest/typescript",
    "../../wit",
    "template",
];

fn main() {
    for folder in EMBEDDED {
        println!("cargo::rerun-if-changed={folder}");
    }
}
