//! Strict JSON.

use serde_json::{Value, json};
use soma_protocol::json::{JsonError, MOST_VALUES, parse_object, parse_value};

#[test]
fn keeps_values_and_their_order() {
    let text = br#" {"b": [1, -2, 2.5, 18446744073709551615, "\u00fc"], "a": {"y": null, "x": true}, "": ""} "#;
    let map = parse_object(text).unwrap();
    assert_eq!(map.keys().collect::<Vec<_>>(), ["b", "a", ""]);
    assert_eq!(Value::Object(map), serde_json::from_slice::<Value>(text).unwrap());
}

#[test]
fn a_number_is_the_same_however_it_is_written() {
    for (text, plain) in [
        ("0e0", "0.0"),
        ("1E2", "100.0"),
        ("2.50", "2.5"),
        ("1e-2", "0.01"),
        ("-0", "0"),
        ("-0.0", "-0e0"),
        ("18446744073709551616", "1.8446744073709552e19"),
    ] {
        assert_eq!(parse_value(text.as_bytes()), parse_value(plain.as_bytes()), "{text}");
    }
}

#[test]
fn refuses_a_duplicate_key_at_any_depth_and_names_it() {
    let cases: [(&[u8], &str, usize, usize); 4] = [
        (br#"{"a": 1, "a": 2}"#, "a", 1, 12),
        (b"{\"a\": {\"k\": 1,\n \"k\": 1}}", "k", 2, 4),
        (br#"{"a": [{}, {"k": 1, "\u006b": 2}]}"#, "k", 1, 28),
        (br#"{"": 1, "": 2}"#, "", 1, 10),
    ];
    for (text, name, at_line, at_column) in cases {
        match parse_object(text) {
            Err(JsonError::DuplicateKey { key, line, column }) => {
                assert_eq!((key.as_str(), line), (name, at_line));
                assert!(column.abs_diff(at_column) <= 1, "column {column}, not {at_column}");
            }
            other => panic!("{other:?}"),
        }
    }
    let long = format!("{{\"{0}\":1,\"{0}\":2}}", "k".repeat(5000));
    assert!(parse_object(long.as_bytes()).unwrap_err().to_string().len() < 200);
}

#[test]
fn refuses_what_is_not_one_object() {
    let not_objects = [("[1]", "array"), ("null", "null"), ("1", "number"), ("\"a\"", "string"), ("true", "boolean")];
    for (text, found) in not_objects {
        assert_eq!(parse_object(text.as_bytes()), Err(JsonError::NotObject { found }));
    }
    for text in [
        "",
        " ",
        "{oops",
        "{",
        "{} x",
        "{}{}",
        "{\"a\": NaN}",
        "{\"a\": 1e999}",
        "{'a': 1}",
        "\u{feff}{}",
        "{\"a\": \"\\ud800\"}",
    ] {
        assert!(matches!(parse_object(text.as_bytes()), Err(JsonError::Syntax { .. })), "{text:?}");
    }
    assert_eq!(parse_object(b"{\"a\": \"\xff\"}"), Err(JsonError::Utf8 { offset: 7 }));
    let error = parse_object(b"{\n  oops").unwrap_err().to_string();
    assert_eq!(error, "body is not json: key must be a string at line 2 column 3");
}

#[test]
fn bounds_the_depth() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse_value(nested(127).as_bytes()).is_ok());
    for depth in [128, 100_000] {
        assert!(matches!(parse_value(nested(depth).as_bytes()), Err(JsonError::Syntax { .. })), "depth {depth}");
    }
    assert_eq!(parse_value(b"[{\"a\": 1}]").unwrap(), json!([{"a": 1}]));
}

#[test]
fn bounds_the_number_of_values() {
    let list = |values: usize| format!("[{}]", vec!["0"; values].join(","));
    assert!(parse_value(list(MOST_VALUES - 2).as_bytes()).is_ok());
    assert_eq!(parse_value(list(MOST_VALUES).as_bytes()), Err(JsonError::TooManyValues));
}
