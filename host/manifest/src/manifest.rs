//! What a plugin says about itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use bytesize::ByteSize;
use indexmap::IndexMap;
use miette::NamedSource;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use soma_protocol::json;
use soma_protocol::pytype::PyType;

use crate::contract::{Hook, Want};
use crate::error::ManifestError;
use crate::millis::Millis;
use crate::schema;
use crate::seconds::Seconds;
use crate::size;
use crate::source::{self, Place};

/// The largest `max-body` that a route may ask for: what the host buffers for one request at the very most.
pub const LARGEST_BODY: ByteSize = ByteSize::mib(64);

/// The longest `wall` that a plugin may ask for, in seconds: ten minutes.
pub const LONGEST_WALL: u64 = 600;

/// Longest media type of a streamed answer, in bytes.
pub const LONGEST_MEDIA_TYPE: usize = 200;

/// Bytes of the manifest in a component.
pub const LONGEST_SECTION: usize = 1 << 20;

/// Routes of one plugin.
pub const MOST_ROUTES: usize = 256;

/// Hashed fields, and listed headers, of one route.
pub const MOST_FIELDS: usize = 64;

/// Settings of one plugin.
pub const MOST_SETTINGS: usize = 64;

/// Longest description of a setting, in bytes.
pub const LONGEST_DESCRIPTION: usize = 200;

/// Longest name of a plugin, a version, a route or a setting, in bytes.
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
    /// The settings that the plugin reads, each with what the operator has to know of it. Empty says nothing of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub config: BTreeMap<String, String>,
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
    #[serde(default, skip_serializing_if = "Option::is_none", with = "size::optional")]
    pub memory: Option<ByteSize>,
    /// Wall time of a whole request, at most [`LONGEST_WALL`]. Streams of long answers need it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall: Option<Seconds>,
    /// CPU time of one forward or stream, at most [`LONGEST_WALL`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward_cpu: Option<Millis>,
    /// Bytes of an answer, and of one piece of a streamed answer.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "size::optional")]
    pub output: Option<ByteSize>,
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
    #[serde(default, skip_serializing_if = "Option::is_none", with = "size::optional")]
    pub max_body: Option<ByteSize>,
    /// Request headers that the plugin gets to see, in lower case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
    /// The route is answered by the hook `streaming` and not by `forward`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<StreamSpec>,
}

/// How a streamed answer begins for a btauth caller. A synapse caller always gets 200 and `text/event-stream`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct StreamSpec {
    /// Media type, 1 to [`LONGEST_MEDIA_TYPE`] bytes of printable ASCII; `text/event-stream` by default.
    pub content_type: String,
    /// HTTP status, 200 to 499; 200 by default.
    pub status: u16,
}

impl Default for StreamSpec {
    fn default() -> StreamSpec {
        StreamSpec { content_type: "text/event-stream".to_owned(), status: 200 }
    }
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
    config: BTreeMap<String, String>,
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
    #[serde(default, with = "size::optional")]
    max_body: Option<ByteSize>,
    #[serde(default)]
    headers: Vec<String>,
    stream: Option<StreamSpec>,
}

impl Manifest {
    /// Reads `plugin.toml` and the schemas that it names: ordinary files within its folder, each at most 1 MiB.
    pub fn from_source(path: &Path) -> Result<Manifest, ManifestError> {
        let text = read(path)?;
        let source: Source = toml::from_str(&text).map_err(|error| syntax(path, text, &error))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut routes = BTreeMap::new();
        for (name, route) in source.routes {
            let schema = route.schema.as_ref().map(|file| read_schema(folder, &name, file)).transpose()?;
            let RouteSource { schema: _, hash_fields, max_body, headers, stream } = route;
            routes.insert(name, RouteSpec { schema, hash_fields, max_body, headers, stream });
        }
        let manifest = Manifest {
            name: source.name,
            version: source.version,
            hooks: source.hooks,
            wants: source.wants,
            config: source.config,
            budget: source.budget,
            routes,
        };
        manifest.check()?;
        Ok(manifest)
    }

    /// Reads the content of a `soma:manifest` section.
    pub fn from_section(bytes: &[u8]) -> Result<Manifest, ManifestError> {
        let problem = format!("has {} bytes, more than {LONGEST_SECTION}", bytes.len());
        require(bytes.len() <= LONGEST_SECTION, "the manifest", &problem)?;
        let value = json::parse_value(bytes).map_err(|error| ManifestError::Section(error.to_string()))?;
        let manifest: Manifest =
            serde_json::from_value(value).map_err(|error| ManifestError::Section(error.to_string()))?;
        manifest.check()?;
        Ok(manifest)
    }

    /// The content of a `soma:manifest` section: JSON.
    pub fn to_section(&self) -> Result<Vec<u8>, ManifestError> {
        serde_json::to_vec(self).map_err(|error| ManifestError::Section(error.to_string()))
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
        let known = "must name at least one of forward, streaming, blacklist, verify, priority";
        require(!self.hooks.is_empty(), "hooks", known)?;
        self.check_answers(Hook::Streaming, |route| route.stream.is_some())?;
        self.check_answers(Hook::Forward, |route| route.stream.is_none())?;
        self.check_settings()?;
        require(self.budget.memory != Some(ByteSize(0)), "budget.memory", "must be more than nothing")?;
        let wall = self.budget.wall.is_none_or(|wall| wall.duration().as_secs() <= LONGEST_WALL);
        require(wall, "budget.wall", &format!("must be at most {LONGEST_WALL}s"))?;
        let cpu = self.budget.forward_cpu.is_none_or(|cpu| cpu.duration().as_secs() <= LONGEST_WALL);
        require(cpu, "budget.forward-cpu", &format!("must be at most {LONGEST_WALL}s"))?;
        require(self.budget.output != Some(ByteSize(0)), "budget.output", "must be more than nothing")?;
        require(self.routes.len() <= MOST_ROUTES, "routes", &format!("must be at most {MOST_ROUTES}"))?;
        self.routes.iter().try_for_each(|(name, route)| route.check(name))
    }

