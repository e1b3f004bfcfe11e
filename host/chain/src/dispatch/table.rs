//! Cause and remedy of the refusals that a neuron meets.

use super::Retry;

/// Where a name is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// An error of `SubtensorModule` at finney 393.
    Pallet,
    /// An error that newer runtimes have, a refusal of the pool, or one of Substrate's.
    Other,
}

/// One name.
pub(super) struct Entry {
    pub(super) name: &'static str,
    #[cfg_attr(not(test), allow(dead_code, reason = "holds the names against the metadata in the tests"))]
    pub(super) origin: Origin,
    pub(super) retry: Retry,
    pub(super) cause: &'static str,
    pub(super) remedy: &'static str,
}

/// The entry of a name.
pub(super) fn find(name: &str) -> Option<&'static Entry> {
    TABLE.iter().find(|entry| entry.name == name)
}

const fn later(origin: Origin, name: &'static str, cause: &'static str, remedy: &'static str) -> Entry {
    Entry { name, origin, retry: Retry::Later, cause, remedy }
}

const fn mend(origin: Origin, name: &'static str, cause: &'static str, remedy: &'static str) -> Entry {
    Entry { name, origin, retry: Retry::Mend, cause, remedy }
}

use Origin::{Other, Pallet};

const REGISTER: &str = "register the hotkey on this subnet (`soma chain register`), or correct --netuid and the hotkey";
const STAKE_MORE: &str = "stake more behind the hotkey (`soma chain stake`)";
const FUND: &str = "send TAO to the coldkey first (`soma chain balance` shows what it has)";
const WAIT_WEIGHTS: &str =
    "wait for the subnet's weights rate limit (`soma chain hyperparameters`); a registration counts as an update too";
const FROM_METAGRAPH: &str = "take the uids from the metagraph of a recent block";
const TRY_LATER: &str = "nothing has to be changed: try again in some blocks";
const REPORT: &str = "this is a fault of soma or of the node, not of yours: report it with the call and the block";

