//! Reading and writing single header fields.

use http::header::{AsHeaderName, HeaderMap, HeaderName, HeaderValue};

/// What a header map holds under one name.
pub(crate) enum Field<'a> {
    /// No such header.
    Absent,
    /// One header whose value is visible ASCII, spaces and tabs.
    Text(&'a str),
    /// One header with other bytes in it.
    NotText,
    /// The same header more than once: two readers could pick different ones.
    Repeated,
}

/// Looks up `name`, which is in lower case.
pub(crate) fn field(headers: &HeaderMap, name: impl AsHeaderName) -> Field<'_> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Field::Absent;
    };
    if values.next().is_some() {
        return Field::Repeated;
    }
    value.to_str().map_or(Field::NotText, Field::Text)
}

/// A decimal integer in its one canonical spelling: digits only, no leading zero.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if text.len() > 1 && text.starts_with('0') {
        return None;
    }
    text.parse().ok()
}

/// Replaces everything but printable ASCII by `?` and keeps at most `limit` bytes.
pub(crate) fn printable(text: &str, limit: usize) -> String {
    // What is good as it is, and nearly all is, is copied at once.
    if text.len() <= limit && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    text.chars()
        .take(limit)
        .map(|c| match c {
            ' '..='~' => c,
            _ => '?',
        })
        .collect()
}

/// Sets `name` to `text`. A name that cannot be a header is left out; a character that cannot be in one becomes `?`.
pub(crate) fn set(headers: &mut HeaderMap, name: &str, text: &str) {
    let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
        return;
    };
    put(headers, name, text.to_owned());
}

/// As [`set`], with a name that is one. The text becomes the value as it is, without a copy.
pub(crate) fn put(headers: &mut HeaderMap, name: HeaderName, text: String) {
    // A value may have other bytes as well, and would then not be text for the other side.
    let is_text = text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t'));
    let text = if is_text { text } else { printable(&text, usize::MAX) };
    headers.insert(name, HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("?")));
}
