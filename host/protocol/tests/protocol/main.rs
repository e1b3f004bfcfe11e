//! The crate's only integration-test binary: linking is what costs.
//!
//! The vectors in `tests/vectors` were recorded from the Python packages: bittensor 10.5.0 (captures, heads, body
//! hashes, input objects, dendrite), 11.3.0 (btauth) and pydantic 2.14 (printed values).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's way to fail; clippy.toml exempts test functions but not what they call"
)]

mod answer;
mod btauth;
mod captures;
mod dialect;
mod heads;
mod json;
mod properties;
mod pystr;
mod pytype;
mod reply;
mod request;
mod ss58;
mod tensor;
mod window;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

/// The axon of the captures and heads.
const AXON: &str = "5EHgWw2Af1pnoc7f1A8bfmM97W3DAYW8xr82RfhLL9oAabAe";
/// Their dendrite.
const DENDRITE: &str = "5Hq3Cveh6yM1Do6ijhATJ8y9rzk6sSkuuuUwQF5k5ChLqodv";

fn vector(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn header_map<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_bytes(value.as_bytes()).unwrap(),
        );
    }
    headers
}

/// The header object of a vector.
fn headers_of(object: &Value) -> HeaderMap {
    let fields = object.as_object().unwrap();
    header_map(fields.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())))
}
