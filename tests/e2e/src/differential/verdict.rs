//! Which row explains a difference.
//!
//! A change names the pairs of statuses that it may lead to, each with its row. When the statuses are the same, every
//! part of the answers that differs needs a row of its own. Two changes in one request may be met in another order by
//! the two servers: then each answer has to be one that one of the changes leads to (row `order`).

use super::mutation::Outcome;
use super::observation::{Aspect, Observation};
use super::plan::Plan;

/// What a good request to a class with an odd handler leads to.
fn handler_outcomes(route: &str) -> &'static [Outcome] {
    match route {
        "HttpExc" => &[(418, 403, "handler-status")],
        "StatusSet" => &[(429, 503, "handler-status")],
        "MsgUni" => &[(500, 200, "handler-message")],
        "BlUni" => &[(500, 403, "reason")],
        "RaiseSynEx" => &[(500, 500, "sdk-exception")],
        _ => &[(200, 200, "")],
    }
}

/// The rows that explain how two answers to one request differ; empty when they do not.
///
/// # Errors
/// The parts that no row explains.
pub fn judge(plan: &Plan, python: &Observation, soma: &Observation) -> Result<Vec<&'static str>, Vec<Aspect>> {
    let differing = python.differences(soma);
    if differing.is_empty() {
        return Ok(Vec::new());
    }
    let outcomes = || plan.changes.iter().flat_map(|change| change.outcomes).chain(handler_outcomes(plan.route));
    let pair = |outcome: &&Outcome| outcome.0 == python.status && outcome.1 == soma.status && !outcome.2.is_empty();
    if let Some((_, _, row)) = outcomes().find(pair) {
        return Ok(vec![row]);
    }
    if python.status == soma.status
        && let Some(rows) = differing.iter().map(|aspect| aspect_row(*aspect, python, soma)).collect::<Option<Vec<_>>>()
    {
        let mut rows = rows;
        rows.sort_unstable();
        rows.dedup();
        return Ok(rows);
    }
    let both_met =
        outcomes().any(|outcome| outcome.0 == python.status) && outcomes().any(|outcome| outcome.1 == soma.status);
    if plan.changes.len() > 1 && both_met { Ok(vec!["order"]) } else { Err(differing) }
}

/// The row for a part that differs between two answers of the same status.
fn aspect_row(aspect: Aspect, python: &Observation, soma: &Observation) -> Option<&'static str> {
    let succeeded = python.status == 200;
    match aspect {
        // Both are the host's in every success; Python echoes what the body said.
        Aspect::Dendrite | Aspect::Axon if succeeded => Some("echo"),
        Aspect::Timeout if succeeded => Some("echo-timeout"),
        Aspect::Timeout if python.part(aspect) == "None" || python.status == 404 => Some("echo-timeout"),
        Aspect::Axon if only_own_hotkey(python.part(aspect), soma.part(aspect)) => Some("own-hotkey"),
        _ => None,
    }
}

/// Ours says its own hotkey where Python says the one of the request, or none.
fn only_own_hotkey(python: &str, soma: &str) -> bool {
    let without = |text: &str| {
        let kept: Vec<&str> = text.split(' ').filter(|part| !part.is_empty() && !part.starts_with("hotkey=")).collect();
        kept.join(" ")
    };
    soma.contains("hotkey=") && without(python) == without(soma)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observation(status: u16, parts: &[(Aspect, &str)]) -> Observation {
        let mut parts: std::collections::BTreeMap<Aspect, String> =
            parts.iter().map(|(aspect, text)| (*aspect, (*text).to_owned())).collect();
        parts.insert(Aspect::Status, status.to_string());
        Observation { status, parts }
    }

    fn plan(names: &[&str]) -> Plan {
        let mut plan = Plan::new(1, 1);
        plan.route = "TextSynapse";
        let all = super::super::Mutation::all();
        plan.changes = names.iter().map(|name| *all.iter().find(|change| change.name == *name).unwrap()).collect();
        plan
    }

    #[test]
    fn only_a_row_of_the_change_explains_a_difference() {
        let (python, soma) = (observation(200, &[]), observation(401, &[]));
        assert_eq!(judge(&plan(&["nonce is an hour ahead"]), &python, &soma), Ok(vec!["future"]));
        assert_eq!(judge(&plan(&["nonce is zero"]), &python, &soma), Err(vec![Aspect::Status]));
        assert_eq!(judge(&plan(&[]), &python, &soma), Err(vec![Aspect::Status]));
    }

    #[test]
    fn parts_of_equal_statuses_are_explained_one_by_one() {
        let python = observation(200, &[(Aspect::Timeout, "12"), (Aspect::Body, "{}")]);
        let soma = observation(200, &[(Aspect::Timeout, "3"), (Aspect::Body, "{}")]);
        assert_eq!(judge(&plan(&[]), &python, &soma), Ok(vec!["echo-timeout"]));
        let other = observation(200, &[(Aspect::Timeout, "3"), (Aspect::Body, "{\"a\":1}")]);
        assert_eq!(judge(&plan(&[]), &python, &other), Err(vec![Aspect::Body, Aspect::Timeout]));
    }

    #[test]
    fn two_changes_may_be_met_in_another_order_but_not_lead_elsewhere() {
        let both = plan(&["nonce is missing", "body is empty"]);
        let answer = |status| observation(status, &[]);
        assert_eq!(judge(&both, &answer(401), &answer(422)), Ok(vec!["order"]));
        assert_eq!(judge(&both, &answer(401), &answer(503)), Err(vec![Aspect::Status]));
        assert!(judge(&plan(&["nonce is missing"]), &answer(401), &answer(422)).is_err());
    }
}