    fn check_settings(&self) -> Result<(), ManifestError> {
        let wanted = self.config.is_empty() || self.wants.contains(&Want::Config);
        require(wanted, "config", "needs the import `config`: add it to `wants`")?;
        require(self.config.len() <= MOST_SETTINGS, "config", &format!("must be at most {MOST_SETTINGS} settings"))?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        self.config.iter().try_for_each(|(name, description)| {
            let field = format!("config.{}", shown(name));
            let named = fits(name) && name.chars().all(plain);
            require(named, &field, "must have a name of 1 to 64 letters, digits, - and _")?;
            let described = (1..=LONGEST_DESCRIPTION).contains(&description.len());
            let printable = described && !description.chars().any(char::is_control);
            require(printable, &field, "must have a description of 1 to 200 bytes in one line")
        })
    }

    /// Those of these settings that the plugin does not read; none when it says nothing of its settings.
    pub fn unknown_settings<'c>(&self, config: &'c BTreeMap<String, String>) -> Vec<&'c str> {
        let says = !self.config.is_empty();
        config.keys().filter(|name| says && !self.config.contains_key(*name)).map(String::as_str).collect()
    }

    /// Each route has the hook that answers it, and each such hook has a route.
    fn check_answers(&self, hook: Hook, answers: impl Fn(&RouteSpec) -> bool) -> Result<(), ManifestError> {
        let own = self.routes.iter().find(|(_, route)| answers(route));
        match (own, self.hooks.contains(&hook)) {
            (Some((name, _)), false) => {
                let field = format!("routes.{name}");
                require(false, &field, &format!("needs the hook `{hook}`, which answers it: add it to `hooks`"))
            }
            (None, true) => {
                let kind = if hook == Hook::Streaming { " with `stream`" } else { "" };
                require(false, "routes", &format!("must hold at least one route{kind} for the hook `{hook}`"))
            }
            _ => Ok(()),
        }
    }
}

impl RouteSpec {
    fn check(&self, name: &str) -> Result<(), ManifestError> {
        let field = |last: &str| format!("routes.{}{last}", shown(name));
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
        let bounds = self.schema.as_ref().map_or(Ok(()), schema::check);
        bounds.map_err(|problem| ManifestError::Value { field: field(".schema"), problem })?;
        let many = self.hash_fields.len().max(self.headers.len()) > MOST_FIELDS;
        require(!many, &field(""), &format!("must have at most {MOST_FIELDS} hash-fields and headers"))?;
        let identifiers = self.hash_fields.keys().all(|name| is_identifier(name));
        require(identifiers, &field(".hash-fields"), "must have the names of Python fields")?;
        for header in &self.headers {
            let lower = !header.is_empty() && header.chars().all(|c| c.is_ascii_graphic() && !c.is_ascii_uppercase());
            require(lower, &field(".headers"), "must hold header names in lower case")?;
        }
        let stream = self.stream.clone().unwrap_or_default();
        let media = stream.content_type.as_bytes();
        let printable = media.iter().all(|byte| (0x20..0x7f).contains(byte));
        require(
            !media.is_empty() && media.len() <= LONGEST_MEDIA_TYPE && printable,
            &field(".stream.content-type"),
            "must have 1 to 200 bytes of printable ASCII",
        )?;
        require((200..500).contains(&stream.status), &field(".stream.status"), "must be 200 to 499")?;
        Ok(())
    }
}

/// A name that somebody else wrote, fit for a terminal.
fn shown(name: &str) -> String {
    name.chars().take(LONGEST_NAME).flat_map(char::escape_debug).collect()
}

fn is_identifier(name: &str) -> bool {
    let start = |c: char| c == '_' || c.is_alphabetic();
    fits(name) && name.starts_with(start) && name.chars().all(|c| c == '_' || c.is_alphanumeric())
}

fn fits(name: &str) -> bool {
    !name.is_empty() && name.len() <= LONGEST_NAME
}

fn require(holds: bool, field: &str, problem: &str) -> Result<(), ManifestError> {
    if holds { Ok(()) } else { Err(ManifestError::Value { field: field.to_owned(), problem: problem.to_owned() }) }
}

fn read(path: &Path) -> Result<String, ManifestError> {
    source::read(path).map_err(|cause| ManifestError::Unreadable { path: path.to_owned(), cause })
}

fn read_schema(folder: &Path, route: &str, file: &str) -> Result<Value, ManifestError> {
    let path = folder.join(file);
    let place = source::locate(folder, file);
    match place.map_err(|cause| ManifestError::Unreadable { path: path.clone(), cause })? {
        Place::Within(found) => {
            json::parse_value(read(&found)?.as_bytes()).map_err(|cause| ManifestError::SchemaJson { path, cause })
        }
        Place::Outside => Err(ManifestError::Outside { route: shown(route), path: PathBuf::from(file) }),
    }
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
mod tests;
