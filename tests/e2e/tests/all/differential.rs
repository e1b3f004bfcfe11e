//! Generated requests to the real 10.5.0 axon and to ours. `cargo xtask differential` sends more of them.

use soma_e2e::differential::{Mutation, rows, run};

#[test]
fn every_row_that_a_change_may_lead_to_is_in_the_document() {
    let rows = rows::ids();
    for change in Mutation::all() {
        for (python, soma, row) in change.outcomes {
            assert!(row.is_empty() || rows.contains(row), "{change:?}: no row {row}");
            assert!(!row.is_empty() || python == soma, "{change:?}: {python} and {soma} without a row");
        }
    }
}

#[test]
fn generated_requests_differ_only_as_the_document_says() {
    let pair = run::Pair::start().unwrap();
    let report = pair.compare(1, 500, |_| ()).unwrap();
    assert!(report.unknown().is_empty(), "{}", report.text());
    assert!(report.requests() >= 500);
    let common = ["body", "echo", "header", "input-objects", "lower-nonce", "order", "version"];
    for row in common {
        assert!(report.rows().contains_key(row), "{row} was never the reason:\n{}", report.text());
    }
}
