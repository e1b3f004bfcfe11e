use super::*;
use crate::telemetry::samples::{hook, lap, record};

fn verdicts(record: &Record) -> Vec<(String, String)> {
    RequestReport::from(record).stages.into_iter().map(|stage| (stage.stage, stage.verdict)).collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(stage, verdict)| ((*stage).to_owned(), (*verdict).to_owned())).collect()
}

#[test]
fn the_last_stage_has_the_verdict() {
    let host = |upto: usize| -> Vec<StageLap> { Stage::ALL[..upto].iter().map(|stage| lap(*stage, 1)).collect() };
    let with = |code, stages| Record { stages, ..record(code) };
    let passed = |upto: usize| Stage::ALL[..upto].iter().map(|stage| (stage.name(), PASSED)).collect::<Vec<_>>();

    assert_eq!(verdicts(&with("unknown-route", vec![])), pairs(&[("head", "unknown-route")]));
    let forged = [passed(3), vec![("signature", "not-verified")]].concat();
    assert_eq!(verdicts(&with("not-verified", host(3))), pairs(&forged));

    let mut stages = host(5);
    stages.push(hook(Stage::Blacklist, "gate", 1, 2));
    let denied = [passed(5), vec![("blacklist", "denied")]].concat();
    assert_eq!(verdicts(&with("denied", stages.clone())), pairs(&denied));

    stages.extend([hook(Stage::Queue, "text", 0, 0), hook(Stage::Forward, "text", 1, 2), lap(Stage::Reply, 1)]);
    let end = [("blacklist", PASSED), ("queue", PASSED), ("forward", PASSED), ("reply", "answered")];
    assert_eq!(verdicts(&with(ANSWERED, stages)), pairs(&[passed(5), end.to_vec()].concat()));
}

#[test]
fn a_stage_that_was_not_finished_has_the_time_that_is_left() {
    let stages = vec![lap(Stage::Head, 2), lap(Stage::Gate, 3)];
    let report = RequestReport::from(&Record { stages, ..record("body-too-slow") });
    assert_eq!((&*report.stages[2].stage, report.stages[2].wall_ms), ("body", 4.0));
}

#[test]
fn what_was_used_stands_beside_the_budget_of_the_same_version() {
    let other = StageLap { version: Some("another".into()), ..hook(Stage::Blacklist, "gate", 5, 100) };
    let own =
        [hook(Stage::Priority, "text", 7, 200), hook(Stage::Queue, "text", 0, 0), hook(Stage::Forward, "text", 9, 300)];
    let stages = std::iter::once(other).chain(own).collect();
    let report = RequestReport::from(&Record { stages, ..record("trap") });
    let used: Vec<_> =
        report.stages.iter().map(|it| (it.cpu_ms, it.cpu_budget_ms, it.memory, it.memory_budget)).collect();
    let most = Some(64 << 20);
    assert_eq!(
        used,
        [
            (Some(5.0), None, Some(100), None),
            (Some(7.0), Some(100.0), Some(200), most),
            (None, None, None, None),
            (Some(9.0), Some(10_000.0), Some(300), most),
        ]
    );
}

#[test]
fn a_report_survives_its_way_over_the_socket() {
    let sent = RequestReport::from(&Record { stages: vec![lap(Stage::Head, 1)], ..record("json") });
    let text = serde_json::to_string(&sent).unwrap();
    let read: RequestReport = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), text);
    assert_eq!((read.class.as_str(), read.dialect.as_deref()), ("stranger", Some("synapse")));
}
