//! Strict JSON: what a body has to be before anything looks into it.
//!
//! Two parsers that disagree about a body are a hole: the hash is taken of one reading and the handler acts on the
//! other. So an object that has a key twice, at any depth, is refused (Python keeps the last one), as are the numbers
//! `NaN` and `Infinity` that Python accepts. Nesting is bounded by `serde_json`'s limit of 128, and the number of values
//! by [`MOST_VALUES`]: a value takes about 80 bytes of memory, a byte of text may make a value.

use std::cell::{Cell, RefCell};
use std::fmt;

use miette::Diagnostic;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};
use thiserror::Error;

/// The key under which `serde_json` hands a number over as text when its feature `arbitrary_precision` is on. It is, in
/// every build: FRAME turns it on for the whole program, and tests of this crate alone shall read as the program does. A
/// body may not use it as a key of its own: other readers would take that for a number.
const NUMBER: &str = "$serde_json::private::Number";

/// Values in one text, those inside of others included.
pub const MOST_VALUES: usize = 250_000;

/// Why bytes are not a strict JSON object. Lines and columns count from 1, columns in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
pub enum JsonError {
    /// The bytes are not UTF-8.
    #[error("body is not utf-8 from byte {offset} on")]
    #[diagnostic(code(soma::protocol::json_utf8), help("send the body as UTF-8"))]
    Utf8 {
        /// How many bytes are valid.
        offset: usize,
    },
    /// The text is not JSON, is cut short or is nested too deeply.
    #[error("body is not json: {reason} at line {line} column {column}")]
    #[diagnostic(code(soma::protocol::json_syntax), help("send one JSON object, nested at most 128 deep"))]
    Syntax {
        /// What the parser found.
        reason: String,
        /// Line of the error.
        line: usize,
        /// Column of the error.
        column: usize,
    },
    /// An object has the same key twice.
    #[error("duplicate key {key:?} at line {line} column {column}")]
    #[diagnostic(code(soma::protocol::json_duplicate_key), help("send each key of an object once"))]
    DuplicateKey {
        /// The key, cut to 100 characters.
        key: String,
        /// Line of the second occurrence.
        line: usize,
        /// Column of the second occurrence.
        column: usize,
    },
    /// More values than anybody needs.
    #[error("body has more than {MOST_VALUES} values")]
    #[diagnostic(code(soma::protocol::json_values), help("send long lists of numbers packed, as base64 text"))]
    TooManyValues,
    /// JSON, but not an object.
    #[error("body is a json {found}, not an object")]
    #[diagnostic(code(soma::protocol::json_not_object), help("send a JSON object with the route's fields"))]
    NotObject {
        /// What it is instead.
        found: &'static str,
    },
}

/// Reads one JSON object and nothing behind it.
///
/// # Errors
/// [`JsonError`] for anything else, a duplicate key at any depth included.
pub fn parse_object(bytes: &[u8]) -> Result<Map<String, Value>, JsonError> {
    match parse_value(bytes)? {
        Value::Object(map) => Ok(map),
        other => Err(JsonError::NotObject { found: kind(&other) }),
    }
}

/// Writes an object, keys in their order, without blanks.
pub fn object_text(fields: &Map<String, Value>) -> Vec<u8> {
    // Writing values to memory does not fail: every key is a text.
    serde_json::to_vec(fields).unwrap_or_default()
}

/// Reads one JSON value of any kind, by the same rules.
///
/// # Errors
/// [`JsonError`], but never `NotObject`.
pub fn parse_value(bytes: &[u8]) -> Result<Value, JsonError> {
    let text = std::str::from_utf8(bytes).map_err(|error| JsonError::Utf8 { offset: error.valid_up_to() })?;
    let duplicate = RefCell::new(None);
    let left = Cell::new(MOST_VALUES);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let seed = Strict { duplicate: &duplicate, left: &left };
    let parsed = seed.deserialize(&mut deserializer).and_then(|value| {
        deserializer.end()?;
        Ok(value)
    });
    parsed.map_err(|error| match left.get() {
        0 => JsonError::TooManyValues,
        _ => describe(&error, duplicate.into_inner()),
    })
}

/// The JSON name of a value's kind.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn describe(error: &serde_json::Error, duplicate: Option<String>) -> JsonError {
    let (line, column) = (error.line(), error.column());
    if let Some(key) = duplicate {
        return JsonError::DuplicateKey { key: key.chars().take(100).collect(), line, column };
    }
    let text = error.to_string();
    let place = format!(" at line {line} column {column}");
    let reason = text.strip_suffix(&place).unwrap_or(&text).to_owned();
    JsonError::Syntax { reason, line, column }
}

/// Builds a [`Value`] and stops at the first duplicate key, which it leaves in the cell, and when no more values are left.
#[derive(Clone, Copy)]
struct Strict<'a> {
    duplicate: &'a RefCell<Option<String>>,
    left: &'a Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.left.set(self.left.get().saturating_sub(1));
        if self.left.get() == 0 {
            return Err(D::Error::custom("too many values"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if key == NUMBER {
                return entries.next_value_seed(NumberText);
            }
            match map.entry(key) {
                Entry::Occupied(known) => {
                    *self.duplicate.borrow_mut() = Some(known.key().clone());
                    return Err(A::Error::custom("duplicate key"));
                }
                Entry::Vacant(free) => free.insert(entries.next_value_seed(self)?),
            };
        }
        Ok(Value::Object(map))
    }
}

/// A number that `serde_json` hands over as text, because it is no integer of 64 bits, read as a double. `-0` is such a
/// one, and the integer 0, as in Python.
struct NumberText;

impl<'de> DeserializeSeed<'de> for NumberText {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for NumberText {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no key {NUMBER:?}")
    }

    /// Only the number comes as an owned text; the text of a body is lent (`visit_str`) and refused.
    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Value, E> {
        if text == "-0" {
            return Ok(Value::from(0));
        }
        let number = text.parse().ok().and_then(Number::from_f64);
        number.map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        Err(E::invalid_type(serde::de::Unexpected::Str(text), &self))
    }
}
