//! What pydantic makes of a JSON value for an annotation, in its lax mode.

use serde_json::{Map, Number, Value};

use super::PyStrError;
use super::print::PyValue;
use crate::pytype::{ModelField, PyType};

/// Python reads and prints at most this many digits of an integer in a string.
const MOST_DIGITS: usize = 4300;
/// 2^63 as a float: pydantic makes an integer only of floats below it.
const INT_FLOATS: f64 = 9_223_372_036_854_775_808.0;

/// How well a value fits a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// Converted.
    Lax,
    /// Of another type that is always accepted, as integers are for floats and everything is for `Any`.
    Strict,
    /// Of the type itself.
    Exact,
}

/// A value that fits, and what a union needs to choose between its members.
struct Fitted {
    value: PyValue,
    fit: Fit,
    /// How many fields the value gave to nested models, if it has any.
    set: Option<usize>,
}

impl Fitted {
    fn new(value: PyValue, fit: Fit) -> Self {
        Self { value, fit, set: None }
    }

    fn exact(value: PyValue) -> Self {
        Self::new(value, Fit::Exact)
    }

    fn lax(value: PyValue) -> Self {
        Self::new(value, Fit::Lax)
    }

    /// Whether a union prefers this to an earlier member's: by the fields set, then by the fit.
    fn beats(&self, earlier: &Self) -> bool {
        match (self.set, earlier.set) {
            (Some(new), Some(old)) if new != old => new > old,
            _ => self.fit > earlier.fit,
        }
    }
}

/// The fit of a container: that of its worst part.
struct Parts {
    fit: Fit,
    set: Option<usize>,
}

impl Parts {
    fn new() -> Self {
        Self { fit: Fit::Exact, set: None }
    }

    fn add(&mut self, part: Fitted) -> PyValue {
        self.fit = self.fit.min(part.fit);
        if let Some(set) = part.set {
            self.set = Some(self.set.unwrap_or(0) + set);
        }
        part.value
    }

    fn into_fitted(self, value: PyValue) -> Fitted {
        Fitted { value, fit: self.fit, set: self.set }
    }
}

/// The value as a field of type `kind` holds it.
pub(super) fn coerce(value: &Value, kind: &PyType) -> Result<PyValue, PyStrError> {
    fit(value, kind).map(|fitted| fitted.value)
}

fn fit(value: &Value, kind: &PyType) -> Result<Fitted, PyStrError> {
    let fitted = match (kind, value) {
        (PyType::Any, value) => Some(Fitted::new(any(value)?, Fit::Strict)),
        (PyType::None, Value::Null) => Some(Fitted::exact(PyValue::None)),
        (PyType::Str, Value::String(text)) => Some(Fitted::exact(PyValue::Str(text.clone()))),
        (PyType::Bool, value) => to_bool(value),
        (PyType::Int, value) => to_int(value)?,
        (PyType::Float, value) => to_float(value),
        (PyType::List(inner), Value::Array(items)) => {
            let (items, parts) = sequence(items, |_| Some(inner))?;
            Some(parts.into_fitted(PyValue::List(items)))
        }
        (PyType::Repeat(inner), Value::Array(items)) => Some(tuple(items, |_| Some(inner))?),
        (PyType::Tuple(kinds), Value::Array(items)) if kinds.len() == items.len() => {
            Some(tuple(items, |index| kinds.get(index))?)
        }
        (PyType::Dict(inner), Value::Object(map)) => Some(dict(map, inner)?),
        (PyType::Model(fields), Value::Object(map)) => Some(model(map, fields)?),
        (PyType::Union(members), value) => union(value, members)?,
        _ => None,
    };
    fitted.ok_or_else(|| mismatch(value, kind))
}

fn mismatch(value: &Value, kind: &PyType) -> PyStrError {
    let found = match value {
        Value::Array(_) | Value::Object(_) => crate::json::kind(value).to_owned(),
        Value::String(text) if text.len() > 40 => "string".to_owned(),
        scalar => scalar.to_string(),
    };
    PyStrError::Mismatch { path: String::new(), expected: kind.to_string(), found }
}

/// Puts a step in front of the path of an error from inside a container.
fn inside(mut error: PyStrError, step: &str) -> PyStrError {
    let path = match &mut error {
        PyStrError::Mismatch { path, .. } | PyStrError::Missing { path } | PyStrError::WideInteger { path } => path,
    };
    path.insert_str(0, step);
    error
}

fn any(value: &Value) -> Result<PyValue, PyStrError> {
    Ok(match value {
        Value::Null => PyValue::None,
        Value::Bool(value) => PyValue::Bool(*value),
        Value::Number(number) => match integer(number) {
            Some(digits) => PyValue::Int(digits),
            None => PyValue::Float(narrow(number)?),
        },
        Value::String(text) => PyValue::Str(text.clone()),
        Value::Array(items) => PyValue::List(sequence(items, |_| Some(&PyType::Any))?.0),
        Value::Object(map) => dict(map, &PyType::Any)?.value,
    })
}

/// The digits of a number that was written as an integer of at most 64 bits.
fn integer(number: &Number) -> Option<String> {
    if number.is_u64() || number.is_i64() { Some(number.to_string()) } else { None }
}

/// The number as a float, unless it may have been an integer too wide for 64 bits.
fn narrow(number: &Number) -> Result<f64, PyStrError> {
    let float = number.as_f64().unwrap_or(f64::NAN);
    if float.fract() == 0.0 && float.abs() >= INT_FLOATS {
        return Err(PyStrError::WideInteger { path: String::new() });
    }
    Ok(float)
}

