//! What a node says when it does not take an extrinsic.

use subxt_rpcs::UserError;

use super::{Fault, Layer, Retry};
use crate::words::shortened;

/// Words before the number of a refusal that the runtime chose.
const CUSTOM: &str = "Custom error: ";

/// The names of subtensor's own refusals, by their number. One number covers several causes. Those from 25 on are newer
/// than finney 393.
const NAMES: [&str; 28] = [
    "ColdkeyInSwapSchedule",
    "StakeAmountTooLow",
    "BalanceTooLow",
    "SubnetNotExists",
    "HotkeyAccountDoesntExist",
    "NotEnoughStakeToWithdraw",
    "RateLimitExceeded",
    "InsufficientLiquidity",
    "SlippageTooHigh",
    "TransferDisallowed",
    "HotKeyNotRegisteredInNetwork",
    "InvalidIpAddress",
    "ServingRateLimitExceeded",
    "InvalidPort",
    "ZeroMaxAmount",
    "InvalidRevealRound",
    "CommitNotFound",
    "CommitBlockNotInRevealRange",
    "InputLengthsUnequal",
    "UidNotFound",
    "EvmKeyAssociateRateLimitExceeded",
    "ColdkeySwapDisputed",
    "InvalidRealAccount",
    "FailedShieldedTxParsing",
    "InvalidShieldedTxPubKeyHash",
    "NonAssociatedColdKey",
    "DelegateTakeTooLow",
    "DelegateTakeTooHigh",
];

/// The number of "everything else".
const BAD_REQUEST: u8 = 255;

/// What an answer of the pool means for the extrinsic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is in the pool already.
    Waits,
    /// The node took it before and does not take it again: it is in a block, or it was thrown out.
    Unclear(Fault),
    /// Its nonce is used up: by itself in a block, or by another extrinsic.
    Stale(Fault),
    /// The pool has no room; it may have later.
    Full(Fault),
    /// It will not be in a block.
    Refused(Fault),
}

/// The meaning of a JSON-RPC error of an `author_` method.
#[must_use]
pub fn verdict(error: &UserError) -> Verdict {
    let data = error.data.as_ref().map(|data| text(data.get())).unwrap_or_default();
    match error.code {
        1010 => invalid(&data),
        1011 => Verdict::Refused(fault("UnknownValidity", &data)),
        1012 => Verdict::Unclear(fault("TemporarilyBanned", &data)),
        1013 => Verdict::Waits,
        1014 => Verdict::Refused(fault("TooLowPriority", &data)),
        1016 => Verdict::Full(fault("ImmediatelyDropped", &data)),
        1001 => Verdict::Refused(fault("BadFormat", &data)),
        other => {
            let said = if data.is_empty() { shortened(&error.message) } else { data };
            Verdict::Refused(fault(&format!("JSON-RPC error {other}"), &said))
        }
    }
}

/// An extrinsic that the runtime holds invalid: `data` is the number that subtensor chose, or Substrate's reason.
fn invalid(data: &str) -> Verdict {
    if let Some(number) = data.strip_prefix(CUSTOM) {
        return Verdict::Refused(custom(number.trim()));
    }
    // Substrate's own sentences: its `InvalidTransaction` as text.
    let name = match data {
        "Transaction is outdated" => return Verdict::Stale(fault("Stale", data)),
        "Transaction will be valid in the future" => "Future",
        "Transaction has a bad signature" => "BadProof",
        "Transaction has an ancient birth block" => "AncientBirthBlock",
        "Inability to pay some fees (e.g. account balance too low)" => "Payment",
        "Transaction would exhaust the block limits" => "ExhaustsResources",
        "Transaction call is not expected" => "Call",
        "Invalid signing address" => "BadSigner",
        _ => "Invalid",
    };
    Verdict::Refused(fault(name, data))
}

