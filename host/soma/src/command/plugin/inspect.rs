//! `soma plugin inspect`: what a plugin file says about itself, what it needs of the operator, and what it costs here.

use std::path::Path;

use bytesize::ByteSize;
use miette::IntoDiagnostic;
use serde_json::{Value, json};
use soma_manifest::{BudgetRequest, PluginFile, RouteSpec};
use soma_runtime::Budget;
use soma_runtime::route::DEFAULT_MAX_BODY;

use super::measure::{self, Measured};
use super::{report, sandbox};
use crate::cli::InspectFlags;

/// Shows it.
pub async fn inspect(flags: InspectFlags) -> miette::Result<()> {
    let file = PluginFile::open(&flags.file)?;
    let measured = if flags.measure { Some(measure::measure(&file, &flags.file).await?) } else { None };
    if flags.json {
        let all = as_json(&file, &flags.file, measured.as_ref())?;
        crate::output::json(&all)?;
        return Ok(());
    }
    let mut lines = said(&file);
    lines.extend(file.manifest.routes.iter().flat_map(|(name, route)| route_lines(name, route)));
    lines.push("budget           asked       default     here".to_owned());
    lines.extend(budgets(file.manifest.budget).iter().map(Asked::line));
    lines.push("in soma.toml".to_owned());
    lines.extend(slot_lines(&file, &flags.file).into_iter().map(|line| format!("  {line}")));
    match measured {
        Some(measured) => lines.extend(measured.lines()),
        None => lines
            .push(format!("what it costs on this machine: `soma plugin inspect --measure {}`", flags.file.display())),
    }
    lines.iter().try_for_each(|line| crate::output::line(line))?;
    Ok(())
}

fn names<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// The first lines.
fn said(file: &PluginFile) -> Vec<String> {
    let manifest = &file.manifest;
    let imports = names(&file.imports);
    let imports = if file.imports.is_empty() { imports } else { format!("{imports} (the operator has to grant each)") };
    let mut lines = vec![
        format!("{} {}", manifest.name, manifest.version),
        format!("  digest   {} (file digest)", file.digest),
        format!("  size     {}", ByteSize(file.bytes.len() as u64)),
        format!("  hooks    {}", names(&manifest.hooks)),
        format!("  wants    {}", names(&manifest.wants)),
        format!("  imports  {imports}"),
    ];
    lines.extend(manifest.config.iter().map(|(name, text)| format!("  setting  {name}: {text}")));
    lines
}

fn route_lines(name: &str, route: &RouteSpec) -> Vec<String> {
    let answer = route.stream.as_ref().map_or_else(
        || "one answer".to_owned(),
        |stream| format!("a stream ({}, status {})", stream.content_type, stream.status),
    );
    let largest = route.max_body.unwrap_or(DEFAULT_MAX_BODY);
    let mut lines = vec![format!("route {name}: {answer}, body at most {largest}")];
    if !route.hash_fields.is_empty() {
        let hashed = route.hash_fields.iter().map(|(field, kind)| format!("{field} ({})", kind.as_str()));
        lines.push(format!("  signed by the caller of a synapse: {}", names(hashed)));
    }
    if !route.headers.is_empty() {
        lines.push(format!("  headers: {}", names(&route.headers)));
    }
    match fields(route) {
        Some(fields) => lines.extend(fields.iter().map(Field::line)),
        None => lines.push("  any JSON object".to_owned()),
    }
    lines
}

/// A field of a route's schema.
#[derive(serde::Serialize)]
struct Field {
    name: String,
    kind: String,
    required: bool,
    default: Option<Value>,
}

impl Field {
    fn line(&self) -> String {
        let rest = match (&self.default, self.required) {
            (_, true) => ", required".to_owned(),
            (Some(default), false) => format!(" = {default}"),
            (None, false) => String::new(),
        };
        format!("  {}: {}{rest}", self.name, self.kind)
    }
}

/// None when the schema names no fields.
fn fields(route: &RouteSpec) -> Option<Vec<Field>> {
    let schema = route.schema.as_ref()?;
    let properties = schema.get("properties")?.as_object()?;
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let fields = properties.iter().map(|(name, property)| Field {
        name: name.clone(),
        kind: kind(property),
        required: required.contains(&name.as_str()),
        default: property.get("default").cloned(),
    });
    Some(fields.collect())
}

/// The types that a field may have.
fn kind(property: &Value) -> String {
    match property.get("type") {
        Some(Value::String(name)) => name.clone(),
        Some(Value::Array(several)) => {
            let several: Vec<&str> = several.iter().filter_map(Value::as_str).collect();
            several.join(" or ")
        }
        _ => "see the schema".to_owned(),
    }
}

/// A budget that a plugin may ask for.
#[derive(serde::Serialize)]
struct Asked {
    budget: &'static str,
    asked: Option<String>,
    default: String,
    /// What the plugin would get of an operator who grants no more than the default; none: it would not be loaded.
    gets: Option<String>,
}

impl Asked {
    fn line(&self) -> String {
        let asked = self.asked.as_deref().unwrap_or("-");
        let gets = self.gets.as_deref().unwrap_or("more than the default: grant it as below");
        format!("  {:<14} {asked:<11} {:<11} {gets}", self.budget, self.default)
    }
}

