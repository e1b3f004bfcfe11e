//! What an author's `cases.toml` says: requests, and what has to come of them.

use std::collections::BTreeMap;
use std::path::Path;

use miette::NamedSource;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::neurons::{AbsenceSpec, MetagraphSpec};
use crate::error::SomaError;

/// The name of the file, beside plugin.toml.
pub const FILE: &str = "cases.toml";

/// The caller of a case that names none: a well-known key for development.
const SOMEBODY: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

/// The file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    /// Its tables `[[case]]`.
    #[serde(default, rename = "case")]
    pub cases: Vec<Case>,
    /// What the plugin sees of the subnet, in all of them; without it the host is offline.
    pub metagraph: Option<MetagraphSpec>,
}

/// One request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Case {
    /// What a person calls it.
    pub name: String,
    /// The route.
    pub route: String,
    /// What is sent; an empty object when none.
    #[serde(default)]
    pub body: Body,
    /// Who asks.
    #[serde(default)]
    pub caller: CallerSpec,
    /// The protocol.
    #[serde(default)]
    pub dialect: DialectSpec,
    /// Headers, names in lower case. The plugin sees those that its manifest lists.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The operator's settings for the slot.
    #[serde(default)]
    pub config: BTreeMap<String, String>,
    /// Why it sees nothing of the file's metagraph.
    pub metagraph: Option<AbsenceSpec>,
    /// What has to come of it.
    #[serde(default)]
    pub expect: Expect,
}

impl Case {
    /// Whether it comes by the axon protocol.
    pub fn is_synapse(&self) -> bool {
        self.dialect == DialectSpec::Synapse
    }
}

/// A body: a table, or a text that is sent as it is.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Body {
    /// The text, be it JSON or not.
    Text(String),
    /// Sent as JSON.
    Fields(Map<String, Value>),
}

impl Default for Body {
    fn default() -> Body {
        Body::Fields(Map::new())
    }
}

impl Body {
    /// What is sent.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Body::Text(text) => text.as_bytes().to_vec(),
            Body::Fields(fields) => Value::Object(fields.clone()).to_string().into_bytes(),
        }
    }
}

/// The protocol of a case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DialectSpec {
    /// The axon protocol.
    #[default]
    Synapse,
    /// Signed HTTP.
    Btauth,
}

/// Who asks, as the host would have proven it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct CallerSpec {
    /// ss58.
    pub hotkey: String,
    /// On the subnet. Without it what the metagraph has, as with the next two.
    pub uid: Option<u16>,
    /// In whole alpha.
    pub stake: Option<f64>,
    /// Whether it may set weights.
    pub validator_permit: Option<bool>,
    /// Its address.
    pub ip: String,
}

impl Default for CallerSpec {
    fn default() -> CallerSpec {
        CallerSpec {
            hotkey: SOMEBODY.to_owned(),
            uid: None,
            stake: None,
            validator_permit: None,
            ip: "203.0.113.9".to_owned(),
        }
    }
}

/// What has to come of a case. What is not named may be anything, apart from the status.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Expect {
    /// The HTTP status; 200 when not named.
    pub status: u16,
    /// Words in the text that the caller gets of a refusal.
    pub reason: Option<String>,
    /// Fields of the answer, and no others are looked at.
    pub body: Option<Map<String, Value>>,
    /// What the hook `priority` said.
    pub priority: Option<f64>,
    /// The pieces of a streamed answer, in order.
    pub chunks: Option<Vec<String>>,
}

impl Default for Expect {
    fn default() -> Expect {
        Expect { status: 200, reason: None, body: None, priority: None, chunks: None }
    }
}

impl CaseFile {
    /// Reads the file.
    ///
    /// # Errors
    /// `CasesUnreadable`; `CasesSyntax` with the line.
    pub fn read(path: &Path) -> Result<CaseFile, SomaError> {
        let unreadable = |cause| SomaError::CasesUnreadable { path: path.to_owned(), cause };
        CaseFile::parse(path, std::fs::read_to_string(path).map_err(unreadable)?)
    }

    fn parse(path: &Path, text: String) -> Result<CaseFile, SomaError> {
        toml::from_str(&text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            SomaError::CasesSyntax {
                path: path.to_owned(),
                line: 1 + text.get(..span.start).unwrap_or_default().matches('\n').count(),
                message: error.message().to_owned(),
                text: NamedSource::new(path.to_string_lossy(), text),
                span: span.into(),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn parse(text: &str) -> Result<CaseFile, SomaError> {
        CaseFile::parse(Path::new(FILE), text.to_owned())
    }

    #[test]
    fn reads_a_case_with_everything() {
        let text = r#"
            [[case]]
            name = "all"
            route = "Text"
            dialect = "btauth"
            body = { prompt = "hi", n = 1 }
            caller = { hotkey = "5F", stake = 2.5, uid = 7, validator-permit = true }
            config = { deny = "[]" }
            headers = { x-kind = "a" }
            expect = { status = 403, reason = "no", body = { a = [1] }, priority = 1.0, chunks = ["A"] }
        "#;
        let case = parse(text).unwrap().cases.remove(0);
        assert_eq!(case.body.bytes(), br#"{"prompt":"hi","n":1}"#);
        assert_eq!((case.caller.uid, case.caller.stake, case.caller.ip.as_str()), (Some(7), Some(2.5), "203.0.113.9"));
        assert_eq!((case.dialect, case.expect.status), (DialectSpec::Btauth, 403));
        assert_eq!(case.expect.body, json!({"a": [1]}).as_object().cloned());
    }

    #[test]
    fn a_case_needs_a_name_and_a_route_and_nothing_else() {
        let case = parse("[[case]]\nname = \"x\"\nroute = \"Text\"").unwrap().cases.remove(0);
        assert_eq!((case.body.bytes(), case.expect.status), (b"{}".to_vec(), 200));
        assert_eq!(case.caller.hotkey, SOMEBODY);
        let text = parse("[[case]]\nname = \"x\"\nroute = \"Text\"\nbody = '[1'").unwrap().cases.remove(0);
        assert_eq!(text.body.bytes(), b"[1");
    }

    #[test]
    fn a_mistake_has_a_line() {
        for (text, expected) in [
            ("[[case]]\nname = \"x\"\nroute = \"T\"\nexpekt = {}", 4),
            ("[[case]]\nname = \"x\"\nroute = \"T\"\nexpect = { status = \"200\" }", 4),
            ("case = 1", 1),
            ("[[case]]\nname = \"x\"\nroute = \"T\"\nmetagraph = \"away\"", 4),
            ("[metagraph]\n[[metagraph.neuron]]\nhotkey = \"5A\"\nstake = -1", 4),
        ] {
            let SomaError::CasesSyntax { line, .. } = parse(text).unwrap_err() else { panic!("{text}") };
            assert_eq!(line, expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_file_is_read_or_refused(key in "[a-z-]{1,9}", value in "[\\[\\]{}a-z0-9\"'=., -]{0,40}") {
            let _ = parse(&format!("[[case]]\nname = \"x\"\nroute = \"T\"\n{key} = {value}\n"));
        }
    }
}
