//! What the real 10.5.0 axon answered to 93 odd requests, asked of ours over the wire, in the order of the file, of a
//! neuron with the recorded hotkey.

use std::collections::BTreeSet;

use serde_json::Value;
use soma_e2e::Neuron;
use soma_e2e::account::RECORDED_AXON;
use soma_e2e::differential::{Aspect, Observation, rows, run};
use soma_e2e::neuron::Bench;

use crate::edge_overrides::{EVERYWHERE, OVERRIDES, Override};
use crate::recorded::{Mover, recorded_answer};

fn vectors() -> serde_json::Map<String, Value> {
    let text = include_str!("../../vectors/synapse_edge_cases.json");
    serde_json::from_str::<Value>(text).unwrap().as_object().unwrap().clone()
}

/// What ours has to look like: as recorded, but for the overrides.
fn problems(case: &str, recorded: &Observation, ours: &Observation, overrides: &[&Override]) -> Vec<String> {
    let mut problems = Vec::new();
    if let Some(other) = overrides.first() {
        let (status, message) = (ours.status, ours.part(Aspect::Message));
        if (status, message) != (other.status, other.message) {
            problems
                .push(format!("{case}: {status} {message:?}, the override says {} {:?}", other.status, other.message));
        }
        return problems;
    }
    for aspect in recorded.differences(ours) {
        if !EVERYWHERE.iter().any(|(known, of, _)| *known == aspect && of.contains(&ours.status)) {
            problems.push(format!("{case}: {aspect:?}: {:?}, recorded {:?}", ours.part(aspect), recorded.part(aspect)));
        }
    }
    problems
}

#[test]
fn answers_the_recorded_edge_cases_as_the_real_axon_did_or_as_the_document_says() {
    let neuron = Neuron::start_as(Bench::new().unwrap(), &run::settings().unwrap(), RECORDED_AXON).unwrap();
    let vectors = vectors();
    assert_eq!(vectors.len(), 93);
    let mut mover = Mover::default();
    let mut found = Vec::new();
    for (case, vector) in &vectors {
        let moved = mover.request(&vector["request"]);
        let recorded = recorded_answer(&vector["response"], &moved.changed);
        let mut ours = Observation::of(&neuron.ask(&moved.request).unwrap());
        let mut expected = Observation::of(&recorded);
        if recorded.body == b"(5 MB)" {
            // Only its size was recorded.
            ours.parts.remove(&Aspect::Body);
            expected.parts.remove(&Aspect::Body);
        }
        let overrides: Vec<&Override> = OVERRIDES.iter().filter(|other| other.case == case.as_str()).collect();
        if overrides.first().is_some_and(|_| expected.differences(&ours).is_empty()) {
            found.push(format!("{case}: has an override and needs none"));
        }
        found.extend(problems(case, &expected, &ours, &overrides));
    }
    assert!(found.is_empty(), "{}\n{}", found.join("\n"), neuron.log());
}

#[test]
fn every_override_names_a_row_of_the_document_and_a_case() {
    let (rows, vectors) = (rows::ids(), vectors());
    let mut cases = BTreeSet::new();
    for other in OVERRIDES {
        assert!(rows.contains(other.row), "{}: no row {}", other.case, other.row);
        assert!(vectors.contains_key(other.case), "no case {}", other.case);
        assert!(cases.insert(other.case), "{}: overridden twice", other.case);
    }
    for (_, _, row) in EVERYWHERE {
        assert!(rows.contains(row), "no row {row}");
    }
}