fn budgets(asked: BudgetRequest) -> Vec<Asked> {
    let usual = Budget::default();
    let micros = |time: std::time::Duration| report::micros(time.as_secs_f64() * 1e6);
    let size = |budget, asked: Option<ByteSize>, usual: ByteSize| Asked {
        budget,
        asked: asked.map(|asked| asked.to_string()),
        default: usual.to_string(),
        gets: asked.is_none_or(|asked| asked <= usual).then(|| asked.unwrap_or(usual).to_string()),
    };
    let time = |budget, asked: Option<std::time::Duration>, usual| Asked {
        budget,
        asked: asked.map(micros),
        default: micros(usual),
        gets: asked.is_none_or(|asked| asked <= usual).then(|| micros(asked.unwrap_or(usual))),
    };
    vec![
        size("memory", asked.memory, usual.memory),
        time("wall", asked.wall.map(|wall| wall.duration()), usual.wall),
        time("forward-cpu", asked.forward_cpu.map(|cpu| cpu.duration()), usual.forward_cpu),
        size("output", asked.output, usual.output),
    ]
}

/// The slot that serves this plugin, to be pasted.
fn slot_lines(file: &PluginFile, path: &Path) -> Vec<String> {
    let manifest = &file.manifest;
    let quoted = |items: Vec<String>| items.iter().map(|item| format!("\"{item}\"")).collect::<Vec<_>>().join(", ");
    let mut lines = vec![
        format!("[slots.{}]", manifest.name),
        format!("plugin = {}", Value::String(path.to_string_lossy().into_owned())),
    ];
    if !manifest.routes.is_empty() {
        lines.push(format!("routes = [{}]", quoted(manifest.routes.keys().cloned().collect())));
    }
    if !manifest.wants.is_empty() {
        lines.push(format!("grant = [{}]", quoted(manifest.wants.iter().map(ToString::to_string).collect())));
    }
    let (asked, more) = (manifest.budget, sandbox::granted(manifest.budget));
    let granted = [
        more.memory.and(asked.memory).map(|memory| format!("memory = \"{}\"", exact(memory))),
        more.wall.map(|wall| format!("wall = \"{wall}\"")),
        more.forward_cpu.map(|cpu| format!("forward-cpu = \"{cpu}\"")),
        more.output.map(|output| format!("output = \"{}\"", exact(output))),
    ];
    let granted: Vec<String> = granted.into_iter().flatten().collect();
    if !granted.is_empty() {
        lines.push(format!("budget = {{ {} }}", granted.join(", ")));
    }
    lines
}

/// A size that reads back as the same number of bytes.
fn exact(size: ByteSize) -> String {
    let bytes = size.as_u64();
    let units = [("GiB", 1_u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    let whole = units.iter().find(|(_, unit)| bytes.is_multiple_of(*unit));
    whole.map_or_else(|| format!("{bytes}B"), |(name, unit)| format!("{}{name}", bytes / unit))
}

fn as_json(file: &PluginFile, path: &Path, measured: Option<&Measured>) -> miette::Result<Value> {
    let manifest = &file.manifest;
    let fields: serde_json::Map<String, Value> =
        manifest.routes.iter().map(|(name, route)| (name.clone(), json!(fields(route)))).collect();
    Ok(json!({
        "digest": file.digest.to_string(),
        "bytes": file.bytes.len(),
        "manifest": serde_json::from_slice::<Value>(&manifest.to_section()?).into_diagnostic()?,
        "imports": file.imports.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "exports": file.exports.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "fields": fields,
        "budgets": budgets(manifest.budget),
        "slot": slot_lines(file, path).join("\n"),
        "measured": measured,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_reads_back_as_it_was() {
        for (bytes, text) in [(1 << 30, "1GiB"), (96 << 20, "96MiB"), (1 << 10, "1KiB"), (1000, "1000B")] {
            assert_eq!(exact(ByteSize(bytes)), text);
            assert_eq!(text.parse::<ByteSize>().unwrap(), ByteSize(bytes));
        }
    }

    #[test]
    fn a_budget_beyond_the_default_has_to_be_granted() {
        let asked = BudgetRequest { memory: Some(ByteSize::gib(1)), ..BudgetRequest::default() };
        let budgets = budgets(asked);
        assert_eq!(budgets[0].gets, None);
        assert!(budgets[0].line().contains("grant it"), "{}", budgets[0].line());
        assert_eq!((budgets[1].asked.as_deref(), budgets[1].gets.as_deref()), (None, Some("60 s")));
    }

    #[test]
    fn fields_are_shown_with_type_and_default() {
        let schema = json!({
            "required": ["prompt"],
            "properties": {
                "prompt": {"type": "string"},
                "n": {"type": "integer", "default": 100},
                "out": {"type": ["string", "null"], "default": null},
                "any": {}
            }
        });
        let route = RouteSpec { schema: Some(schema), ..RouteSpec::default() };
        let lines = route_lines("Text", &route);
        assert_eq!(
            lines[1..],
            [
                "  prompt: string, required",
                "  n: integer = 100",
                "  out: string or null = null",
                "  any: see the schema"
            ]
        );
        assert_eq!(route_lines("Any", &RouteSpec::default())[1], "  any JSON object");
    }
}
