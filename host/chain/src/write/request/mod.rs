//! What can be asked for, and how each becomes a call that the chain takes.
//!
//! # Layout
//! - [`serving`]: addresses; [`weighing`]: weights; [`spending`]: what the coldkey pays for

pub mod serving;
pub mod spending;
pub mod weighing;

use soma_protocol::ss58::PublicKey;

use super::error::WriteError;
use super::plan::Draft;
use super::preflight::Preflight;
use crate::at::At;

pub use serving::{ServeAxon, ServePrometheus};
pub use spending::{AddStake, Register};
pub use weighing::SetWeights;

/// The root network.
const ROOT: u16 = 0;

/// Something to be written.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Publishes the axon's address; signed by the hotkey.
    ServeAxon(ServeAxon),
    /// Publishes the address of the metrics; signed by the hotkey.
    ServePrometheus(ServePrometheus),
    /// Takes the axon's address back; signed by the hotkey.
    ResetAxon {
        /// The subnet.
        netuid: u16,
    },
    /// Sets weights; signed by the hotkey.
    SetWeights(SetWeights),
    /// Registers a hotkey at the price of the moment; signed and paid by the coldkey.
    Register(Register),
    /// Puts TAO behind a hotkey; signed and paid by the coldkey.
    AddStake(AddStake),
}

/// What comes of a request before it has a price.
pub(super) enum Step {
    Send(Draft),
    Unneeded(String),
}

impl Request {
    /// Looks whether the chain would refuse it at this block, and makes the call.
    pub(super) async fn draft(&self, at: &At, account: &PublicKey) -> Result<Step, WriteError> {
        match self {
            Self::ServeAxon(request) => request.draft(at, account).await,
            Self::ServePrometheus(request) => request.draft(at, account).await,
            Self::ResetAxon { netuid } => serving::reset(at, account, *netuid).await,
            Self::SetWeights(request) => request.draft(at, account).await,
            Self::Register(request) => request.draft(at, account).await,
            Self::AddStake(request) => request.draft(at).await,
        }
    }
}

/// The uid of a hotkey that has to have one.
async fn registered(at: &At, netuid: u16, hotkey: &PublicKey) -> Result<u16, WriteError> {
    at.check_subnet(netuid).await?;
    let uid = at.uid(netuid, hotkey).await?;
    uid.ok_or_else(|| Preflight::NotRegistered { netuid, hotkey: *hotkey }.into())
}

/// Refuses what comes too few blocks after the last time. A call of now is judged by the next block at the earliest.
fn rested(what: &'static str, at: &At, netuid: u16, last: u64, limit: u64) -> Result<(), Preflight> {
    let since = at.number().saturating_add(1).saturating_sub(last);
    match limit.saturating_sub(since) {
        0 => Ok(()),
        blocks => Err(Preflight::TooSoon { what, netuid, since, limit, blocks }),
    }
}
