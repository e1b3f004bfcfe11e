//! What a plugin says about itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bytesize::ByteSize;
use indexmap::IndexMap;
use miette::NamedSource;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use soma_protocol::pytype::PyType;

use crate::contract::{Hook, Want};
use crate::error::ManifestError;

/// The largest `max-body` that a route may ask for: what the host buffers for one request at the very most.
pub const LARGEST_BODY: ByteSize = ByteSize::mib(64);

/// Longest name of a plugin, a version or a route, in bytes.
pub const LONGEST_NAME: usize = 64;

/// The manifest as it is embedded in the component: `plugin.toml` with the schemas read in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Manifest {
    /// 1 to 64 characters of `a-z`, `0-9` and `-`.
    pub name: String,
    /// The author's version, 1 to 64 printable ASCII characters. The host's version of a plugin is a digest.
    pub version: String,
    /// The hooks that are live, a subset of what the component exports.
    pub hooks: BTreeSet<Hook>,
    /// The imports that the plugin asks for.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub wants: BTreeSet<Want>,
    /// The budgets that the plugin asks for.
    #[serde(default)]
    pub budget: BudgetRequest,
    /// By the route's name; for a synapse its class name. Empty for a plugin that only gates.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub routes: BTreeMap<String, RouteSpec>,
}

/// Budgets that differ from the host's defaults. Less is always given; more needs the operator's word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BudgetRequest {
    /// Linear memory of one instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<ByteSize>,
}

/// One route that the plugin answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RouteSpec {
    /// JSON Schema (draft 2020-12) of the body. None accepts every JSON object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    /// The fields that the v10 body hash covers, in the class's order, with their Python types.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub hash_fields: IndexMap<String, PyTypeText>,
    /// Largest body; the host's default when none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_body: Option<ByteSize>,
    /// Request headers that the plugin gets to see, in lower case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
}

/// A Python type expression that was checked to be one, e.g. `list[float]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PyTypeText(String);

impl PyTypeText {
    /// The expression as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PyTypeText {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.parse::<PyType>() {
            Ok(_) => Ok(PyTypeText(text)),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl From<PyTypeText> for String {
    fn from(text: PyTypeText) -> String {
        text.0
    }
}

/// `plugin.toml`: as [`Manifest`], but schemas are paths.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Source {
    name: String,
    version: String,
    hooks: BTreeSet<Hook>,
    #[serde(default)]
    wants: BTreeSet<Want>,
    #[serde(default)]
    budget: BudgetRequest,
    #[serde(default)]
    routes: BTreeMap<String, RouteSource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RouteSource {
    schema: Option<String>,
    #[serde(default)]
    hash_fields: IndexMap<String, PyTypeText>,
    max_body: Option<ByteSize>,
    #[serde(default)]
    headers: Vec<String>,
}

impl Manifest {
    /// Reads `plugin.toml` and the schemas that it names, relative to its folder.
    pub fn from_source(path: &Path) -> Result<Manifest, ManifestError> {
        let text = read(path)?;
        let source: Source = toml::from_str(&text).map_err(|error| syntax(path, text, &error))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut routes = BTreeMap::new();
        for (name, route) in source.routes {
            let schema = route.schema.map(|file| read_schema(&folder.join(file))).transpose()?;
            let spec =
                RouteSpec { schema, hash_fields: route.hash_fields, max_body: route.max_body, headers: route.headers };
            routes.insert(name, spec);
        }
        let manifest = Manifest {
            name: source.name,
            version: source.version,
            hooks: source.hooks,
            wants: source.wants,
            budget: source.budget,
            routes,
        };
        manifest.check()?;
        Ok(manifest)
    }

