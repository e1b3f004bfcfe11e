//! Flags of `soma bench`.

use std::path::PathBuf;

use clap::Args;

/// What to measure, and for how long.
#[derive(Clone, Debug, Args)]
pub struct BenchFlags {
    /// A plugin file to measure, in place of the slots of soma.toml. It is granted what it wants.
    pub plugin: Option<PathBuf>,
    /// The configuration file. Its slots are measured; its wallet, port and list of callers are not looked at.
    #[arg(long, short, env = "SOMA_CONFIG", default_value = "soma.toml", value_name = "FILE")]
    pub config: PathBuf,
    /// Seconds of measuring, besides loading and signing: 2 to 600.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(2..=600), value_name = "SECONDS")]
    pub seconds: u16,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}
