//! Finds a tool chain for guests, builds a guest into a component, and writes new plugin projects.
//!
//! A plugin's language is seen from its folder. Rust is built with the author's own toolchain; the tools for the other
//! languages are fetched by their package managers, in pinned versions, into Soma's cache folder.
//!
//! A Rust guest needs a standard library for `wasm32-unknown-unknown` and the linker `wasm-component-ld`. The
//! linker comes with rustup's toolchains. For the library the search takes the first that works:
//!
//! 1. the active toolchain has the target;
//! 2. `rustup target add` (not with `RUSTUP_AUTO_INSTALL=0`, which forbids downloads by rustup);
//! 3. on Debian and its kin: the archive's `rustc-web` and `rust-web-src`, unpacked into Soma's cache folder; the
//!    standard library is then built with the first guest;
//! 4. an error that says which command to run.
//!
//! It never installs a package, changes `PATH` or another tool's files, or compiles a component to machine code
//! (it knows no engine). Everything it keeps lies in one cache folder that may be deleted at any time: what is
//! there is complete, or a lock says who is at work.
//!
//! # Layout
//! - [`cache`]: where things are kept, and the locks
//! - [`chain`]: a tool chain that was found, and the search
//! - [`language`]: in which language a plugin is written
//! - [`build`]: a folder becomes a component, one module for each language
//! - [`world`]: the WIT world of one plugin, written from its manifest
//! - [`venv`]: Python environments with pinned packages
//! - [`template`]: a new plugin project
//! - [`progress`]: what a person sees meanwhile
//! - [`error`]: everything that can go wrong
//! - `rustc`: questions to the active toolchain
//! - `debian`, `archive`: the tool chain out of Debian's packages
//! - `process`: running other programs

mod archive;
pub mod build;
pub mod cache;
pub mod chain;
mod debian;
pub mod error;
pub mod language;
mod process;
pub mod progress;
mod rustc;
pub mod template;
pub mod venv;
pub mod world;

pub use build::rust::rust_component;
pub use cache::Cache;
pub use chain::Toolchain;
pub use error::ToolchainError;
pub use language::Language;
pub use progress::Progress;
