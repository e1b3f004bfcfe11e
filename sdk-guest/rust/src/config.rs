//! Settings that the operator wrote for this slot (`config = { key = "value" }`). The manifest has to want
//! `config`.

use std::fmt;

use serde::de::DeserializeOwned;

use crate::Failure;

/// A setting that is there but is not the JSON that was asked for.
#[derive(Debug)]
pub struct ConfigError {
    key: String,
    problem: serde_json::Error,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the setting {:?} is not the JSON that is expected: {}", self.key, self.problem)
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.problem)
    }
}

/// The operator's mistake is no business of the caller: it goes to the log.
impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Internal(error.to_string())
    }
}

/// The text of a setting; `None` when the operator did not set it.
#[cfg(target_arch = "wasm32")]
pub fn get(key: &str) -> Option<String> {
    crate::bindings::sdk::soma::neuron::config::get(key)
}

/// The text of a setting; in a unit test, what [`crate::testing::configure`] was given.
#[cfg(not(target_arch = "wasm32"))]
pub fn get(key: &str) -> Option<String> {
    crate::testing::setting(key)
}

/// A setting that is JSON text, for example a list; `None` when the operator did not set it.
///
/// # Errors
/// When the text is not JSON or not that of a `T`.
pub fn json<T: DeserializeOwned>(key: &str) -> Result<Option<T>, ConfigError> {
    let Some(text) = get(key) else {
        return Ok(None);
    };
    serde_json::from_str(&text).map(Some).map_err(|problem| ConfigError { key: key.to_owned(), problem })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn reads_lists_and_names_a_bad_setting() {
        assert_eq!(json::<Vec<String>>("allow").unwrap(), None);
        testing::configure("allow", r#"["5F", "5G"]"#);
        assert_eq!(json::<Vec<String>>("allow").unwrap().unwrap(), ["5F", "5G"]);
        testing::configure("allow", "5F");
        let error = json::<Vec<String>>("allow").unwrap_err();
        assert!(error.to_string().contains("\"allow\""), "{error}");
        assert!(matches!(Failure::from(error), Failure::Internal(_)));
    }
}