fn custom(number: &str) -> Fault {
    let said = format!("{CUSTOM}{number}");
    match number.parse::<u8>() {
        Ok(BAD_REQUEST) => fault("BadRequest", &said),
        Ok(known) => match NAMES.get(usize::from(known)) {
            Some(name) => fault(name, &said),
            None => fault(&said, ""),
        },
        Err(_) => fault("Invalid", &said),
    }
}

fn fault(name: &str, said: &str) -> Fault {
    Fault::named(Layer::Pool, name, said)
}

/// The text in the error's data, which is JSON of any form.
fn text(json: &str) -> String {
    match serde_json::from_str(json) {
        Ok(serde_json::Value::String(text)) => shortened(&text),
        _ => shortened(json),
    }
}

impl Verdict {
    /// The fault that is told when nothing better comes of it.
    #[must_use]
    pub fn fault(self) -> Option<Fault> {
        match self {
            Self::Waits => None,
            Self::Unclear(fault) | Self::Stale(fault) | Self::Full(fault) | Self::Refused(fault) => Some(fault),
        }
    }

    /// Whether time alone mends it.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Waits | Self::Full(_) | Self::Unclear(_) => true,
            Self::Stale(fault) | Self::Refused(fault) => fault.retry == Retry::Later,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::words::LONGEST;

    fn error(code: i32, data: &str) -> UserError {
        let data = serde_json::value::to_raw_value(data).unwrap();
        UserError { code, message: "Invalid Transaction".to_owned(), data: Some(data) }
    }

    #[test]
    fn each_code_has_its_meaning() {
        let table = [
            (1010, "Custom error: 11", "InvalidIpAddress", Retry::Mend),
            (1010, "Custom error: 12", "ServingRateLimitExceeded", Retry::Later),
            (1010, "Custom error: 6", "RateLimitExceeded", Retry::Later),
            (1010, "Custom error: 2", "BalanceTooLow", Retry::Mend),
            (1010, "Custom error: 255", "BadRequest", Retry::Mend),
            (1010, "Custom error: 99", "Custom error: 99", Retry::Mend),
            (1010, "Custom error: 999", "Invalid", Retry::Mend),
            (1010, "Transaction is outdated", "Stale", Retry::Later),
            (1010, "Inability to pay some fees (e.g. account balance too low)", "Payment", Retry::Mend),
            (1010, "Transaction has a bad signature", "BadProof", Retry::Mend),
            (1010, "something new", "Invalid", Retry::Mend),
            (1012, "", "TemporarilyBanned", Retry::Later),
            (1014, "", "TooLowPriority", Retry::Later),
            (1016, "", "ImmediatelyDropped", Retry::Later),
            (-32601, "no such method", "JSON-RPC error -32601", Retry::Mend),
        ];
        for (code, data, name, retry) in table {
            let fault = verdict(&error(code, data)).fault().unwrap();
            assert_eq!((fault.name.as_str(), fault.retry, fault.layer), (name, retry, Layer::Pool), "{code} {data}");
            assert!(!fault.cause.is_empty() && !fault.remedy.is_empty());
        }
        assert_eq!(verdict(&error(1013, "")), Verdict::Waits);
        assert!(matches!(verdict(&error(1010, "Transaction is outdated")), Verdict::Stale(_)));
    }

    #[test]
    fn every_number_of_subtensor_has_a_cause() {
        for (number, name) in NAMES.iter().enumerate() {
            let fault = verdict(&error(1010, &format!("Custom error: {number}"))).fault().unwrap();
            assert_eq!(fault.name, *name);
            assert!(super::super::table::find(name).is_some(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_answer_is_understood(code in prop_oneof![1000..1020_i32, any::<i32>()], data in any::<String>()) {
            let fault = verdict(&error(code, &data)).fault();
            if let Some(fault) = fault {
                prop_assert!(fault.cause.chars().count() <= LONGEST + CUSTOM.len());
                prop_assert!(!fault.to_string().chars().any(char::is_control));
            }
        }
    }
}
