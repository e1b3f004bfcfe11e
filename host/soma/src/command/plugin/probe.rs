//! A body for a route that no case asks: the schema's defaults, and the least that it requires.

use serde_json::{Map, Value, json};

/// How deep a made-up value goes. Schemas are not recursive; this bounds what one with many levels costs.
const DEEPEST: usize = 8;

/// What a whole made-up value may weigh: about its bytes in memory, and so also in JSON. The plugin's author wrote the
/// schema, and a few nested lists that must not be short would fill the machine.
const HEAVIEST: usize = 1 << 20;

/// What a value weighs without its text.
const VALUE: usize = 64;

/// An object that the schema may well accept. Patterns and other fine print are not followed, and what would be too
/// large is left out.
pub fn body(schema: Option<&Value>) -> Map<String, Value> {
    let made_up = |root| Maker { root, left: HEAVIEST }.value(root, 0);
    match schema.map(made_up) {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

/// Makes a value up.
struct Maker<'a> {
    /// The whole schema, for references.
    root: &'a Value,
    /// What may still be added.
    left: usize,
}

impl<'a> Maker<'a> {
    fn value(&mut self, schema: &'a Value, depth: usize) -> Value {
        let first_of = |key: &str| schema.get(key).and_then(Value::as_array).and_then(|list| list.first());
        let written = ["default", "const"].iter().find_map(|key| schema.get(key));
        if let Some(given) = written.or_else(|| first_of("examples")).or_else(|| first_of("enum")) {
            return self.given(given);
        }
        if depth == DEEPEST || !self.take(VALUE) {
            return Value::Null;
        }
        let other = referred(self.root, schema).or_else(|| first_of("anyOf")).or_else(|| first_of("oneOf"));
        if let Some(other) = other {
            return self.value(other, depth + 1);
        }
        match kind(schema) {
            Some("string") => self.text(least(schema, "minLength").clamp(1, 1024)),
            Some("integer") => json!(schema.get("minimum").and_then(Value::as_i64).unwrap_or_default()),
            Some("number") => json!(schema.get("minimum").and_then(Value::as_f64).unwrap_or_default()),
            Some("boolean") => json!(false),
            Some("array") => self.list(schema, depth),
            Some("null") => Value::Null,
            _ => self.object(schema, depth),
        }
    }

    /// False, and nothing is taken, when there is not so much left.
    fn take(&mut self, weight: usize) -> bool {
        let left = self.left.checked_sub(weight);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }

    /// A value that stands in the schema.
    fn given(&mut self, value: &Value) -> Value {
        match lighter(value, self.left) {
            Some(left) => {
                self.left = left;
                value.clone()
            }
            None => Value::Null,
        }
    }

    fn text(&mut self, length: usize) -> Value {
        if self.take(length) { json!("a".repeat(length)) } else { Value::Null }
    }

    /// As many items as there have to be: all alike.
    fn list(&mut self, schema: &'a Value, depth: usize) -> Value {
        let wanted = least(schema, "minItems").min(64);
        if wanted == 0 {
            return json!([]);
        }
        let before = self.left;
        let item = schema.get("items").map_or(Value::Null, |items| self.value(items, depth + 1));
        let weight = (before - self.left).max(VALUE);
        let more = (wanted - 1).min(self.left / weight);
        self.left -= more * weight;
        Value::Array(vec![item; 1 + more])
    }

    /// The fields that are required.
    fn object(&mut self, schema: &'a Value, depth: usize) -> Value {
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        let mut fields = Map::new();
        for name in required.filter_map(Value::as_str) {
            if !self.take(VALUE + name.len()) {
                break;
            }
            let field = schema.get("properties").and_then(|properties| properties.get(name));
            fields.insert(name.to_owned(), field.map_or(Value::Null, |field| self.value(field, depth + 1)));
        }
        Value::Object(fields)
    }
}

/// What is left after this value; none when it is too heavy.
fn lighter(value: &Value, left: usize) -> Option<usize> {
    let left = left.checked_sub(VALUE)?;
    match value {
        Value::String(text) => left.checked_sub(text.len()),
        Value::Array(items) => items.iter().try_fold(left, |left, item| lighter(item, left)),
        Value::Object(fields) => {
            let lighter_by =
                |left: usize, (name, field): (&String, &Value)| lighter(field, left.checked_sub(VALUE + name.len())?);
            fields.iter().try_fold(left, lighter_by)
        }
        _ => Some(left),
    }
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

    #[test]
    fn a_small_schema_does_not_fill_the_machine() {
        let list = |items: Value| json!({"type": "array", "minItems": 64, "items": items});
        let object = |field: Value| json!({"required": ["a", "b"], "properties": {"a": field, "b": field}});
        let long = json!({"type": "string", "minLength": 1024});
        let given = json!({"default": "a".repeat(100_000)});
        for item in [json!({"type": "integer"}), long, given] {
            for field in [list(list(list(item.clone()))), object(object(list(list(item))))] {
                let made = Value::Object(body(Some(&object(field))));
                assert!(lighter(&made, 2 * HEAVIEST).is_some());
                assert!(made.to_string().len() <= HEAVIEST);
            }
        }
        let small = json!({"required": ["a"], "properties": {"a": list(list(json!({"type": "integer"})))}});
        let made = body(Some(&small));
        assert_eq!(made["a"].as_array().unwrap().len(), 64);
        assert!(made["a"].as_array().unwrap().iter().all(|row| row.as_array().unwrap().len() == 64));
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
