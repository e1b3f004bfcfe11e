//! Weights that version 10 of the Python SDK made, in 32-bit numbers: ours may be one step of 65,535 away.

use std::collections::BTreeMap;

use serde_json::Value;
use soma_chain::weights::{Rules, Shortfall, clip, emit, prepare, process};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../vectors/weights.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn uids(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|uid| u32::try_from(uid.as_u64().unwrap()).unwrap()).collect()
}

fn cases<'a>(vectors: &'a Value, name: &str) -> &'a Vec<Value> {
    let cases = vectors[name].as_array().unwrap();
    assert!(!cases.is_empty());
    cases
}

/// At most one step apart, and what one of them leaves out is nothing or one step in the other.
fn assert_close(ours: &BTreeMap<u32, u16>, theirs: &BTreeMap<u32, u16>, case: &Value) {
    for uid in ours.keys().chain(theirs.keys()) {
        let value = |map: &BTreeMap<u32, u16>| map.get(uid).copied().unwrap_or_default();
        assert!(value(ours).abs_diff(value(theirs)) <= 1, "uid {uid}: {ours:?}, not {theirs:?}, of {case}");
    }
}

#[test]
fn whole_numbers_are_those_of_the_sdk() {
    let vectors = vectors();
    for case in cases(&vectors, "emit") {
        let theirs = uids(&case["out_uids"]).into_iter().zip(uids(&case["out_vals"]));
        let theirs = theirs.map(|(uid, value)| (uid, u16::try_from(value).unwrap())).collect();
        for weights in ["weights", "weights_f32_as_f64"] {
            let weights: Vec<(u32, f64)> = uids(&case["uids"]).into_iter().zip(numbers(&case[weights])).collect();
            let ours = emit(&weights).unwrap().into_iter().map(|weight| (weight.uid.into(), weight.value)).collect();
            assert_close(&ours, &theirs, case);
        }
    }
}

#[test]
fn clipped_shares_are_those_of_the_sdk() {
    let vectors = vectors();
    for case in cases(&vectors, "normalize_max_weight") {
        let ours = clip(&numbers(&case["weights"]), case["limit"].as_f64().unwrap()).unwrap();
        let theirs = numbers(&case["out"]);
        assert_eq!(ours.len(), theirs.len());
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert!((ours - theirs).abs() * 65_535.0 <= 1.0, "{ours}, not {theirs}, of {case}");
        }
    }
}

fn rules(case: &Value) -> Rules {
    let number = |name: &str| u16::try_from(case[name].as_u64().unwrap()).unwrap();
    let limit = (case["max_weight_limit"].as_f64().unwrap() * 65_535.0).round();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of 65,535")]
    let limit = limit as u16;
    Rules {
        neurons: number("num_neurons"),
        least: number("min_allowed_weights"),
        limit,
        exclude: number("exclude_quantile"),
        own: None,
        shortfall: Shortfall::Spread,
    }
}

#[test]
fn whole_vectors_are_those_of_the_sdk_with_its_fallback() {
    let vectors = vectors();
    for case in cases(&vectors, "process") {
        let scores: Vec<(u32, f64)> = uids(&case["uids"]).into_iter().zip(numbers(&case["weights"])).collect();
        let theirs: Vec<(u32, f64)> = uids(&case["out_uids"]).into_iter().zip(numbers(&case["out_weights"])).collect();
        let shares = process(&scores, &rules(case)).unwrap();
        assert_eq!(shares.len(), theirs.len(), "{case}");
        for ((uid, ours), (other, theirs)) in shares.iter().zip(&theirs) {
            assert!(
                uid == other && (ours - theirs).abs() * 65_535.0 <= 1.0,
                "uid {uid}: {ours}, not {theirs}, of {case}"
            );
        }
        let whole = |weights: Vec<soma_chain::weights::Weight>| {
            weights.into_iter().map(|weight| (u32::from(weight.uid), weight.value)).collect::<BTreeMap<_, _>>()
        };
        assert_close(&whole(prepare(&scores, &rules(case)).unwrap()), &whole(emit(&theirs).unwrap()), case);
    }
}

#[test]
fn without_the_fallback_too_few_weights_are_an_error() {
    let vectors = vectors();
    let strict = |case: &Value| Rules { shortfall: Shortfall::Refuse, ..rules(case) };
    let refused = cases(&vectors, "process").iter().filter(|case| {
        let scores: Vec<(u32, f64)> = uids(&case["uids"]).into_iter().zip(numbers(&case["weights"])).collect();
        process(&scores, &strict(case)).is_err()
    });
    // The one with a single weight of two, and the one with none at all.
    assert_eq!(refused.count(), 2);
}
