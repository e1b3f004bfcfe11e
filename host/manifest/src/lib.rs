//! A plugin is one `.wasm` file that describes itself. This crate reads and writes that description and says,
//! before anything is compiled, whether the component may be loaded at all.
//!
//! It never compiles or runs a component and knows no engine: a tool that only packs plugins stays small.
//!
//! # Layout
//!
//! - [`manifest`]: what a plugin says about itself ([`Manifest`]), and `plugin.toml`, its source form
//! - `source`: files of a plugin's source folder
//! - [`contract`]: the hooks and imports of `soma:neuron` that this host knows
//! - [`schema`]: what a route's schema may be
//! - [`seconds`]: a time as it stands in a file; [`millis`]: a short one
//! - [`size`]: a number of bytes as it stands in a file
//! - [`section`]: the `soma:manifest` custom section
//! - [`mod@file`]: a plugin file, checked ([`PluginFile`]), and what an operator's grants allow it
//! - [`error`]: everything that can be wrong with a plugin file

pub mod contract;
pub mod error;
pub mod file;
pub mod manifest;
pub mod millis;
pub mod schema;
pub mod seconds;
pub mod section;
pub mod size;
mod source;

pub use contract::{Hook, Want};
pub use error::{GrantError, ManifestError, PluginFileError, SettingError};
pub use file::{Digest, PluginFile};
pub use manifest::{BudgetRequest, Manifest, RouteSpec, StreamSpec};
pub use millis::Millis;
pub use seconds::Seconds;
pub use section::embed;
