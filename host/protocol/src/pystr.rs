//! Python's `str()` of a validated value: the text that the version 10 body hash is taken over.
//!
//! A value is first made into what pydantic would make of it for the field's annotation (its lax mode: `"42"` is 42 in
//! an `int` field, `1` is `1.0` in a `float` field) and then printed as Python prints it: floats by their shortest
//! form, strings inside containers quoted and escaped, dictionaries and nested models in their order.
//!
//! Three things cannot be known from parsed JSON and are refused rather than guessed:
//!
//! - an integer outside 64 bits in an `int` or `Any`: it was read as a float and its digits are gone (as a string it
//!   is printed exactly, and in a `float` field it is a float anyway);
//! - digits with underscores, which pydantic accepts in strings for numbers;
//! - which characters are printable depends on the Unicode version of the sender's Python; the standard library's
//!   tables are used.
//!
//! # Layout
//!
//! - `coerce`: JSON and annotation to Python value
//! - `print`: Python value to text

mod coerce;
mod print;

use miette::Diagnostic;
use serde_json::Value;
use thiserror::Error;

use crate::pytype::PyType;
pub(crate) use print::float_repr;

/// Why a value cannot be what its annotation says. `path` leads to it from the field: `[2].x`, empty for the field
/// itself.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
pub enum PyStrError {
    /// The value does not fit the annotation.
    #[error("{}expected {expected}, found {found}", place(path))]
    #[diagnostic(code(soma::protocol::pystr_mismatch), help("send the field as the synapse class declares it"))]
    Mismatch {
        /// Where.
        path: String,
        /// The annotation.
        expected: String,
        /// The value's JSON kind, or the value if it is a short scalar.
        found: String,
    },
    /// A nested model's field is missing and has no default.
    #[error("{}field required", place(path))]
    #[diagnostic(code(soma::protocol::pystr_missing), help("send the field as the synapse class declares it"))]
    Missing {
        /// Where.
        path: String,
    },
    /// A number whose digits are lost.
    #[error("{}integer does not fit 64 bits", place(path))]
    #[diagnostic(
        code(soma::protocol::pystr_wide_integer),
        help("send the number as a string, or do not hash this field")
    )]
    WideInteger {
        /// Where.
        path: String,
    },
}

/// What Python's `str()` prints for `value` in a field of type `kind`.
///
/// # Errors
/// [`PyStrError`] if the value does not fit.
pub fn py_str(value: &Value, kind: &PyType) -> Result<String, PyStrError> {
    let value = coerce::coerce(value, kind)?;
    Ok(print::str(&value))
}

fn place(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("{path}: ") }
}
