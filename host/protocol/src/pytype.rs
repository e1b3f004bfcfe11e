//! Python type expressions.
//!
//! The version 10 body hash is taken over Python's `str()` of values that pydantic has validated, so what a value
//! prints as depends on the field's annotation: `1` is `1` in an `int` and `1.0` in a `float`. A manifest names the
//! annotation of each hashed field in this grammar:
//!
//! ```text
//! type   = term { "|" term }
//! term   = "str" | "int" | "float" | "bool" | "None" | "Any"
//!        | list [ "[" type "]" ]
//!        | dict [ "[" "str" "," type "]" ]
//!        | tuple [ "[" type { "," type } "]" | "[" type "," "..." "]" ]
//!        | "Optional" "[" type "]"
//!        | "Union" "[" type { "," type } "]"
//!        | model
//! model  = name "{" [ field { "," field } ] "}"
//! field  = name ":" type [ "=" JSON ]
//! list   = "list" | "List"
//! dict   = "dict" | "Dict"
//! tuple  = "tuple" | "Tuple"
//! ```
//!
//! White space is allowed between tokens. `list` alone is `list[Any]`, and so on. A model is a nested pydantic model:
//! its name is for the reader, its fields stand in the order of the class, and a default is the JSON of the value. A
//! default is printed as its type prints it; write `1.0` for the default of a `float`.
//!
//! Dictionaries have string keys, as JSON objects do.

mod parser;

use std::fmt;

use miette::Diagnostic;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use thiserror::Error;

/// How deeply types may be nested.
const DEEPEST: usize = 32;
/// Bytes of an expression.
const LONGEST: usize = 16 * 1024;

/// Terms of an expression. Fitting a value tries each term at most once for each part of the value, so this bounds what
/// a body costs.
const MOST_TERMS: usize = 64;

/// A Python annotation.
#[derive(Debug, Clone, PartialEq)]
pub enum PyType {
    /// `str`
    Str,
    /// `int`
    Int,
    /// `float`
    Float,
    /// `bool`
    Bool,
    /// `None`
    None,
    /// `Any`: the value as it came.
    Any,
    /// `list[T]`
    List(Box<PyType>),
    /// `dict[str, T]`
    Dict(Box<PyType>),
    /// `tuple[A, B]`: exactly these.
    Tuple(Vec<PyType>),
    /// `tuple[T, ...]`: any number of one type.
    Repeat(Box<PyType>),
    /// `A | B`; `Optional[T]` is `T | None`.
    Union(Vec<PyType>),
    /// A nested model.
    Model(Vec<ModelField>),
}

/// A field of a nested model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelField {
    /// Its name.
    pub name: String,
    /// Its annotation.
    pub kind: PyType,
    /// What it is when it is missing; without one it is required.
    pub default: Option<Value>,
}

/// Why a text is not a type expression.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
pub enum PyTypeError {
    /// Something else was expected.
    #[error("expected {expected} at character {at} of type {text:?}")]
    #[diagnostic(
        code(soma::protocol::pytype_syntax),
        help("write a Python annotation, such as list[float], Optional[int] or Point{{x: int, y: int = 0}}")
    )]
    Syntax {
        /// What was expected.
        expected: &'static str,
        /// Where, in bytes from 0.
        at: usize,
        /// The whole expression.
        text: String,
    },
    /// A type that has no JSON form or is not known here.
    #[error("unknown type {name:?} in type {text:?}")]
    #[diagnostic(
        code(soma::protocol::pytype_unknown),
        help(
            "use str, int, float, bool, None, Any, list, dict, tuple, Optional, Union, or spell a class out as Name{{field: type}}"
        )
    )]
    Unknown {
        /// The name.
        name: String,
        /// The whole expression.
        text: String,
    },
    /// Too long.
    #[error("type has more than {LONGEST} bytes")]
    #[diagnostic(code(soma::protocol::pytype_length), help("hash a simpler field"))]
    Long,
    /// Too many alternatives and parts.
    #[error("type has more than {MOST_TERMS} terms")]
    #[diagnostic(code(soma::protocol::pytype_terms), help("hash a simpler field"))]
    Wide,
    /// Nested too deeply.
    #[error("type is nested more than {DEEPEST} deep")]
    #[diagnostic(code(soma::protocol::pytype_depth), help("hash a simpler field"))]
    Depth,
}

impl fmt::Display for PyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Str => f.write_str("str"),
            Self::Int => f.write_str("int"),
            Self::Float => f.write_str("float"),
            Self::Bool => f.write_str("bool"),
            Self::None => f.write_str("None"),
            Self::Any => f.write_str("Any"),
            Self::List(inner) => write!(f, "list[{inner}]"),
            Self::Dict(inner) => write!(f, "dict[str, {inner}]"),
            Self::Repeat(inner) => write!(f, "tuple[{inner}, ...]"),
            Self::Tuple(members) => {
                f.write_str("tuple[")?;
                write_joined(f, members, ", ")?;
                f.write_str("]")
            }
            Self::Union(members) => write_joined(f, members, " | "),
            Self::Model(fields) => {
                f.write_str("Model{")?;
                write_joined(f, fields, ", ")?;
                f.write_str("}")
            }
        }
    }
}

impl fmt::Display for ModelField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.kind)?;
        match &self.default {
            Some(default) => write!(f, " = {default}"),
            None => Ok(()),
        }
    }
}

fn write_joined<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: &[T], separator: &str) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            f.write_str(separator)?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}

impl Serialize for PyType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PyType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
