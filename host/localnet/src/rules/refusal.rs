//! An error's number in the pool, where names do not reach. One number stands for several errors.

use crate::pallet::{Config, Error};

/// Everything that has no number of its own.
const BAD_REQUEST: u8 = 255;

/// The number of subtensor's `CustomTransactionError`, the same in the sources of spec 393 and 425.
pub(crate) fn pool_code<T: Config>(error: Error<T>) -> u8 {
    use Error::*;
    match error {
        AmountTooLow | NotEnoughStakeToSetWeights => 1,
        NotEnoughBalanceToStake => 2,
        SubnetNotExists => 3,
        HotKeyAccountNotExists => 4,
        SettingWeightsTooFast | CommittingWeightsTooFast | NetworkTxRateLimitExceeded => 6,
        HotKeyNotRegisteredInNetwork => 10,
        InvalidIpAddress => 11,
        ServingRateLimitExceeded => 12,
        InvalidPort => 13,
        InputLengthsUnequal | WeightVecNotEqualSize => 18,
        HotKeyNotRegisteredInSubNet => 19,
        NonAssociatedColdKey => 25,
        _ => BAD_REQUEST,
    }
}
