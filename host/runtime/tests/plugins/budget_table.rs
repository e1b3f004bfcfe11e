//! docs/budgets.md is written by hand, and may not fall behind.

use std::collections::BTreeSet;
use std::time::Duration;

use bytesize::ByteSize;
use miette::Diagnostic;
use soma_runtime::budget::{Budget, BudgetGrant, STACK};
use soma_runtime::conduct::Limit;
use soma_runtime::{CallError, Hook};

const REFERENCE: &str = include_str!("../../../../docs/budgets.md");

/// One row: default, key, whether a manifest may ask, code, label.
struct Row {
    cells: Vec<String>,
}

impl Row {
    fn cell(&self, index: usize) -> &str {
        self.cells[index].trim()
    }

    fn names(&self, index: usize) -> impl Iterator<Item = &str> {
        self.cell(index).split('`').skip(1).step_by(2)
    }
}

fn rows() -> Vec<Row> {
    let table = REFERENCE.lines().skip_while(|line| !line.starts_with("| Budget |")).skip(2);
    let rows = table.take_while(|line| line.starts_with('|'));
    rows.map(|line| Row { cells: line.trim_matches('|').split('|').map(str::to_owned).collect() }).collect()
}

fn size(size: ByteSize) -> String {
    size.display().iec().to_string().replace(".0", "")
}

fn time(duration: Duration) -> String {
    match duration.subsec_millis() {
        0 => format!("{} s", duration.as_secs()),
        _ => format!("{} ms", duration.as_millis()),
    }
}

/// Every error of a budget, with whatever it holds.
fn errors() -> Vec<CallError> {
    let (slot, hook, limit, bytes) = (String::new, Hook::Forward, Duration::ZERO, ByteSize(0));
    vec![
        CallError::CpuBudget { slot: slot(), hook, limit },
        CallError::WallBudget { limit },
        CallError::GateWall { slot: slot(), hook, limit },
        CallError::MemoryBudget { slot: slot(), hook, limit: bytes },
        CallError::TableBudget { slot: slot(), hook, limit: 0 },
        CallError::StackBudget { slot: slot(), hook, limit: bytes },
        CallError::OutputBudget { slot: slot(), size: bytes, limit: bytes },
        CallError::StreamBudget { slot: slot(), limit: bytes, piece: bytes },
        CallError::StreamIdle { slot: slot(), limit },
        CallError::StreamStalled { slot: slot(), limit },
        CallError::HostCallBudget { slot: slot(), hook, size: bytes, limit: bytes },
        CallError::HandleBudget { slot: slot(), hook, limit: 0 },
        CallError::Busy { slot: slot() },
        CallError::NoInstance { slot: slot() },
        CallError::Slowed { slot: slot(), wait: limit },
        CallError::Out { slot: slot(), wait: limit },
    ]
}

#[test]
fn every_error_of_a_budget_is_in_the_table_with_its_label() {
    let of_table: BTreeSet<(String, String)> = rows()
        .iter()
        .flat_map(|row| {
            row.names(4).map(|code| (code.to_owned(), row.names(6).collect::<String>())).collect::<Vec<_>>()
        })
        .collect();
    let of_code: BTreeSet<(String, String)> = errors()
        .iter()
        .map(|error| (error.code().unwrap().to_string(), error.limit().map_or("", Limit::name).to_owned()))
        .collect();
    assert_eq!(of_table, of_code);
    assert!(errors().iter().all(|error| error.help().is_some()), "an operator is told what to do next");
    let labels: BTreeSet<String> =
        rows().iter().flat_map(|row| row.names(6).map(str::to_owned).collect::<Vec<_>>()).collect();
    let known: BTreeSet<String> = Limit::ALL.iter().map(|limit| limit.name().to_owned()).collect();
    assert_eq!(labels, known);
}

#[test]
fn defaults_are_those_of_the_code() {
    let budget = Budget::default();
    let expected = [
        ("Memory of one", size(budget.memory)),
        ("CPU time of a gate", time(budget.gate_cpu)),
        ("CPU time of a forward", time(budget.forward_cpu)),
        ("Wall time of a gate", time(budget.gate_wall)),
        ("Wall time of a whole", time(budget.wall)),
        ("Elements of all tables", budget.table.to_string()),
        ("Stack of the", size(STACK)),
        ("Bytes of an answer", size(budget.output)),
        ("Bytes of a streamed", size(budget.stream)),
        ("Silence of", time(budget.idle)),
        ("A stream's caller", time(budget.drain)),
        ("Bytes of one log line", budget.log_line.to_string()),
        ("Bytes of log of one call", budget.log_call.to_string()),
        ("Bytes that one call", size(budget.host_call)),
        ("Handles", budget.handles.to_string()),
        ("Streams of one version", budget.streams.to_string()),
        ("Requests that wait", budget.queue.to_string()),
    ];
    let rows = rows();
    for (begin, default) in expected {
        let row = rows.iter().find(|row| row.cell(0).starts_with(begin)).expect(begin);
        let said = row.cell(1).trim_start_matches("for ");
        assert!(said.starts_with(&default), "{begin}: {said}, but {default}");
    }
}

/// The keys are those that the file may have, and no others. (In its cell the key comes first, and then what it may be.)
#[test]
fn keys_are_those_of_the_file() {
    let keys: BTreeSet<String> = rows().iter().filter_map(|row| row.names(2).next().map(str::to_owned)).collect();
    for key in &keys {
        let values = [r#""5s""#, r#""5MiB""#, "5", r#""unlimited""#];
        let text = values.map(|value| format!(r#"{{"{key}": {value}}}"#));
        let fitting = text.iter().filter(|text| serde_json::from_str::<BudgetGrant>(text).is_ok()).count();
        assert_eq!(fitting, 1, "{key}");
    }
    // serde names all of them when it refuses one.
    let refused = serde_json::from_str::<BudgetGrant>(r#"{"nothing": 1}"#).unwrap_err().to_string();
    let known: BTreeSet<String> = refused.split('`').skip(3).step_by(2).map(str::to_owned).collect();
    assert_eq!(known, keys);
}
