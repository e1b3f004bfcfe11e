//! What a route's schema may be, checked before anything is compiled from it.
//!
//! A schema is written by somebody that the operator does not trust, and the host evaluates it on every body. So
//! its cost is bounded here: references are followed as the evaluation would follow them, and the whole may have
//! at most [`MOST_NODES`] subschemas. A reference that leads back to itself has no such bound (its cost grows
//! with the depth of the body) and is refused, and so are references that are no local JSON pointers.

use serde_json::{Map, Value};

/// Subschemas, each counted as often as it is referred to.
pub const MOST_NODES: usize = 2_000;
/// How deeply they may lie in each other, references followed: the evaluation uses the stack.
pub const DEEPEST: usize = 64;
/// Bytes of one schema as JSON.
pub const LONGEST: usize = 256 << 10;
/// Bytes of all defaults of one schema as JSON: they are copied into every body that lacks them.
pub const LONGEST_DEFAULTS: usize = 64 << 10;

/// Regular expressions of one schema: `pattern`, and the names of `patternProperties`.
pub const MOST_PATTERNS: usize = 64;
/// Bytes of all of them together.
pub const LONGEST_PATTERNS: usize = 4 << 10;

/// Keywords whose value is data and no schema.
const DATA: [&str; 5] = ["const", "default", "enum", "example", "examples"];
/// Keywords that make references mean something else than a path.
const MOVING: [&str; 6] = ["$anchor", "$dynamicAnchor", "$dynamicRef", "$id", "$recursiveAnchor", "$recursiveRef"];
/// Keywords that look at what other keywords have looked at: nested in each other they double the work at each level.
const LOOKING_BACK: [&str; 2] = ["unevaluatedItems", "unevaluatedProperties"];
/// Keywords that hold schemas by name; they are no subschema themselves.
const NAMED: [&str; 2] = ["dependentSchemas", "properties"];

/// Checks a schema's bounds. The text says which one it breaks.
pub fn check(schema: &Value) -> Result<(), String> {
    let length = schema.to_string().len();
    if length > LONGEST {
        return Err(format!("is a schema of {length} bytes, more than {LONGEST}"));
    }
    Walk { root: schema, nodes: 0, depth: 0, defaults: 0, patterns: 0, pattern_bytes: 0, open: Vec::new() }
        .visit(schema)
}

