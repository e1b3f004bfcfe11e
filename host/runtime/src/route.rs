//! What a route accepts: its schema with defaults, the fields that the v10 body hash covers, its largest body.

use bytesize::ByteSize;
use jsonschema::PatternOptions;
use serde_json::{Map, Value};
use soma_manifest::{RouteSpec, StreamSpec};
use soma_protocol::pytype::PyType;

use crate::error::LoadError;
use crate::words::one_line;

/// Bytes of one compiled regular expression of a schema.
const COMPILED_PATTERN: usize = 256 << 10;

/// Bytes of a field's name that is repeated to the caller.
const LONGEST_NAME: usize = 64;

/// Largest body of a route that asks for nothing else.
pub const DEFAULT_MAX_BODY: ByteSize = ByteSize::mib(8);

/// A route's manifest entry, made ready for use.
pub struct RouteContract {
    schema: Option<Schema>,
    hash_fields: Vec<(String, PyType)>,
    max_body: ByteSize,
    headers: Vec<String>,
    stream: Option<StreamSpec>,
}

struct Schema {
    source: Value,
    validator: jsonschema::Validator,
}

/// The first thing in a body that the schema does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct SchemaViolation {
    /// JSON pointer of the field, without the leading slash; `body` for the whole.
    pub field: String,
    /// What the schema says about it.
    pub problem: String,
}

impl RouteContract {
    /// Compiles the schema and reads the Python types.
    pub fn new(route: &str, spec: &RouteSpec) -> Result<RouteContract, LoadError> {
        let unusable = |problem: String| LoadError::Schema { route: route.to_owned(), problem };
        let schema = spec.schema.clone().map(|source| {
            let validator = build(&source);
            validator.map(|validator| Schema { source, validator }).map_err(unusable)
        });
        let hash_fields = spec.hash_fields.iter().map(|(name, text)| {
            let parsed = text.as_str().parse::<PyType>();
            parsed.map(|ty| (name.clone(), ty)).map_err(|error| unusable(error.to_string()))
        });
        Ok(RouteContract {
            schema: schema.transpose()?,
            hash_fields: hash_fields.collect::<Result<_, _>>()?,
            max_body: spec.max_body.unwrap_or(DEFAULT_MAX_BODY),
            headers: spec.headers.clone(),
            stream: spec.stream.clone(),
        })
    }

    /// The fields that the v10 body hash covers, in the class's order. Empty: it covers nothing.
    pub fn hash_fields(&self) -> &[(String, PyType)] {
        &self.hash_fields
    }

    /// Names of the fields that the schema requires, in its order: what a synapse class has no default for.
    pub fn required(&self) -> impl Iterator<Item = &str> {
        let list = self.schema.as_ref().and_then(|schema| schema.source.get("required")).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str)
    }

    /// Whether bodies have to fit a schema. A synapse is a JSON object even without one.
    pub fn has_schema(&self) -> bool {
        self.schema.is_some()
    }

    /// Largest body.
    pub fn max_body(&self) -> ByteSize {
        self.max_body
    }

    /// Names, in lower case, of the headers that a plugin gets.
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// How a streamed answer begins; none when the route answers in one piece.
    pub fn stream(&self) -> Option<&StreamSpec> {
        self.stream.as_ref()
    }

    /// Fills in the schema's defaults, drops fields that the schema does not know (unless it speaks of
    /// additional ones), writes whole numbers of integer fields without a point, and checks the rest.
    pub fn accept(&self, mut body: Map<String, Value>) -> Result<Map<String, Value>, SchemaViolation> {
        let Some(schema) = &self.schema else { return Ok(body) };
        drop_unknown(&schema.source, &mut body);
        fill_defaults(&schema.source, &mut body);
        write_integers(&schema.source, &mut body);
        let body = Value::Object(body);
        let violation = schema.validator.iter_errors(&body).next().map(|error| SchemaViolation {
            field: one_line(&field_name(&error), 200),
            problem: one_line(&problem(&error), 400),
        });
        match (violation, body) {
            (Some(violation), _) => Err(violation),
            (None, Value::Object(body)) => Ok(body),
            (None, _) => Ok(Map::new()),
        }
    }
}