fn to_bool(value: &Value) -> Option<Fitted> {
    let truth = match value {
        Value::Bool(value) => return Some(Fitted::exact(PyValue::Bool(*value))),
        Value::Number(number) => match number.as_f64() {
            Some(0.0) => false,
            Some(1.0) => true,
            _ => return None,
        },
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "0" | "off" | "f" | "false" | "n" | "no" => false,
            "1" | "on" | "t" | "true" | "y" | "yes" => true,
            _ => return None,
        },
        _ => return None,
    };
    Some(Fitted::lax(PyValue::Bool(truth)))
}

fn to_int(value: &Value) -> Result<Option<Fitted>, PyStrError> {
    let lax = |digits: String| Some(Fitted::lax(PyValue::Int(digits)));
    Ok(match value {
        Value::Bool(value) => lax(u8::from(*value).to_string()),
        Value::String(text) => integer_text(text).and_then(lax),
        Value::Number(number) => match integer(number) {
            Some(digits) => Some(Fitted::exact(PyValue::Int(digits))),
            None => {
                let float = narrow(number)?;
                // Formatting without a fraction prints the integer exactly; -0.0 has to lose its sign.
                (float.fract() == 0.0).then(|| format!("{:.0}", float + 0.0)).and_then(lax)
            }
        },
        _ => None,
    })
}

/// The canonical digits of an integer in a string: blanks around it, a sign, leading zeros and a fraction of zeros are
/// accepted.
fn integer_text(text: &str) -> Option<String> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = match digits.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => whole,
        Some(_) => return None,
        None => digits,
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || digits.len() > MOST_DIGITS {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    Some(match (digits, negative) {
        ("", _) => "0".to_owned(),
        (digits, true) => format!("-{digits}"),
        (digits, false) => digits.to_owned(),
    })
}

fn to_float(value: &Value) -> Option<Fitted> {
    match value {
        Value::Number(number) => {
            let fit = if integer(number).is_some() { Fit::Strict } else { Fit::Exact };
            Some(Fitted::new(PyValue::Float(number.as_f64()?), fit))
        }
        Value::Bool(value) => Some(Fitted::lax(PyValue::Float(f64::from(u8::from(*value))))),
        Value::String(text) => Some(Fitted::lax(PyValue::Float(text.trim().parse().ok()?))),
        _ => None,
    }
}

fn sequence<'k>(
    items: &[Value],
    kind_of: impl Fn(usize) -> Option<&'k PyType>,
) -> Result<(Vec<PyValue>, Parts), PyStrError> {
    let mut parts = Parts::new();
    let mut values = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let kind = kind_of(index).unwrap_or(&PyType::Any);
        let fitted = fit(item, kind).map_err(|error| inside(error, &format!("[{index}]")))?;
        values.push(parts.add(fitted));
    }
    Ok((values, parts))
}

/// A JSON array is a list, so a tuple is a conversion.
fn tuple<'k>(items: &[Value], kind_of: impl Fn(usize) -> Option<&'k PyType>) -> Result<Fitted, PyStrError> {
    let (items, parts) = sequence(items, kind_of)?;
    Ok(Fitted { value: PyValue::Tuple(items), fit: Fit::Lax, set: parts.set })
}

fn dict(map: &Map<String, Value>, inner: &PyType) -> Result<Fitted, PyStrError> {
    let mut parts = Parts::new();
    let mut entries = Vec::with_capacity(map.len());
    for (key, value) in map {
        let fitted = fit(value, inner).map_err(|error| inside(error, &format!("[{key:?}]")))?;
        entries.push((key.clone(), parts.add(fitted)));
    }
    Ok(parts.into_fitted(PyValue::Dict(entries)))
}

/// A nested model prints as the dictionary of its fields; other keys are dropped.
fn model(map: &Map<String, Value>, fields: &[ModelField]) -> Result<Fitted, PyStrError> {
    let mut parts = Parts::new();
    let mut entries = Vec::with_capacity(fields.len());
    let mut set = 0;
    for field in fields {
        let step = format!(".{}", field.name);
        let value = match (map.get(&field.name), &field.default) {
            (Some(value), _) => {
                set += 1;
                let fitted = fit(value, &field.kind).map_err(|error| inside(error, &step))?;
                parts.add(fitted)
            }
            (None, Some(default)) => coerce(default, &field.kind).map_err(|error| inside(error, &step))?,
            (None, None) => return Err(PyStrError::Missing { path: step }),
        };
        entries.push((field.name.clone(), value));
    }
    parts.set = Some(parts.set.unwrap_or(0) + set);
    // A JSON object is a dictionary; becoming a model is never an exact fit.
    parts.fit = parts.fit.min(Fit::Strict);
    Ok(parts.into_fitted(PyValue::Dict(entries)))
}

/// The best fitting member, the first of equals. A wide integer stops the search: which member it fits depends on its
/// lost digits.
fn union(value: &Value, members: &[PyType]) -> Result<Option<Fitted>, PyStrError> {
    let mut best: Option<Fitted> = None;
    for member in members {
        match fit(value, member) {
            Ok(fitted) => {
                if best.as_ref().is_none_or(|best| fitted.beats(best)) {
                    best = Some(fitted);
                }
            }
            Err(error @ PyStrError::WideInteger { .. }) => return Err(error),
            Err(_) => {}
        }
    }
    Ok(best)
}
