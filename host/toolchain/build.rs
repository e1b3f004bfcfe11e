//! The template embeds the SDK and the contract: a change there is a change here.

fn main() {
    for folder in ["../../sdk-guest/rust/src", "../../sdk-guest/rust/Cargo.toml", "../../wit", "template"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
