//! What came of a case against what was expected.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::cases::Expect;
use super::trial::Outcome;

/// One thing that is not as expected.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// What, e.g. `status` or `body.generated_text`.
    pub what: String,
    /// What the case says.
    pub expected: Value,
    /// What came; null when nothing did.
    pub actual: Value,
}

/// Everything that is not as expected.
pub fn differences(expect: &Expect, outcome: &Outcome) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut differ = |what: &str, expected: Value, actual: Value| {
        found.push(Difference { what: what.to_owned(), expected, actual });
    };
    if expect.status != outcome.status {
        differ("status", json!(expect.status), json!(outcome.status));
    }
    if let Some(reason) = &expect.reason
        && !outcome.reason.as_ref().is_some_and(|words| words.contains(reason.as_str()))
    {
        differ("reason", json!(reason), json!(outcome.reason));
    }
    if let Some(priority) = expect.priority
        && outcome.priority != Some(priority)
    {
        differ("priority", json!(priority), json!(outcome.priority));
    }
    if let Some(chunks) = &expect.chunks
        && outcome.chunks.as_ref() != Some(chunks)
    {
        differ("chunks", json!(chunks), json!(outcome.chunks));
    }
    if let Some(fields) = &expect.body {
        compare("body", fields, outcome.body.as_ref(), &mut found);
    }
    found
}

/// The expected fields, and of objects in them their expected fields.
fn compare(path: &str, expected: &Map<String, Value>, actual: Option<&Value>, found: &mut Vec<Difference>) {
    for (name, expected) in expected {
        let what = format!("{path}.{name}");
        let actual = actual.and_then(|actual| actual.get(name));
        match (expected, actual) {
            (Value::Object(fields), Some(Value::Object(_))) => compare(&what, fields, actual, found),
            _ if actual.is_some_and(|actual| equal(expected, actual)) => {}
            _ => {
                found.push(Difference { what, expected: expected.clone(), actual: actual.cloned().unwrap_or_default() })
            }
        }
    }
}

/// 1 and 1.0 are the same number.
fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| equal(value, other)))
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome() -> Outcome {
        Outcome {
            status: 200,
            body: Some(json!({"text": "HI", "n": 1, "inner": {"a": 1, "b": [1.0, {"c": 2}]}})),
            priority: Some(2.5),
            ..Outcome::default()
        }
    }

    fn expecting(body: Value) -> Expect {
        Expect { body: body.as_object().cloned(), ..Expect::default() }
    }

    #[test]
    fn only_what_is_named_is_looked_at() {
        for body in [json!({}), json!({"text": "HI"}), json!({"n": 1.0, "inner": {"b": [1, {"c": 2.0}]}})] {
            assert_eq!(differences(&expecting(body.clone()), &outcome()), [], "{body}");
        }
        let all = Expect { priority: Some(2.5), ..Expect::default() };
        assert_eq!(differences(&all, &outcome()), []);
    }

    #[test]
    fn what_differs_is_named_with_both_sides() {
        let found = differences(&expecting(json!({"text": "hi", "inner": {"a": 2}, "gone": null})), &outcome());
        let named: Vec<_> = found.iter().map(|difference| difference.what.as_str()).collect();
        assert_eq!(named, ["body.text", "body.inner.a", "body.gone"]);
        assert_eq!((&found[0].expected, &found[0].actual), (&json!("hi"), &json!("HI")));
        let refused = Outcome { status: 403, reason: Some("denied: too poor".into()), ..Outcome::default() };
        let expect = Expect { reason: Some("poor".into()), ..Expect::default() };
        assert_eq!(differences(&expect, &refused).len(), 1);
        let other =
            Expect { status: 403, reason: Some("rich".into()), priority: Some(1.0), chunks: Some(vec![]), body: None };
        assert_eq!(differences(&other, &refused).len(), 3);
    }

    #[test]
    fn a_longer_list_is_another_one() {
        assert!(!equal(&json!([1]), &json!([1, 2])) && !equal(&json!({"a": 1}), &json!({"a": 1, "b": 2})));
    }
}
