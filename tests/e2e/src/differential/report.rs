//! The counts, as a table for people or as JSON.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::observation::{Aspect, Observation};
use super::plan::Plan;
use super::{rows, verdict};
use crate::wire::Request;

/// A difference that no row of the document explains.
#[derive(Clone, Debug)]
pub struct Unknown {
    /// Which case it was.
    pub title: String,
    /// The request, to be sent again.
    pub request: String,
    /// Each part that differs: Python's, ours.
    pub parts: Vec<(Aspect, String, String)>,
}

/// What was found so far.
#[derive(Clone, Debug, Default)]
pub struct Report {
    requests: u64,
    equal: u64,
    rows: BTreeMap<&'static str, u64>,
    statuses: BTreeMap<(u16, u16), u64>,
    unknown: Vec<Unknown>,
}

impl Report {
    /// Adds one request with both answers.
    pub fn add(&mut self, plan: &Plan, request: &Request, python: &Observation, soma: &Observation) {
        self.requests += 1;
        *self.statuses.entry((python.status, soma.status)).or_default() += 1;
        let documented = rows::ids();
        match verdict::judge(plan, python, soma) {
            Ok(found) if found.is_empty() => self.equal += 1,
            Ok(found) if found.iter().all(|row| documented.contains(row)) => {
                for row in found {
                    *self.rows.entry(row).or_default() += 1;
                }
            }
            _ => self.unknown.push(Unknown {
                title: plan.title(),
                request: request.describe(),
                parts: python
                    .differences(soma)
                    .into_iter()
                    .map(|aspect| (aspect, python.part(aspect).to_owned(), soma.part(aspect).to_owned()))
                    .collect(),
            }),
        }
    }

    /// How many requests were sent to each server.
    pub const fn requests(&self) -> u64 {
        self.requests
    }

    /// How often each row was the reason.
    pub const fn rows(&self) -> &BTreeMap<&'static str, u64> {
        &self.rows
    }

    /// The differences that no row explains.
    pub fn unknown(&self) -> &[Unknown] {
        &self.unknown
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = format!("{:<24} {:>8}\n{:<24} {:>8}\n", "row", "requests", "(no difference)", self.equal);
        for (row, count) in &self.rows {
            text.push_str(&format!("{row:<24} {count:>8}\n"));
        }
        text.push_str(&format!("{:<24} {:>8}\n", "(unknown)", self.unknown.len()));
        for unknown in &self.unknown {
            text.push_str(&format!("\n{}\n", unknown.title));
            for (aspect, python, soma) in &unknown.parts {
                text.push_str(&format!("  {aspect:?}\n    python: {python}\n    soma:   {soma}\n"));
            }
            text.push_str(&format!("{}\n", unknown.request));
        }
        text
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let statuses: Vec<Value> = self
            .statuses
            .iter()
            .map(|((python, soma), count)| json!({"python": python, "soma": soma, "requests": count}))
            .collect();
        let unknown: Vec<Value> = self
            .unknown
            .iter()
            .map(|unknown| {
                let parts: Vec<Value> = unknown
                    .parts
                    .iter()
                    .map(
                        |(aspect, python, soma)| json!({"part": format!("{aspect:?}"), "python": python, "soma": soma}),
                    )
                    .collect();
                json!({"case": unknown.title, "parts": parts, "request": unknown.request})
            })
            .collect();
        json!({
            "requests": self.requests,
            "equal": self.equal,
            "rows": self.rows,
            "statuses": statuses,
            "unknown": unknown,
        })
    }
}