/// All names that are known, those of the calls that a neuron makes.
pub(super) const TABLE: &[Entry] = &[
    // Weights
    later(Pallet, "SettingWeightsTooFast", "weights of this hotkey were set too few blocks ago", WAIT_WEIGHTS),
    later(Pallet, "CommittingWeightsTooFast", "weights of this hotkey were committed too few blocks ago", WAIT_WEIGHTS),
    later(
        Other,
        "RateLimitExceeded",
        "this hotkey set or committed weights, or the coldkey acted, too few blocks ago",
        WAIT_WEIGHTS,
    ),
    mend(Pallet, "HotKeyNotRegisteredInSubNet", "the hotkey has no uid on this subnet", REGISTER),
    mend(Other, "UidNotFound", "the hotkey has no uid on this subnet", REGISTER),
    mend(
        Pallet,
        "NotEnoughStakeToSetWeights",
        "the hotkey has less stake than the network wants for weights",
        STAKE_MORE,
    ),
    mend(
        Pallet,
        "NeuronNoValidatorPermit",
        "the hotkey has no validator permit on this subnet",
        "only the validators with the most stake have one; stake more and wait for the next epoch",
    ),
    mend(
        Pallet,
        "IncorrectWeightVersionKey",
        "the version key of the weights is lower than the subnet's",
        "update the validator's code, or set its version key to that of `soma chain hyperparameters`",
    ),
    mend(Pallet, "WeightVecNotEqualSize", "there are not as many weights as uids", REPORT),
    mend(Pallet, "InputLengthsUnequal", "there are not as many weights as uids", REPORT),
    mend(
        Pallet,
        "WeightVecLengthIsLow",
        "there are fewer weights than the subnet wants",
        "score more neurons; `soma chain hyperparameters` shows the least number",
    ),
    mend(Pallet, "DuplicateUids", "a uid has two weights", FROM_METAGRAPH),
    mend(Pallet, "UidVecContainInvalidOne", "a uid of the weights is not on this subnet", FROM_METAGRAPH),
    mend(Pallet, "UidsLengthExceedUidsInSubNet", "there are more weights than neurons", FROM_METAGRAPH),
    mend(
        Pallet,
        "MaxWeightExceeded",
        "one weight has a larger share than the subnet allows",
        "score more neurons, or cut the largest score; `soma chain hyperparameters` shows the limit",
    ),
    mend(Pallet, "CanNotSetRootNetworkWeights", "the root network takes no weights", "give the --netuid of a subnet"),
    mend(
        Pallet,
        "CommitRevealEnabled",
        "this subnet takes committed weights only",
        "weights have to be committed and are revealed later; this call does not do it",
    ),
    mend(Pallet, "CommitRevealDisabled", "this subnet takes plain weights only", "set the weights without a commit"),
    mend(Other, "IncorrectCommitRevealVersion", "the commit has another version than the chain wants", "update soma"),
    mend(
        Other,
        "InvalidRevealRound",
        "the commit would be revealed in the past",
        "check this machine's clock, and commit again",
    ),
    later(
        Pallet,
        "TooManyUnrevealedCommits",
        "ten commits of this hotkey wait to be revealed",
        "wait until the next epoch reveals them",
    ),
    mend(Pallet, "NoWeightsCommitFound", "there is no commit to reveal", "commit first"),
    mend(Other, "CommitNotFound", "there is no commit to reveal", "commit first"),
    later(
        Pallet,
        "RevealTooEarly",
        "the commit may not be revealed yet",
        "reveal it in the epoch that the subnet's reveal period gives",
    ),
    later(
        Other,
        "CommitBlockNotInRevealRange",
        "the commit may not be revealed now",
        "reveal it in the epoch that the subnet's reveal period gives",
    ),
    mend(Pallet, "ExpiredWeightCommit", "the commit was not revealed in time", "commit again"),
    mend(
        Pallet,
        "InvalidRevealCommitHashNotMatch",
        "what is revealed is not what was committed",
        "reveal the same uids, values, salt and version key",
    ),
    mend(
        Pallet,
        "MechanismDoesNotExist",
        "the subnet has no such mechanism",
        "give a mechanism that the subnet has; most have only 0",
    ),
    // Serving
    mend(Pallet, "HotKeyNotRegisteredInNetwork", "the hotkey is not registered on this subnet", REGISTER),
    later(
        Pallet,
        "ServingRateLimitExceeded",
        "an address of this hotkey was published too few blocks ago",
        "wait for the subnet's serving rate limit (`soma chain hyperparameters`)",
    ),
    mend(Pallet, "InvalidIpType", "the type of the address is neither 4 nor 6", REPORT),
    mend(
        Pallet,
        "InvalidIpAddress",
        "the chain does not take this address",
        "publish an address that others can reach (--axon.external_ip); in tests on one machine 127.0.0.2 will do",
    ),
    mend(
        Pallet,
        "InvalidPort",
        "the chain does not take port 0",
        "publish the port that others can reach (--axon.external_port)",
    ),
    // Subnets and registration
    mend(Pallet, "SubnetNotExists", "there is no such subnet", "correct --netuid, or the network"),
    mend(
        Pallet,
        "HotKeyAlreadyRegisteredInSubNet",
        "the hotkey is registered on this subnet already",
        "nothing is left to do",
    ),
    later(Pallet, "TooManyRegistrationsThisBlock", "others registered in the same block", TRY_LATER),
    later(Pallet, "TooManyRegistrationsThisInterval", "too many registered in this interval", TRY_LATER),
    later(
        Pallet,
        "SubNetRegistrationDisabled",
        "the subnet takes no registrations now",
        "ask the subnet's owner when it opens",
    ),
    mend(
        Pallet,
        "RegistrationNotPermittedOnRootSubnet",
        "this is not how one registers on the root network",
        "give the --netuid of a subnet",
    ),
    mend(
        Other,
        "RegistrationPriceLimitExceeded",
        "the registration costs more than the limit that was given",
        "raise the limit, or wait until the price has fallen",
    ),
    later(Pallet, "NoNeuronIdAvailable", "the subnet is full and every neuron of it is immune", TRY_LATER),
    mend(
        Pallet,
        "NonAssociatedColdKey",
        "the hotkey belongs to another coldkey",
        "sign with the coldkey that owns the hotkey, or use another hotkey",
    ),
    mend(Pallet, "HotKeyAccountNotExists", "the chain has never seen this hotkey", REGISTER),
    mend(Other, "HotkeyAccountDoesntExist", "the chain has never seen this hotkey", REGISTER),
    later(Pallet, "NetworkTxRateLimitExceeded", "the coldkey did this too few blocks ago", TRY_LATER),
    later(Pallet, "AdminActionProhibitedDuringWeightsWindow", "the subnet is about to start an epoch", TRY_LATER),
    // Money
    mend(Pallet, "NotEnoughBalanceToStake", "the coldkey has less than the call costs", FUND),
    mend(Pallet, "InsufficientBalance", "the coldkey has less than the call costs", FUND),
    mend(Other, "BalanceTooLow", "the coldkey has less than the call costs", FUND),
    mend(Pallet, "BalanceWithdrawalError", "the coldkey's balance could not be taken", FUND),
    mend(Pallet, "ZeroBalanceAfterWithdrawn", "nothing would be left on the coldkey", FUND),
    mend(Other, "Payment", "the account cannot pay the fee", FUND),
    mend(Other, "FundsUnavailable", "the account has less than the call costs", FUND),
    mend(Other, "NotExpendable", "nothing would be left on the account", FUND),
    mend(Other, "Frozen", "the account's money is frozen", FUND),
    mend(Pallet, "AmountTooLow", "the amount is below the least that may be staked", "stake more at once"),
    mend(Other, "StakeAmountTooLow", "the amount, or the stake behind the hotkey, is too low", STAKE_MORE),
    mend(Pallet, "NotEnoughStake", "the hotkey has too little stake", STAKE_MORE),
    mend(Pallet, "NotEnoughStakeToWithdraw", "there is less stake than is to be taken out", "take out less"),
    mend(Pallet, "InsufficientLiquidity", "the subnet's pool is too small for the amount", "stake less at once"),
    later(Pallet, "SlippageTooHigh", "the price moved further than allowed", TRY_LATER),
    mend(Pallet, "TransferDisallowed", "the subnet allows no transfer of stake", "nothing can be done from here"),
    mend(Other, "ZeroMaxAmount", "nothing can be staked at this price", "stake less at once, or try later"),
    mend(Pallet, "SubtokenDisabled", "the subnet has not started", "wait until its owner has started it"),
    later(
        Pallet,
        "StakingOperationRateLimitExceeded",
        "the hotkey's stake was changed in this block or just before",
        TRY_LATER,
    ),
    later(Pallet, "StakingRateLimitExceeded", "the hotkey's stake was changed too few blocks ago", TRY_LATER),
    mend(
        Other,
        "ColdkeyInSwapSchedule",
        "the coldkey is being replaced by another one",
        "use the new coldkey once the swap is over",
    ),
    mend(
        Other,
        "ColdkeySwapDisputed",
        "a swap of the coldkey is disputed",
        "this account can do nothing until the dispute is settled",
    ),
    mend(Other, "DelegateTakeTooLow", "the hotkey's take is too low", "set a take within the network's bounds"),
    mend(Other, "DelegateTakeTooHigh", "the hotkey's take is too high", "set a take within the network's bounds"),
    mend(Other, "EvmKeyAssociateRateLimitExceeded", "an EVM key was associated too few blocks ago", TRY_LATER),
    mend(Other, "InvalidRealAccount", "the account that the call is made for does not exist", REPORT),
    mend(Other, "FailedShieldedTxParsing", "the node read this as an encrypted extrinsic and could not", REPORT),
    mend(Other, "InvalidShieldedTxPubKeyHash", "the node read this as an encrypted extrinsic for another key", REPORT),
    // The pool and Substrate
    later(
        Other,
        "Stale",
        "its nonce was used by another extrinsic of this account",
        "another program uses the same key: let one of them wait for the other",
    ),
    later(
        Other,
        "Future",
        "its nonce is ahead of the account's",
        "an earlier extrinsic of this account got lost: try again",
    ),
    later(
        Other,
        "AncientBirthBlock",
        "its time to be in a block is over",
        "try again; a node that is behind or on a fork gives this too",
    ),
    later(
        Other,
        "TooLowPriority",
        "another extrinsic of this account with the same nonce waits in the pool",
        "wait until that one is in a block; another program may use the same key",
    ),
    later(
        Other,
        "TemporarilyBanned",
        "the node threw this extrinsic out a short while ago",
        "wait half an hour, or use another endpoint",
    ),
    later(Other, "ImmediatelyDropped", "the node's pool is full", "try again, or use another endpoint"),
    later(Other, "ExhaustsResources", "the block is full", TRY_LATER),
    mend(
        Other,
        "BadProof",
        "the chain does not accept the signature",
        "the runtime wants something in the signature that this version does not know: look for a newer soma (`soma doctor` lists what differs)",
    ),
    mend(Other, "BadSigner", "the chain does not accept the signer", REPORT),
    mend(
        Other,
        "Call",
        "the chain does not take this call from this account",
        "look at the subnet's and the account's state; the chain says no more",
    ),
    mend(
        Other,
        "BadRequest",
        "the runtime refused it without saying why",
        "check registration, balance and stake (`soma doctor`); the chain says no more",
    ),
    mend(
        Other,
        "BadFormat",
        "the node cannot read the extrinsic",
        "look for a newer soma: the runtime reads extrinsics in another form",
    ),
    mend(Other, "UnknownValidity", "the runtime cannot say whether it is valid", "try another endpoint"),
    mend(Other, "Invalid", "the runtime holds it invalid", "check registration, balance and stake (`soma doctor`)"),
    mend(Other, "BadOrigin", "this account may not make this call", "sign with the key that the call is for"),
    mend(Pallet, "CallDisabled", "the network has switched this call off", "look for the network's announcements"),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_name_is_there_twice_and_each_says_something() {
        let mut names = HashSet::new();
        for entry in TABLE {
            assert!(names.insert(entry.name), "{} is there twice", entry.name);
            assert!(!entry.cause.ends_with('.') && entry.cause.len() > 10, "{}", entry.name);
            assert!(!entry.remedy.ends_with('.') && entry.remedy.len() > 10, "{}", entry.name);
        }
    }
}