    /// Reads the content of a `soma:manifest` section.
    pub fn from_section(bytes: &[u8]) -> Result<Manifest, ManifestError> {
        let manifest: Manifest = serde_json::from_slice(bytes).map_err(ManifestError::Section)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// The content of a `soma:manifest` section: JSON.
    pub fn to_section(&self) -> Result<Vec<u8>, ManifestError> {
        serde_json::to_vec(self).map_err(ManifestError::Section)
    }

    fn check(&self) -> Result<(), ManifestError> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        require(
            fits(&self.name) && self.name.chars().all(plain),
            "name",
            "must have 1 to 64 characters of a-z, 0-9 and -",
        )?;
        require(
            fits(&self.version) && self.version.chars().all(|c| c.is_ascii_graphic()),
            "version",
            "must have 1 to 64 printable ASCII characters without blanks",
        )?;
        require(!self.hooks.is_empty(), "hooks", "must name at least one of forward, blacklist, priority")?;
        let answers = self.hooks.contains(&Hook::Forward);
        require(answers || self.routes.is_empty(), "routes", "need the hook `forward`, which answers them")?;
        require(!answers || !self.routes.is_empty(), "routes", "must hold at least one route for the hook `forward`")?;
        require(self.budget.memory != Some(ByteSize(0)), "budget.memory", "must be more than nothing")?;
        self.routes.iter().try_for_each(|(name, route)| route.check(name))
    }
}

impl RouteSpec {
    fn check(&self, name: &str) -> Result<(), ManifestError> {
        let field = |last: &str| format!("routes.{name}{last}");
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        require(
            fits(name) && name.chars().all(plain),
            &field(""),
            "must have a name of 1 to 64 letters, digits, _ and -",
        )?;
        let largest = self.max_body.unwrap_or_default();
        require(largest <= LARGEST_BODY, &field(".max-body"), &format!("must be at most {LARGEST_BODY}"))?;
        let object = self.schema.as_ref().is_none_or(Value::is_object);
        require(object, &field(".schema"), "must be a JSON object")?;
        for header in &self.headers {
            let lower = !header.is_empty() && header.chars().all(|c| c.is_ascii_graphic() && !c.is_ascii_uppercase());
            require(lower, &field(".headers"), "must hold header names in lower case")?;
        }
        Ok(())
    }
}

fn fits(name: &str) -> bool {
    !name.is_empty() && name.len() <= LONGEST_NAME
}

fn require(holds: bool, field: &str, problem: &str) -> Result<(), ManifestError> {
    if holds { Ok(()) } else { Err(ManifestError::Value { field: field.to_owned(), problem: problem.to_owned() }) }
}

fn read(path: &Path) -> Result<String, ManifestError> {
    std::fs::read_to_string(path).map_err(|source| ManifestError::Unreadable { path: path.to_owned(), source })
}

fn read_schema(path: &Path) -> Result<Value, ManifestError> {
    serde_json::from_str(&read(path)?).map_err(|source| ManifestError::SchemaJson { path: path.to_owned(), source })
}

fn syntax(path: &Path, text: String, error: &toml::de::Error) -> ManifestError {
    let span = error.span().unwrap_or(0..0);
    let line = 1 + text.get(..span.start).unwrap_or_default().matches('\n').count();
    ManifestError::Syntax {
        path: path.to_owned(),
        line,
        message: error.message().to_owned(),
        text: NamedSource::new(path.to_string_lossy(), text),
        span: span.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn from_text(text: &str) -> Result<Manifest, ManifestError> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("s.json"), r#"{"type":"object"}"#).unwrap();
        std::fs::write(folder.path().join("bad.json"), "{").unwrap();
        let path = folder.path().join("plugin.toml");
        std::fs::write(&path, text).unwrap();
        Manifest::from_source(&path)
    }

    const GOOD: &str = r#"
name = "text-miner"
version = "0.1.0"
hooks = ["forward", "blacklist"]
wants = ["config"]
[budget]
memory = "32MiB"
[routes.TextGeneration]
schema = "s.json"
hash-fields = { prompt = "str", max_tokens = "int" }
max-body = "1MiB"
"#;

    #[test]
    fn reads_its_source_and_comes_back_from_the_section() {
        let manifest = from_text(GOOD).unwrap();
        assert_eq!(manifest.budget.memory, Some(ByteSize::mib(32)));
        let route = &manifest.routes["TextGeneration"];
        assert_eq!(route.hash_fields.keys().collect::<Vec<_>>(), ["prompt", "max_tokens"]);
        assert_eq!(route.max_body, Some(ByteSize::mib(1)));
        let section = manifest.to_section().unwrap();
        assert_eq!(Manifest::from_section(&section).unwrap(), manifest);
    }

    #[test]
    fn names_the_line_of_a_mistake() {
        let table = [
            ("wants = [\"config\"]", "wants = [\"wallet\"]", 5),
            ("hooks = [\"forward\", \"blacklist\"]", "hooks = [\"backward\"]", 4),
            ("max-body = \"1MiB\"", "max_body = \"1MiB\"", 11),
            ("prompt = \"str\"", "prompt = \"strr[\"", 10),
        ];
        for (from, to, expected) in table {
            match from_text(&GOOD.replace(from, to)) {
                Err(ManifestError::Syntax { line, .. }) => assert_eq!(line, expected, "{to}"),
                other => panic!("{to}: {other:?}"),
            }
        }
    }

    #[test]
    fn refuses_values_out_of_range() {
        let table = [
            ("name = \"text-miner\"", "name = \"Text Miner\"", "name"),
            ("version = \"0.1.0\"", "version = \"\"", "version"),
            ("hooks = [\"forward\", \"blacklist\"]", "hooks = []", "hooks"),
            ("hooks = [\"forward\", \"blacklist\"]", "hooks = [\"blacklist\"]", "routes"),
            ("1MiB", "1GiB", "routes.TextGeneration.max-body"),
            ("TextGeneration", "\"a/b\"", "routes.a/b"),
            ("memory = \"32MiB\"", "memory = \"0\"", "budget.memory"),
        ];
        for (from, to, expected) in table {
            match from_text(&GOOD.replace(from, to)) {
                Err(ManifestError::Value { field, .. }) => assert_eq!(field, expected, "{to}"),
                other => panic!("{to}: {other:?}"),
            }
        }
    }

    #[test]
    fn names_a_schema_that_is_not_there_or_not_json() {
        assert!(matches!(from_text(&GOOD.replace("s.json", "gone.json")), Err(ManifestError::Unreadable { .. })));
        assert!(matches!(from_text(&GOOD.replace("s.json", "bad.json")), Err(ManifestError::SchemaJson { .. })));
    }

    proptest! {
        #[test]
        fn any_section_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Manifest::from_section(&bytes);
        }

        #[test]
        fn any_source_is_read_or_refused(text in "[a-z\\[\\]=\"\\n ]{0,120}") {
            let _ = from_text(&text);
        }
    }
}
