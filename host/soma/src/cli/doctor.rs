//! Flags of `soma doctor`.

use clap::Args;

use super::RunFlags;

/// Flags of `soma doctor`: those of `soma run`, to look at what it would meet.
#[derive(Debug, Args)]
pub struct DoctorFlags {
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// What `soma run` is started with.
    #[command(flatten)]
    pub run: RunFlags,
}
