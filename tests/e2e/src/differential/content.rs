//! Changes to method, target and body.

use serde_json::{Value, json};

use super::draft::Draft;
use super::mutation::{Mutation, change};

fn pick<'a>(list: &[&'a str], choice: u64) -> &'a str {
    let length = u64::try_from(list.len()).unwrap_or(1).max(1);
    list.get(usize::try_from(choice % length).unwrap_or_default()).copied().unwrap_or_default()
}

fn raw(draft: &mut Draft, body: impl Into<Vec<u8>>) {
    draft.raw_body = Some(body.into());
}

/// The body's text with `more` before its last brace.
fn raw_with(draft: &mut Draft, more: &str) {
    let text = Value::Object(draft.fields.clone()).to_string();
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default();
    let comma = if inner.is_empty() { "" } else { "," };
    raw(draft, format!("{{{inner}{comma}{more}}}"));
}

fn set(draft: &mut Draft, field: &str, value: Value) {
    draft.fields.insert(field.to_owned(), value);
}

/// The changes.
pub(super) const CHANGES: &[Mutation] = &[
    change("body is empty", &[(500, 422, "body")], |draft, _| raw(draft, "")),
    change("body is no json", &[(422, 422, "json")], |draft, choice| {
        raw(draft, pick(&["{oops", "{\"prompt\": ", "prompt=hi", "{} {}", "{'prompt': 'hi'}"], choice));
    }),
    change("body is no object", &[(500, 422, "body")], |draft, choice| {
        raw(draft, pick(&["[1]", "\"text\"", "12", "null", "true"], choice));
    }),
    change(
        "body is no utf-8",
        &[(400, 422, "encoding"), (200, 422, "encoding"), (500, 422, "encoding")],
        |draft, choice| {
            raw(
                draft,
                match choice % 3 {
                    0 => b"{\"prompt\": \"\xff\xfe\"}".to_vec(),
                    1 => [b"\xef\xbb\xbf".as_slice(), b"{\"prompt\": \"hi\"}"].concat(),
                    _ => "{\"prompt\": \"hi\"}".encode_utf16().flat_map(u16::to_le_bytes).collect(),
                },
            );
        },
    ),
    change("a required field is missing", &[(500, 422, "body")], |draft, _| draft.fields.clear()),
    change("a field is null", &[(500, 422, "body")], |draft, _| set_required(draft, Value::Null)),
    change("a string is of another type", &[(500, 422, "body")], |draft, choice| {
        let values = [json!(5), json!([1]), json!({"a": 1}), json!(true)];
        let value = values.get(usize::try_from(choice % 4).unwrap_or_default()).cloned().unwrap_or_default();
        set_required(draft, value);
    }),
    change("a number is a string", &[(200, 422, "types"), (500, 422, "types")], |draft, _| {
        set(draft, number_of(draft), json!("42"));
    }),
    change(
        "a number is another kind of number",
        &[(200, 422, "types"), (200, 200, "types"), (500, 422, "types"), (500, 401, "body-hash")],
        |draft, choice| {
            let values = [json!(3.0), json!(true), json!(3.5)];
            let value = values.get(usize::try_from(choice % 3).unwrap_or_default()).cloned().unwrap_or_default();
            set(draft, number_of(draft), value);
        },
    ),
    change("a number is any text", &[(500, 422, "body")], |draft, _| set(draft, number_of(draft), json!("abc"))),
    change("a field of nobody", &[], |draft, _| set(draft, "zzz", json!([1, {"a": null}]))),
    change("a key twice", &[(200, 422, "duplicate-key")], |draft, _| raw_with(draft, "\"zzz\":1,\"zzz\":2")),
    change("a number that is none", &[(200, 422, "not-a-number")], |draft, choice| {
        raw_with(draft, pick(&["\"zzz\":NaN", "\"zzz\":Infinity", "\"zzz\":1e999", "\"zzz\":-Infinity"], choice));
    }),
    change("half a character", &[(500, 422, "encoding"), (200, 422, "encoding")], |draft, _| {
        raw_with(draft, "\"zzz\":\"\\ud83d\"")
    }),
    change("deep nesting", &[(200, 422, "depth")], |draft, _| {
        raw_with(draft, &format!("\"zzz\":{}{}", "[".repeat(200), "]".repeat(200)));
    }),
    change("another tempting name in the body", &[], |draft, _| set(draft, "name", json!("Other"))),
    change("a time-out in the body", &[], |draft, _| set(draft, "timeout", json!(99))),
    change("a status in the body", &[(404, 200, "status-in-body")], |draft, _| {
        set(draft, "axon", json!({"status_code": 404, "status_message": "spoof"}));
    }),
    change("an envelope that cannot be read", &[(500, 200, "envelope")], |draft, choice| match choice % 3 {
        0 => set(draft, "timeout", json!("soon")),
        1 => set(draft, "dendrite", json!("me")),
        _ => set(draft, "axon", json!({"port": "eight"})),
    }),
    change("an identity in the body", &[], |draft, _| {
        set(draft, "dendrite", json!({"hotkey": crate::account::CHARLIE.hotkey, "ip": "192.0.2.1", "nonce": 5}));
    }),
    change("content type is not json", &[(500, 422, "content-type")], |draft, choice| {
        draft.content_type = match choice % 3 {
            0 => Some("text/plain".to_owned()),
            1 => Some("application/x-www-form-urlencoded".to_owned()),
            _ => None,
        };
    }),
    change("content type is a kind of json", &[(200, 422, "content-type")], |draft, _| {
        draft.content_type = Some("application/ld+json".to_owned());
    }),
    change("content type with parameters", &[], |draft, choice| {
        draft.content_type = Some(
            pick(&["application/json; charset=utf-8", "Application/JSON", "application/json;"], choice).to_owned(),
        );
    }),
    change("GET", &[(200, 200, "")], |draft, _| "GET".clone_into(&mut draft.method)),
    change("GET without body", &[(500, 422, "get")], |draft, _| {
        "GET".clone_into(&mut draft.method);
        raw(draft, "");
    }),
    change("another method", &[(405, 405, "method")], |draft, choice| {
        pick(&["PUT", "DELETE", "PATCH", "OPTIONS"], choice).clone_into(&mut draft.method);
    }),
    change("HEAD", &[(405, 405, "method"), (500, 422, "get")], |draft, _| {
        "HEAD".clone_into(&mut draft.method);
        raw(draft, "");
    }),
    change("unknown route", &[(404, 404, "")], |draft, choice| {
        pick(&["/textsynapse", "/", "/docs", "/openapi.json", "/Nothing", "/%54ext"], choice)
            .clone_into(&mut draft.target);
    }),
    change("a query", &[], |draft, choice| {
        draft.target.push_str(pick(&["?x=1", "?", "?a=b&c=%20"], choice));
    }),
    change("a slash at the end", &[(307, 404, "slash")], |draft, _| draft.target.push('/')),
    change("more segments", &[(404, 404, "segments")], |draft, _| draft.target.push_str("/more")),
    change("a route in percent code", &[], |draft, _| {
        let first = draft.route.bytes().next().unwrap_or(b'T');
        draft.target = format!("/%{first:02X}{}", draft.route.get(1..).unwrap_or_default());
    }),
];

/// The field of the class that is a string and required.
fn set_required(draft: &mut Draft, value: Value) {
    let name = match draft.route {
        "Echo" => "message",
        "Typed" => "g",
        _ => "prompt",
    };
    set(draft, name, value);
}

/// The field of the class that is a number; `max_tokens` where there is none, which is then a field of nobody.
fn number_of(draft: &Draft) -> &'static str {
    if draft.route == "Typed" { "a" } else { "max_tokens" }
}
