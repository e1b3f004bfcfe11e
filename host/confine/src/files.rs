//! Landlock with every right handled and none granted.

use landlock::{
    ABI, Access, AccessFs, AccessNet, LandlockStatus, Ruleset, RulesetAttr, RulesetError, RulesetStatus, Scope,
};

use crate::State;

/// The newest Landlock version whose rights were looked at. An older kernel gets the part that it knows.
const REVIEWED: ABI = ABI::V6;

/// Denies all rights over files, TCP ports, abstract sockets and signals to processes outside.
pub(crate) fn forbid_all() -> State {
    match restrict() {
        Ok((RulesetStatus::FullyEnforced, _)) => State::Active,
        Ok((RulesetStatus::PartiallyEnforced, status)) => {
            State::Partial(format!("the kernel knows a part of the rights: {}", describe(status)))
        }
        Ok((RulesetStatus::NotEnforced, status)) => State::Unavailable(describe(status)),
        Err(error) => State::Unavailable(error.to_string()),
    }
}

fn restrict() -> Result<(RulesetStatus, LandlockStatus), RulesetError> {
    let restricted = Ruleset::default()
        .handle_access(AccessFs::from_all(REVIEWED))?
        .handle_access(AccessNet::from_all(REVIEWED))?
        .scope(Scope::from_all(REVIEWED))?
        .create()?
        .restrict_self()?;
    Ok((restricted.ruleset, restricted.landlock))
}

fn describe(status: LandlockStatus) -> String {
    match status {
        LandlockStatus::NotEnabled => "landlock is built into the kernel and not enabled".to_owned(),
        LandlockStatus::NotImplemented => "the kernel has no landlock".to_owned(),
        LandlockStatus::Available { effective_abi, .. } => format!("landlock version {}", effective_abi as i32),
    }
}
