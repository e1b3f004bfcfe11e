//! What the coldkey pays for.

use soma_protocol::ss58::PublicKey;

use super::{ROOT, Step};
use crate::at::{At, PALLET};
use crate::write::call::ColdkeyCall;
use crate::write::error::WriteError;
use crate::write::plan::Draft;
use crate::write::preflight::Preflight;

/// The least that any known runtime takes as stake, in RAO (0.0005 TAO). The runtime's own least may be higher and cannot
/// be read; then the chain refuses by name.
const LEAST: u64 = 500_000;

/// A uid for a hotkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Register {
    /// The subnet.
    pub netuid: u16,
    /// Who gets the uid.
    pub hotkey: PublicKey,
    /// The most that it may cost, in RAO of TAO. The price is that of the block it gets into: it may have risen since it
    /// was looked at.
    pub most: Option<u64>,
}

impl Register {
    /// At whatever it costs.
    #[must_use]
    pub fn new(netuid: u16, hotkey: PublicKey) -> Self {
        Self { netuid, hotkey, most: None }
    }

    pub(super) async fn draft(&self, at: &At, coldkey: &PublicKey) -> Result<Step, WriteError> {
        let Self { netuid, hotkey, most } = *self;
        if netuid == ROOT {
            return Err(Preflight::Root.into());
        }
        at.check_subnet(netuid).await?;
        if let Some(uid) = at.uid(netuid, &hotkey).await? {
            return Err(Preflight::AlreadyRegistered { netuid, hotkey, uid }.into());
        }
        if !at.hyperparameters(netuid).await?.registration_allowed {
            return Err(Preflight::RegistrationClosed { netuid }.into());
        }
        if let Some(owner) = at.owner(&hotkey).await?.filter(|owner| owner != coldkey) {
            return Err(Preflight::OtherOwner { hotkey, owner }.into());
        }
        let price = at.burn(netuid).await?;
        if let Some(most) = most.filter(|most| price > *most) {
            return Err(Preflight::TooExpensive { price, most }.into());
        }
        let call = ColdkeyCall::BurnedRegister { netuid, hotkey: hotkey.0 };
        Ok(Step::Send(Draft { call: call.into(), weights: Vec::new(), price }))
    }
}

/// TAO that becomes a subnet's alpha behind a hotkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddStake {
    /// The subnet; 0 keeps it TAO.
    pub netuid: u16,
    /// Behind whom.
    pub hotkey: PublicKey,
    /// In RAO of TAO.
    pub amount: u64,
}

impl AddStake {
    /// So many RAO.
    #[must_use]
    pub fn new(netuid: u16, hotkey: PublicKey, amount: u64) -> Self {
        Self { netuid, hotkey, amount }
    }

    pub(super) async fn draft(&self, at: &At) -> Result<Step, WriteError> {
        let Self { netuid, hotkey, amount } = *self;
        at.check_subnet(netuid).await?;
        if amount < LEAST {
            return Err(Preflight::AmountTooLow { amount, least: LEAST }.into());
        }
        if netuid != ROOT && at.has_storage(PALLET, "SubtokenEnabled") {
            let started: Option<bool> = at.storage(PALLET, "SubtokenEnabled", (netuid,)).await?;
            if started != Some(true) {
                return Err(Preflight::NotStarted { netuid }.into());
            }
        }
        if at.owner(&hotkey).await?.is_none() {
            return Err(Preflight::UnknownHotkey { hotkey }.into());
        }
        let call = ColdkeyCall::AddStake { hotkey: hotkey.0, netuid, amount };
        Ok(Step::Send(Draft { call: call.into(), weights: Vec::new(), price: amount }))
    }
}
