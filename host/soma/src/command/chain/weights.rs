//! `soma chain weights`: plain weights, set by the validator's hotkey.

use std::process::ExitCode;

use soma_chain::Request;
use soma_chain::write::SetWeights;

use super::errand::{Errand, Mode, Signatory};
use super::error::ChainCommandError;
use super::place::Place;
use super::{consent, keys};
use crate::cli::WeightsFlags;

/// Sets them.
pub async fn weights(flags: &WeightsFlags) -> miette::Result<ExitCode> {
    let place = Place::settle(&flags.chain)?;
    let weights = flags.weights.iter().map(|given| parse(given)).collect::<Result<_, _>>()?;
    let hotkey = keys::hotkey(&place.wallet)?;
    let request = Request::SetWeights(SetWeights {
        mechanism: flags.mechanism,
        version_key: flags.version_key,
        ..SetWeights::new(place.netuid, weights)
    });
    let errand = Errand::new(&flags.chain, &place, Signatory::Hotkey(hotkey), Mode::of(flags.dry_run)).await?;
    errand.run(&request, consent::not_needed, async || keys::signer(&place.wallet, &flags.chain.wallet).await).await
}

/// Reads `UID=WEIGHT`. Which uids there are, and what the subnet makes of the weights, is seen on the chain.
fn parse(given: &str) -> Result<(u32, f64), ChainCommandError> {
    let odd = |problem| ChainCommandError::Weight { given: given.to_owned(), problem };
    let (uid, weight) = given.split_once('=').ok_or_else(|| odd("there is no = in it"))?;
    let is_number = !uid.is_empty() && uid.bytes().all(|byte| byte.is_ascii_digit());
    let uid: u16 =
        Some(uid).filter(|_| is_number).and_then(|uid| uid.parse().ok()).ok_or_else(|| odd("no such uid"))?;
    let weight: f64 = weight.parse().map_err(|_| odd("its weight is no number"))?;
    let is_weight = weight.is_finite() && weight >= 0.0;
    if is_weight { Ok((uid.into(), weight)) } else { Err(odd("its weight is below zero or not finite")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_uid_and_its_weight_are_read() {
        for (given, expected) in
            [("0=0.7", (0, 0.7)), ("1023=3", (1023, 3.0)), ("65535=0", (65_535, 0.0)), ("7=1e-3", (7, 1e-3))]
        {
            assert_eq!(parse(given).unwrap(), expected, "{given}");
        }
    }

    #[test]
    fn what_is_no_weight_is_named() {
        for given in
            ["", "=", "3", "3=", "=1", "-1=1", "+1=1", "65536=1", "1=-0.1", "1=nan", "1=inf", "1=1=1", "a=1", "1 = 1"]
        {
            let error = parse(given).unwrap_err();
            assert!(error.to_string().contains("is no weight"), "{given}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text: String) {
            let _ = parse(&text);
        }

        #[test]
        fn every_weight_reads_back(uid: u16, weight in 0.0_f64..1e12) {
            prop_assert_eq!(parse(&format!("{uid}={weight}")).unwrap(), (uid.into(), weight));
        }
    }
}
