//! Printed values against pydantic's and the SDK's.

use serde_json::{Value, json};
use soma_protocol::json::parse_object;
use soma_protocol::pystr::{PyStrError, py_str};
use soma_protocol::pytype::PyType;
use soma_protocol::synapse::{EMPTY_BODY_HASH, body_hash};

use crate::vector;

fn printed(value: &Value, kind: &str) -> Result<String, PyStrError> {
    py_str(value, &kind.parse::<PyType>().unwrap())
}

/// Each row is a JSON value and what `str(Model(f=value).model_dump()["f"])` printed, or null if pydantic refused it.
#[test]
fn prints_what_pydantic_prints() {
    let vectors = vector(include_str!("../vectors/pydantic_str.json"));
    let mut wrong = Vec::new();
    let (mut same, mut wide) = (0, 0);
    for (kind, rows) in vectors.as_object().unwrap() {
        for row in rows.as_array().unwrap() {
            let (value, expected) = (&row[0], row[1].as_str());
            match printed(value, kind) {
                // The one difference: 1e+22 may have been an integer, and then pydantic would print its digits.
                Err(PyStrError::WideInteger { .. }) if expected.is_some() => wide += 1,
                got if got.as_deref().ok() == expected => same += 1,
                got => wrong.push(format!("{kind}: {value} -> {got:?}, pydantic {expected:?}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(same > 6000 && wide == 16, "{same} same, {wide} wide");
}

/// The expressions behind the printed values of `body_hash.json`.
fn expression(field: &str, printed: &str) -> (Value, &'static str) {
    match (field, printed) {
        ("s", text) => (json!(text), "str"),
        ("i", digits) => (json!(digits.parse::<i64>().unwrap()), "int"),
        // JSON has neither; pydantic reads both from strings.
        ("f", "nan" | "inf") => (json!(printed), "float"),
        ("f", digits) => (json!(digits.parse::<f64>().unwrap()), "float"),
        ("b", truth) => (json!(truth == "True"), "bool"),
        ("n", "None") => (Value::Null, "Optional[str]"),
        ("n", text) => (json!(text), "Optional[str]"),
        ("l", "[]") => (json!([]), "list"),
        ("l", "[1, 'a', 2.5, None, True]") => (json!([1, "a", 2.5, null, true]), "list"),
        ("l", "[\"it's\"]") => (json!(["it's"]), "list[str]"),
        ("d", "{}") => (json!({}), "dict"),
        ("d", "{'k': 1, 'z': [1]}") => (json!({"k": 1, "z": [1]}), "dict[str, Any]"),
        ("t", "()") => (json!([]), "tuple"),
        ("t", "(1, 'a')") => (json!([1, "a"]), "tuple[int, str]"),
        ("m", "{'x': 1, 'y': None}") => (json!({"x": 1}), "Inner{x: int = 1, y: Optional[str] = null}"),
        ("m", "{'x': 3, 'y': 'q'}") => (json!({"y": "q", "x": 3}), "Inner{x: int, y: Optional[str]}"),
        other => panic!("no expression for {other:?}"),
    }
}

#[test]
fn hashes_what_the_sdk_hashes() {
    let vectors = vector(include_str!("../vectors/body_hash.json"));
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 18);
    for case in cases {
        let mut values = Vec::new();
        for (index, (field, expected)) in case["fields"].as_object().unwrap().iter().enumerate() {
            let expected = expected.as_str().unwrap();
            let (value, kind) = expression(field, expected);
            let got = printed(&value, kind).unwrap();
            assert_eq!(got, expected, "field {field}");
            let single = hex::encode(<sha3::Sha3_256 as sha3::Digest>::digest(&got));
            assert_eq!(single, case["field_hashes"][index].as_str().unwrap());
            values.push(got);
        }
        assert_eq!(body_hash(&values), case["body_hash"].as_str().unwrap());
    }
    assert_eq!(body_hash(&[]), EMPTY_BODY_HASH);
    assert_eq!(EMPTY_BODY_HASH, vectors["empty"].as_str().unwrap());
}

#[test]
fn prints_integers_of_any_length_only_from_strings() {
    let digits = "9".repeat(60);
    assert_eq!(printed(&json!(digits), "int").unwrap(), digits);
    assert_eq!(printed(&json!("9".repeat(4300)), "int").unwrap().len(), 4300);
    assert!(printed(&json!("9".repeat(4301)), "int").is_err());
    let body = parse_object(format!("{{\"n\": {digits}}}").as_bytes()).unwrap();
    assert!(matches!(printed(&body["n"], "int"), Err(PyStrError::WideInteger { .. })));
    assert_eq!(printed(&body["n"], "float").unwrap(), "1e+60");
}

#[test]
fn reads_floats_to_the_last_bit() {
    for text in ["3.647804260253906e-05", "0.30000000000000004", "7.0420557077594588669", "1.7976931348623157e+308"] {
        let body = parse_object(format!("{{\"f\": {text}}}").as_bytes()).unwrap();
        let exact: f64 = text.parse().unwrap();
        assert_eq!(body["f"].as_f64().unwrap().to_bits(), exact.to_bits(), "{text}");
    }
}

#[test]
fn names_the_place_of_what_does_not_fit() {
    let cases = [
        (json!("x"), "int", "expected int, found \"x\""),
        (json!([1, "a"]), "list[int]", "[1]: expected int, found \"a\""),
        (json!({"k": [1, [true, {}]]}), "dict[str, list[Any | None]]", ""),
        (json!({"k": [1, {}]}), "dict[str, list[int]]", "[\"k\"][1]: expected int, found object"),
        (json!({"p": {}}), "M{p: M{x: int}}", ".p.x: field required"),
        (json!([1]), "tuple[int, int]", "expected tuple[int, int], found array"),
        (json!("y".repeat(99)), "float", "expected float, found string"),
    ];
    for (value, kind, expected) in cases {
        let got = printed(&value, kind).map_or_else(|error| error.to_string(), |_| String::new());
        assert_eq!(got, expected, "{kind}");
    }
}