/// A walk over the schema as the evaluation would take it.
struct Walk<'a> {
    root: &'a Value,
    nodes: usize,
    depth: usize,
    defaults: usize,
    patterns: usize,
    pattern_bytes: usize,
    /// The references that are being followed.
    open: Vec<&'a str>,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, schema: &'a Value) -> Result<(), String> {
        if self.depth >= DEEPEST {
            return Err(format!("is a schema of more than {DEEPEST} levels, references followed"));
        }
        self.depth += 1;
        let visited = self.count(schema);
        self.depth -= 1;
        visited
    }

    fn count(&mut self, schema: &'a Value) -> Result<(), String> {
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            return Err(format!("is a schema of more than {MOST_NODES} parts, references followed"));
        }
        match schema {
            Value::Object(keywords) => self.keywords(keywords),
            Value::Array(members) => members.iter().try_for_each(|member| self.visit(member)),
            _ => Ok(()),
        }
    }

    fn keywords(&mut self, keywords: &'a Map<String, Value>) -> Result<(), String> {
        for (keyword, value) in keywords {
            match keyword.as_str() {
                "$ref" => self.follow(value)?,
                "default" => self.default(value)?,
                // Only reached by reference.
                "$defs" | "definitions" => {}
                word if DATA.contains(&word) => {}
                word if LOOKING_BACK.contains(&word) => {
                    return Err(format!("uses `{word}`, which is not supported; write `additionalProperties: false`"));
                }
                "pattern" => self.pattern(value.as_str().unwrap_or_default())?,
                "patternProperties" => {
                    let named = value.as_object().into_iter().flatten();
                    named.into_iter().try_for_each(|(pattern, schema)| {
                        self.pattern(pattern)?;
                        self.visit(schema)
                    })?;
                }
                word if MOVING.contains(&word) => return Err(format!("uses `{word}`, which is not supported")),
                word if NAMED.contains(&word) => {
                    let schemas = value.as_object().into_iter().flat_map(Map::values);
                    schemas.into_iter().try_for_each(|schema| self.visit(schema))?;
                }
                _ => self.visit(value)?,
            }
        }
        Ok(())
    }

    fn follow(&mut self, reference: &'a Value) -> Result<(), String> {
        let pointer = reference.as_str().and_then(|text| text.strip_prefix('#'));
        let Some(pointer) = pointer.filter(|pointer| pointer.is_empty() || pointer.starts_with('/')) else {
            return Err(format!("refers to {reference}, which is no local path such as \"#/$defs/Name\""));
        };
        let Some(target) = self.root.pointer(pointer) else {
            return Err(format!("refers to {reference}, which is not there"));
        };
        if self.open.contains(&pointer) || std::ptr::eq(target, self.root) {
            return Err(format!("refers to {reference} from within it"));
        }
        self.open.push(pointer);
        let visited = self.visit(target);
        self.open.pop();
        visited
    }

    fn pattern(&mut self, pattern: &str) -> Result<(), String> {
        self.patterns += 1;
        self.pattern_bytes += pattern.len();
        if self.patterns > MOST_PATTERNS || self.pattern_bytes > LONGEST_PATTERNS {
            let most = format!("{MOST_PATTERNS} patterns or {LONGEST_PATTERNS} bytes of them");
            return Err(format!("has more than {most}, references followed"));
        }
        Ok(())
    }

    fn default(&mut self, value: &Value) -> Result<(), String> {
        self.defaults += value.to_string().len();
        if self.defaults > LONGEST_DEFAULTS {
            return Err(format!("has defaults of more than {LONGEST_DEFAULTS} bytes"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn refused(schema: &Value) -> String {
        check(schema).unwrap_err()
    }

    #[test]
    fn ordinary_schemas_pass() {
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "required": ["prompt"],
            "properties": {
                "prompt": {"type": "string", "default": "hi"},
                "point": {"$ref": "#/$defs/point"},
                "other": {"$ref": "#/$defs/point"},
                "data": {"enum": [{"$ref": "not a reference"}]}
            },
            "$defs": {"point": {"type": "object", "properties": {"x": {"type": "number"}}}}
        });
        assert_eq!(check(&schema), Ok(()));
    }

    #[test]
    fn references_cannot_multiply_the_work() {
        let mut defs = Map::new();
        for level in 0..20 {
            let next = json!({"$ref": format!("#/$defs/a{}", level + 1)});
            defs.insert(format!("a{level}"), json!({"allOf": [next, next]}));
        }
        defs.insert("a20".into(), json!({}));
        let schema = json!({"properties": {"x": {"$ref": "#/$defs/a0"}}, "$defs": defs});
        assert!(refused(&schema).contains("parts"), "{}", refused(&schema));
    }

    #[test]
    fn a_chain_of_references_is_short() {
        let mut defs = Map::new();
        for level in 0..1000 {
            defs.insert(format!("a{level}"), json!({"$ref": format!("#/$defs/a{}", level + 1)}));
        }
        defs.insert("a1000".into(), json!({}));
        let schema = json!({"$ref": "#/$defs/a0", "$defs": defs});
        assert!(refused(&schema).contains("levels"));
    }

    #[test]
    fn what_has_no_bound_is_refused() {
        let table = [
            (json!({"properties": {"n": {"$ref": "#"}}}), "from within"),
            (json!({"$ref": "#/$defs/a", "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}}), "from within"),
            (json!({"$ref": "http://example.com/s.json"}), "no local path"),
            (json!({"$ref": "#name"}), "no local path"),
            (json!({"$ref": "#/$defs/gone"}), "not there"),
            (json!({"$dynamicRef": "#a"}), "$dynamicRef"),
            (json!({"properties": {"a": {"$id": "other"}}}), "$id"),
            (json!({"properties": {"a": {"default": "x".repeat(70_000)}}}), "defaults"),
            (json!({"allOf": [{"unevaluatedProperties": {"type": "string"}}]}), "unevaluatedProperties"),
            (json!({"items": {"pattern": "x".repeat(5_000)}}), "patterns"),
            (json!({"allOf": vec![json!({"pattern": "a"}); 65]}), "patterns"),
            (json!({"description": "x".repeat(300_000)}), "bytes"),
        ];
        for (schema, words) in table {
            assert!(refused(&schema).contains(words), "{words}: {}", refused(&schema));
        }
    }

    proptest! {
        #[test]
        fn any_schema_is_judged(words in proptest::collection::vec("(\\$ref|#/a|#|items|default|allOf)", 0..12)) {
            let schema = words.iter().fold(json!({}), |inner, word| json!({ word.as_str(): inner, "$ref": word }));
            let _ = check(&schema);
        }
    }
}
