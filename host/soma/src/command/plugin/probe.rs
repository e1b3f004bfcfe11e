//! A body for a route that no case asks: the schema's defaults, and the least that it requires.

use serde_json::{Map, Value, json};

/// How deep a made-up value goes. Schemas are not recursive; this bounds what one with many levels costs.
const DEEPEST: usize = 8;

/// An object that the schema may well accept. Patterns and other fine print are not followed.
pub fn body(schema: Option<&Value>) -> Map<String, Value> {
    match schema.map(|schema| made_up(schema, schema, 0)) {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

fn made_up(root: &Value, schema: &Value, depth: usize) -> Value {
    if let Some(given) = ["default", "const"].iter().find_map(|key| schema.get(key)) {
        return given.clone();
    }
    let first_of = |key: &str| schema.get(key).and_then(Value::as_array).and_then(|list| list.first());
    if let Some(given) = first_of("examples").or_else(|| first_of("enum")) {
        return given.clone();
    }
    if depth == DEEPEST {
        return Value::Null;
    }
    if let Some(other) = referred(root, schema).or_else(|| first_of("anyOf")).or_else(|| first_of("oneOf")) {
        return made_up(root, other, depth + 1);
    }
    match kind(schema) {
        Some("string") => json!("a".repeat(least(schema, "minLength").clamp(1, 1024))),
        Some("integer") => json!(schema.get("minimum").and_then(Value::as_i64).unwrap_or_default()),
        Some("number") => json!(schema.get("minimum").and_then(Value::as_f64).unwrap_or_default()),
        Some("boolean") => json!(false),
        Some("array") => {
            let item = schema.get("items").map_or(Value::Null, |items| made_up(root, items, depth + 1));
            Value::Array(vec![item; least(schema, "minItems").min(64)])
        }
        Some("null") => Value::Null,
        _ => object(root, schema, depth),
    }
}

/// The fields that are required.
fn object(root: &Value, schema: &Value, depth: usize) -> Value {
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let fields = required.map(|name| {
        let field = schema.get("properties").and_then(|properties| properties.get(name));
        (name.to_owned(), field.map_or(Value::Null, |field| made_up(root, field, depth + 1)))
    });
    Value::Object(fields.collect())
}

/// The first type that the schema names.
fn kind(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(name) => Some(name),
        Value::Array(names) => names.first()?.as_str(),
        _ => None,
    }
}

fn least(schema: &Value, key: &str) -> usize {
    schema.get(key).and_then(Value::as_u64).and_then(|least| usize::try_from(least).ok()).unwrap_or_default()
}

/// What `$ref` points at, within this schema.
fn referred<'a>(root: &'a Value, schema: &Value) -> Option<&'a Value> {
    root.pointer(schema.get("$ref")?.as_str()?.strip_prefix('#')?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn makes_up_what_is_required() {
        let schema = json!({
            "type": "object",
            "required": ["text", "n", "x", "yes", "list", "one", "inner", "kind", "set", "other"],
            "properties": {
                "text": {"type": "string", "minLength": 3},
                "n": {"type": "integer", "minimum": 2},
                "x": {"type": ["number", "null"]},
                "yes": {"type": "boolean"},
                "list": {"type": "array", "minItems": 2, "items": {"type": "string"}},
                "one": {"anyOf": [{"type": "null"}, {"type": "string"}]},
                "inner": {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}},
                "kind": {"enum": ["first", "second"]},
                "set": {"type": "string", "default": "given"},
                "other": {"$ref": "#/$defs/other"},
                "left": {"type": "string"}
            },
            "$defs": {"other": {"const": 7}}
        });
        let expected = json!({
            "text": "aaa", "n": 2, "x": 0.0, "yes": false, "list": ["a", "a"], "one": null, "inner": {"a": 0},
            "kind": "first", "set": "given", "other": 7
        });
        assert_eq!(Value::Object(body(Some(&schema))), expected);
        assert_eq!(body(None), Map::new());
        assert_eq!(body(Some(&json!({"type": "string"}))), Map::new());
    }

    proptest! {
        #[test]
        fn no_schema_takes_it_far(keys in proptest::collection::vec("(type|items|minItems|minLength|\\$ref|anyOf)", 0..5),
                                  number in any::<u64>()) {
            let mut schema = json!({"type": "array", "minItems": number, "$ref": "#"});
            for key in keys {
                schema = json!({"required": ["a"], "properties": {"a": {key: schema.clone(), "items": schema}}});
            }
            body(Some(&schema));
        }
    }
}
