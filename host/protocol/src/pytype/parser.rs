//! Reading a type expression.

use std::str::FromStr;

use serde_json::Value;

use super::{DEEPEST, LONGEST, MOST_TERMS, ModelField, PyType, PyTypeError};

impl FromStr for PyType {
    type Err = PyTypeError;

    fn from_str(text: &str) -> Result<Self, PyTypeError> {
        if text.len() > LONGEST {
            return Err(PyTypeError::Long);
        }
        let mut parser = Parser { text, at: 0, terms: 0 };
        let kind = parser.union(DEEPEST)?;
        parser.blanks();
        if parser.at == text.len() { Ok(kind) } else { Err(parser.expected("the end")) }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    terms: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn expected(&self, expected: &'static str) -> PyTypeError {
        PyTypeError::Syntax { expected, at: self.at, text: self.text.to_owned() }
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, token: &str) -> bool {
        self.blanks();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn need(&mut self, token: &'static str) -> Result<(), PyTypeError> {
        if self.take(token) { Ok(()) } else { Err(self.expected(token)) }
    }

    fn name(&mut self) -> Result<&'a str, PyTypeError> {
        self.blanks();
        let rest = self.rest();
        let end = rest.find(|c: char| !(c == '_' || c.is_alphanumeric())).unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default();
        if name.is_empty() || name.starts_with(|c: char| c.is_numeric()) {
            return Err(self.expected("a name"));
        }
        self.at += end;
        Ok(name)
    }

    fn union(&mut self, depth: usize) -> Result<PyType, PyTypeError> {
        let first = self.term(depth)?;
        let mut members = vec![first];
        while self.take("|") {
            members.push(self.term(depth)?);
        }
        Ok(union_of(members))
    }

    fn term(&mut self, depth: usize) -> Result<PyType, PyTypeError> {
        let depth = depth.checked_sub(1).ok_or(PyTypeError::Depth)?;
        self.terms += 1;
        if self.terms > MOST_TERMS {
            return Err(PyTypeError::Wide);
        }
        let name = self.name()?;
        if self.take("{") {
            return self.model(depth);
        }
        match name {
            "str" => Ok(PyType::Str),
            "int" => Ok(PyType::Int),
            "float" => Ok(PyType::Float),
            "bool" => Ok(PyType::Bool),
            "None" => Ok(PyType::None),
            "Any" => Ok(PyType::Any),
            "list" | "List" => Ok(PyType::List(Box::new(self.element(depth)?))),
            "dict" | "Dict" => self.dict(depth),
            "tuple" | "Tuple" => self.tuple(depth),
            "Optional" => {
                self.need("[")?;
                let inner = self.union(depth)?;
                self.need("]")?;
                Ok(union_of(vec![inner, PyType::None]))
            }
            "Union" => {
                self.need("[")?;
                let mut members = vec![self.union(depth)?];
                while self.take(",") {
                    members.push(self.union(depth)?);
                }
                self.need("]")?;
                Ok(union_of(members))
            }
            _ => Err(PyTypeError::Unknown { name: name.to_owned(), text: self.text.to_owned() }),
        }
    }

    /// `[T]`, or nothing for `Any`.
    fn element(&mut self, depth: usize) -> Result<PyType, PyTypeError> {
        if !self.take("[") {
            return Ok(PyType::Any);
        }
        let inner = self.union(depth)?;
        self.need("]")?;
        Ok(inner)
    }

    fn dict(&mut self, depth: usize) -> Result<PyType, PyTypeError> {
        if !self.take("[") {
            return Ok(PyType::Dict(Box::new(PyType::Any)));
        }
        if self.name()? != "str" {
            return Err(self.expected("str as the type of the keys"));
        }
        self.need(",")?;
        let inner = self.union(depth)?;
        self.need("]")?;
        Ok(PyType::Dict(Box::new(inner)))
    }

    fn tuple(&mut self, depth: usize) -> Result<PyType, PyTypeError> {
        if !self.take("[") {
            return Ok(PyType::Repeat(Box::new(PyType::Any)));
        }
        let first = self.union(depth)?;
        let mut members = Vec::new();
        while self.take(",") {
            if members.is_empty() && self.take("...") {
                self.need("]")?;
                return Ok(PyType::Repeat(Box::new(first)));
            }
            members.push(self.union(depth)?);
        }
        self.need("]")?;
        members.insert(0, first);
        Ok(PyType::Tuple(members))
    }

    fn model(&mut self, depth: usize) -> Result<PyType, PyTypeError> {
        let mut fields: Vec<ModelField> = Vec::new();
        while !self.take("}") {
            if !fields.is_empty() {
                self.need(",")?;
            }
            let name = self.name()?.to_owned();
            if fields.iter().any(|field| field.name == name) {
                return Err(self.expected("each field once"));
            }
            self.need(":")?;
            let kind = self.union(depth)?;
            let default = if self.take("=") { Some(self.json()?) } else { None };
            fields.push(ModelField { name, kind, default });
        }
        Ok(PyType::Model(fields))
    }

    fn json(&mut self) -> Result<Value, PyTypeError> {
        self.blanks();
        let rest = self.rest();
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let Some(Ok(_)) = values.next() else {
            return Err(self.expected("a JSON value"));
        };
        let taken = values.byte_offset();
        // Read again by the strict rules: a default with a key twice is a mistake too.
        let value = rest
            .get(..taken)
            .and_then(|json| crate::json::parse_value(json.as_bytes()).ok())
            .ok_or_else(|| self.expected("a JSON value without duplicate keys"))?;
        self.at += taken;
        Ok(value)
    }
}

/// One flat union without repeated members; of one member, that member.
fn union_of(members: Vec<PyType>) -> PyType {
    let mut flat: Vec<PyType> = Vec::new();
    for member in members {
        let parts = match member {
            PyType::Union(parts) => parts,
            other => vec![other],
        };
        for part in parts {
            if !flat.contains(&part) {
                flat.push(part);
            }
        }
    }
    match flat.pop() {
        Some(only) if flat.is_empty() => only,
        Some(last) => {
            flat.push(last);
            PyType::Union(flat)
        }
        None => PyType::None,
    }
}