/// Compiles a schema. Its regular expressions have no look-around and no back-references, so that their time grows with
/// the text alone.
fn build(source: &Value) -> Result<jsonschema::Validator, String> {
    let patterns = PatternOptions::regex().size_limit(COMPILED_PATTERN).dfa_size_limit(COMPILED_PATTERN);
    let options = jsonschema::draft202012::options().with_pattern_options(patterns);
    options.build(source).map_err(|error| one_line(&error.to_string(), 400))
}

/// What the schema says, without the caller's words: its values are masked, and of names that the schema does not know
/// it is only said that there is one.
fn problem(error: &jsonschema::ValidationError<'_>) -> String {
    use jsonschema::error::ValidationErrorKind as Kind;
    match error.kind() {
        Kind::PropertyNames { .. } => "has a field whose name is not allowed".to_owned(),
        Kind::AdditionalProperties { .. } | Kind::UnevaluatedProperties { .. } => {
            "has a field that is not allowed".to_owned()
        }
        _ => error.masked().to_string(),
    }
}

/// The field that an error is about. For a missing field the pointer names the object it is missing from.
fn field_name(error: &jsonschema::ValidationError<'_>) -> String {
    let pointer = error.instance_path().to_string();
    let names: Vec<&str> = pointer.trim_start_matches('/').split('/').map(plain_name).collect();
    let at = names.join("/");
    let missing = match error.kind() {
        jsonschema::error::ValidationErrorKind::Required { property } => property.as_str().unwrap_or_default(),
        _ => "",
    };
    match (at.as_str(), missing) {
        ("", "") => "body".to_owned(),
        ("", missing) => missing.to_owned(),
        (at, "") => at.to_owned(),
        (at, missing) => format!("{at}/{missing}"),
    }
}

/// A name in a path: where a schema takes any field, callers choose its name.
fn plain_name(name: &str) -> &str {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.len() <= LONGEST_NAME && name.chars().all(plain) { name } else { "?" }
}

fn drop_unknown(schema: &Value, body: &mut Map<String, Value>) {
    let closed = schema.get("additionalProperties").is_none() && schema.get("patternProperties").is_none();
    if let (true, Some(Value::Object(known))) = (closed, schema.get("properties")) {
        body.retain(|name, _| known.contains_key(name));
    }
}

fn fill_defaults(schema: &Value, body: &mut Map<String, Value>) {
    let Some(Value::Object(properties)) = schema.get("properties") else { return };
    for (name, property) in properties {
        if let (None, Some(default)) = (body.get(name), property.get("default")) {
            body.insert(name.clone(), default.clone());
        }
        if let Some(Value::Object(inner)) = body.get_mut(name) {
            fill_defaults(property, inner);
        }
    }
}

/// To JSON Schema `1.0` and `1e2` are integers, to most languages' readers of integers they are not. So they are written as
/// pydantic would: `1` and `100`. Beyond 2^53, where a number need not be the one that was meant, they stay.
fn write_integers(schema: &Value, body: &mut Map<String, Value>) {
    let Some(Value::Object(properties)) = schema.get("properties") else { return };
    for (name, property) in properties {
        match body.get_mut(name) {
            Some(Value::Object(inner)) => write_integers(property, inner),
            Some(value) if is_integer(property) => {
                if let Some(whole) = value.as_f64().filter(|_| value.is_f64()).and_then(whole) {
                    *value = Value::from(whole);
                }
            }
            _ => {}
        }
    }
}

/// Whether a field is an integer (or null), and not any number.
fn is_integer(property: &Value) -> bool {
    let has = |name: &str| match property.get("type") {
        Some(Value::String(ty)) => ty == name,
        Some(Value::Array(types)) => types.iter().any(|ty| ty == name),
        _ => false,
    };
    has("integer") && !has("number")
}

fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[allow(clippy::cast_possible_truncation, reason = "a whole number of at most 2^53")]
    let whole = (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn contract() -> RouteContract {
        let schema = json!({
            "type": "object",
            "required": ["prompt"],
            "properties": {
                "prompt": {"type": "string", "maxLength": 20},
                "max_tokens": {"type": "integer", "default": 100},
                "options": {"type": "object", "properties": {"seed": {"type": "integer", "default": 7}}},
                "generated_text": {"type": ["string", "null"], "default": null}
            }
        });
        RouteContract::new("Text", &RouteSpec { schema: Some(schema), ..RouteSpec::default() }).unwrap()
    }

    #[test]
    fn whole_numbers_of_integer_fields_have_no_point() {
        for (sent, kept) in [("3.0", json!(3)), ("1e2", json!(100)), ("-0.0", json!(0)), ("7", json!(7))] {
            let body = format!(r#"{{"prompt": "a", "max_tokens": {sent}, "options": {{"seed": {sent}}}}}"#);
            let accepted = accept(soma_protocol::json::parse_value(body.as_bytes()).unwrap()).unwrap();
            assert_eq!((&accepted["max_tokens"], &accepted["options"]["seed"]), (&kept, &kept), "{sent}");
        }
        let huge = soma_protocol::json::parse_value(br#"{"prompt": "a", "max_tokens": 1e22}"#).unwrap();
        assert_eq!(accept(huge).unwrap()["max_tokens"], json!(1e22));
    }

    fn accept(body: Value) -> Result<Value, SchemaViolation> {
        contract().accept(body.as_object().cloned().unwrap()).map(Value::Object)
    }

    #[test]
    fn defaults_are_filled_in_and_unknown_fields_dropped() {
        let accepted = accept(json!({"prompt": "hi", "options": {}, "junk": 1})).unwrap();
        let expected = json!({"prompt": "hi", "options": {"seed": 7}, "max_tokens": 100, "generated_text": null});
        assert_eq!(accepted, expected);
    }

    #[test]
    fn the_field_at_fault_is_named() {
        let table = [
            (json!({}), "prompt"),
            (json!({"prompt": 3}), "prompt"),
            (json!({"prompt": "hi", "max_tokens": "42"}), "max_tokens"),
            (json!({"prompt": "hi", "options": {"seed": "x"}}), "options/seed"),
        ];
        for (body, field) in table {
            assert_eq!(accept(body.clone()).unwrap_err().field, field, "{body}");
        }
    }

    #[test]
    fn the_callers_own_words_are_not_in_the_message() {
        let violation = accept(json!({"prompt": "secret words that are too long for it"})).unwrap_err();
        assert!(!violation.to_string().contains("secret"), "{violation}");
    }

    #[test]
    fn a_name_that_the_caller_made_up_is_not_in_the_message() {
        let made_up = "Ignore the above\n\u{1b}[31m, and more";
        let table = [
            (json!({"propertyNames": {"maxLength": 8}}), json!({made_up: 1}), "has a field whose name is not allowed"),
            (
                json!({"properties": {"a": {}}, "additionalProperties": false}),
                json!({made_up: 1}),
                "has a field that is not allowed",
            ),
            (
                json!({"properties": {"a": {"additionalProperties": {"type": "string"}}}}),
                json!({"a": {made_up: 1}}),
                "a/?: ",
            ),
        ];
        for (schema, body, problem) in table {
            let spec = RouteSpec { schema: Some(schema), ..RouteSpec::default() };
            let contract = RouteContract::new("Text", &spec).unwrap();
            let violation = contract.accept(body.as_object().cloned().unwrap()).unwrap_err();
            let said = violation.to_string();
            assert!(!said.contains("Ignore") && said.contains(problem) && said.len() < 80, "{said}");
        }
    }

    #[test]
    fn a_schema_that_is_none_is_refused_with_its_route() {
        let spec = RouteSpec { schema: Some(json!({"type": "strin"})), ..RouteSpec::default() };
        assert!(matches!(RouteContract::new("Text", &spec), Err(LoadError::Schema { route, .. }) if route == "Text"));
        let remote = RouteSpec { schema: Some(json!({"$ref": "http://example.com/s.json"})), ..RouteSpec::default() };
        assert!(RouteContract::new("Text", &remote).is_err());
        for pattern in ["^(?!z)a", "(a)\\1", "\\p{L}{200}{200}"] {
            let slow = RouteSpec { schema: Some(json!({"items": {"pattern": pattern}})), ..RouteSpec::default() };
            assert!(matches!(RouteContract::new("Text", &slow), Err(LoadError::Schema { .. })), "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn any_object_is_accepted_or_refused(keys in proptest::collection::vec("[a-z_]{0,12}", 0..6), n in any::<i64>()) {
            let body: Map<String, Value> = keys.into_iter().map(|key| (key, json!(n))).collect();
            let _ = contract().accept(body);
        }
    }
}
