//! What the chain may say, as a table.

use super::super::finding::Verdict;
use super::*;

const HERE: &str = "203.0.113.7:8091";

fn here() -> SocketAddr {
    HERE.parse().unwrap()
}

fn facts() -> Facts {
    Facts {
        network: "finney".to_owned(),
        netuid: 1,
        endpoint: "wss://node.example:443".to_owned(),
        pace: Pace::Steady,
        spec_version: 393,
        drift: Vec::new(),
        block: 10_000,
        block_age: Some(24.0),
        neuron: Some(Registered {
            uid: 7,
            stake: 2_000_000_000_000,
            permit: true,
            axon: Some(here()),
            served: Some(9_000),
            updated: 9_000,
        }),
        rules: Rules {
            stake_threshold: 1_000_000_000_000,
            weights_rate_limit: 100,
            serving_rate_limit: 50,
            weights_version_key: 0,
            commit_reveal: false,
        },
        under_way: None,
    }
}

fn found(facts: &Facts, address: Option<SocketAddr>, check: &str) -> Finding {
    let findings = judge(facts, Some("5Grw"), address);
    findings.iter().find(|finding| finding.check == check).unwrap_or_else(|| panic!("{check}: {findings:?}")).clone()
}

/// A neuron with one thing changed.
fn neuron(change: impl FnOnce(&mut Registered)) -> Facts {
    let mut facts = facts();
    change(facts.neuron.as_mut().unwrap());
    facts
}

#[test]
fn a_neuron_in_order_has_nothing_to_mend() {
    let findings = judge(&facts(), Some("5Grw"), Some(here()));
    assert_eq!(findings.len(), 7, "{findings:?}");
    assert!(findings.iter().all(|finding| finding.verdict == Verdict::Good), "{findings:?}");
}

#[test]
fn an_unregistered_hotkey_is_told_the_command() {
    let facts = Facts { neuron: None, ..facts() };
    let finding = found(&facts, Some(here()), "registration");
    assert_eq!(finding.verdict, Verdict::Wrong);
    assert!(finding.says.contains("5Grw is not registered on subnet 1 of finney"), "{finding:?}");
    assert!(finding.mend.unwrap().contains("soma chain register --network finney --netuid 1"));
}

#[test]
fn without_a_hotkey_the_chain_is_looked_at_all_the_same() {
    let findings = judge(&Facts { neuron: None, ..facts() }, None, Some(here()));
    let verdicts: Vec<_> = findings.iter().map(|finding| (finding.check, finding.verdict)).collect();
    let (good, skipped) = (Verdict::Good, Verdict::Skipped);
    let expected = [("endpoint", good), ("clock", good), ("registration", skipped), ("versions", good)];
    assert_eq!(verdicts, expected);
}

#[test]
fn a_chain_that_makes_blocks_on_demand_is_not_behind() {
    let facts = Facts { block_age: Some(900.0), pace: Pace::OnDemand, ..facts() };
    assert_eq!(found(&facts, None, "endpoint").verdict, Verdict::Good);
    assert_eq!(found(&facts, None, "clock").verdict, Verdict::Skipped);
}

#[test]
fn insufficient_stake_names_the_command_that_adds_some() {
    for facts in [neuron(|neuron| neuron.stake = 999), neuron(|neuron| neuron.permit = false)] {
        let finding = found(&facts, Some(here()), "stake");
        assert_eq!(finding.verdict, Verdict::Remark);
        assert!(finding.mend.unwrap().contains("soma chain stake --amount"));
    }
}

#[test]
fn weights_that_would_fail_are_foretold() {
    let finding = found(&neuron(|neuron| neuron.updated = 9_950), Some(here()), "weights");
    assert_eq!(finding.verdict, Verdict::Remark);
    assert!(finding.says.contains("50 blocks (about 10 minutes)"), "{finding:?}");
    assert!(finding.mend.unwrap().contains("soma chain hyperparameters"));
    let mut facts = facts();
    facts.rules.commit_reveal = true;
    assert_eq!(found(&facts, Some(here()), "weights").verdict, Verdict::Remark);
}

#[test]
fn the_published_address_is_compared_with_the_configured_one() {
    let other = Some("203.0.113.8:8091".parse().unwrap());
    for (axon, address, verdict) in [
        (Some(here()), other, Verdict::Wrong),
        (None, Some(here()), Verdict::Remark),
        (Some(here()), None, Verdict::Wrong),
        (None, None, Verdict::Wrong),
    ] {
        let finding = found(&neuron(|neuron| neuron.axon = axon), address, "axon");
        assert_eq!(finding.verdict, verdict, "{finding:?}");
        assert!(finding.mend.is_some(), "{finding:?}");
    }
    let finding = found(&neuron(|neuron| neuron.served = Some(9_990)), other, "axon");
    assert!(finding.says.contains("in 40 blocks"), "{finding:?}");
}

#[test]
fn a_slow_clock_and_an_old_node_are_told_apart() {
    let at = |age: Option<f64>| Facts { block_age: age, ..facts() };
    for (age, endpoint, clock) in [
        (Some(-1.0), Verdict::Good, Verdict::Good),
        (Some(-30.0), Verdict::Good, Verdict::Wrong),
        (Some(900.0), Verdict::Wrong, Verdict::Skipped),
        (None, Verdict::Good, Verdict::Skipped),
    ] {
        let facts = at(age);
        assert_eq!(found(&facts, None, "endpoint").verdict, endpoint, "{age:?}");
        assert_eq!(found(&facts, None, "clock").verdict, clock, "{age:?}");
    }
}

#[test]
fn what_was_signed_and_is_not_final_is_named() {
    let under_way = UnderWay { call: "SubtensorModule.serve_axon".to_owned(), last_valid: 10_050 };
    let finding = found(&Facts { under_way: Some(under_way), ..facts() }, Some(here()), "journal");
    assert!(finding.verdict == Verdict::Remark && finding.says.contains("serve_axon"), "{finding:?}");
    assert!(finding.says.contains("10050") && finding.mend.is_some(), "{finding:?}");
}

#[test]
fn drift_is_named() {
    let facts = Facts { drift: vec!["SubtensorModule.serve_axon".to_owned()], ..facts() };
    let finding = found(&facts, Some(here()), "versions");
    assert!(finding.verdict == Verdict::Remark && finding.says.contains("serve_axon"), "{finding:?}");
}
