//! `soma plugin`: new, build, inspect, list, swap.

use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use http::Method;
use miette::IntoDiagnostic;
use serde_json::{Value, json};
use soma_manifest::{Manifest, PluginFile, embed};
use soma_runtime::slots::{Loss, SlotStatus, Swapped};
use soma_toolchain::{Cache, Progress, template};

use crate::admin::{self, SwapOrder};
use crate::cli::{AdminFlags, Language, PluginCommand};
use crate::config::File;
use crate::error::SomaError;
use crate::output::say;

/// Does one of them.
pub async fn plugin(command: PluginCommand) -> miette::Result<()> {
    match command {
        PluginCommand::New { language, name } => new(language, &name),
        PluginCommand::Build { folder, output, component } => build(&folder, output, component),
        PluginCommand::Inspect { file, json } => inspect(&file, json),
        PluginCommand::List { admin } => list(&admin).await,
        PluginCommand::Swap { slot, file, allow_loss, admin } => {
            let loss = if allow_loss { Loss::Allowed } else { Loss::Refused };
            swap(&slot, &file, loss, &admin).await
        }
    }
}

fn new(language: Language, name: &str) -> miette::Result<()> {
    let write = match language {
        Language::Rust => template::rust,
        Language::C => template::c,
        Language::TypeScript => template::typescript,
    };
    write(name, Path::new("."))?;
    say!("wrote {name}/; next:")?;
    say!("  cd {name}")?;
    if language == Language::Rust {
        say!("  cargo test            # the logic, as ordinary Rust")?;
    }
    say!("  soma plugin build     # writes {name}.wasm")?;
    Ok(())
}

fn build(folder: &Path, output: Option<PathBuf>, component: Option<PathBuf>) -> miette::Result<()> {
    // The manifest first: a mistake in it should not cost a compilation.
    let manifest = Manifest::from_source(&folder.join("plugin.toml"))?;
    let component = match component {
        Some(file) => {
            std::fs::read(&file).map_err(|cause| soma_manifest::PluginFileError::Unreadable { path: file, cause })?
        }
        None => soma_toolchain::build::component(folder, &Cache::from_env()?, Progress::detect())?,
    };
    let file = PluginFile::parse(embed(&component, &manifest)?)?;
    let path = output.unwrap_or_else(|| folder.join(format!("{}.wasm", manifest.name)));
    write_beside_and_rename(&path, &file.bytes).map_err(|cause| SomaError::Write { path: path.clone(), cause })?;
    let kib = file.bytes.len().div_ceil(1024);
    say!("{}: {} {}, {kib} KiB, file digest {}", path.display(), manifest.name, manifest.version, file.digest.short())?;
    Ok(())
}

/// A running host may load the file at any time: it sees the old one or the new one.
fn write_beside_and_rename(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    std::fs::write(&beside, bytes)?;
    std::fs::rename(&beside, path)
}

fn inspect(path: &Path, json: bool) -> miette::Result<()> {
    let file = PluginFile::open(path)?;
    let (manifest, names) = (&file.manifest, |items: Vec<String>| items.join(", "));
    let imports: Vec<String> = file.imports.iter().map(ToString::to_string).collect();
    let exports: Vec<String> = file.exports.iter().map(ToString::to_string).collect();
    if json {
        let all = json!({
            "digest": file.digest.to_string(),
            "bytes": file.bytes.len(),
            "manifest": serde_json::from_slice::<Value>(&manifest.to_section()?).into_diagnostic()?,
            "imports": imports,
            "exports": exports,
        });
        say!("{}", serde_json::to_string_pretty(&all).into_diagnostic()?)?;
        return Ok(());
    }
    say!("{} {}", manifest.name, manifest.version)?;
    say!("  digest   {} (file digest)", file.digest)?;
    say!("  size     {} KiB", file.bytes.len().div_ceil(1024))?;
    say!("  hooks    {}", names(manifest.hooks.iter().map(ToString::to_string).collect()))?;
    say!("  wants    {}", names(manifest.wants.iter().map(ToString::to_string).collect()))?;
    say!("  imports  {}", names(imports))?;
    say!("  memory   {}", manifest.budget.memory.map_or("the default".to_owned(), |memory| memory.to_string()))?;
    for (name, route) in &manifest.routes {
        let hashed = names(route.hash_fields.keys().cloned().collect());
        let hashed = if hashed.is_empty() { "nothing".to_owned() } else { hashed };
        let largest = route.max_body.map_or("default".to_owned(), |largest| largest.to_string());
        say!("  route    {name}: hashes {hashed}, largest body {largest}")?;
    }
    Ok(())
}

async fn list(flags: &AdminFlags) -> miette::Result<()> {
    let slots: Vec<SlotStatus> = admin::ask(&socket(flags)?, Method::GET, "/slots", &json!({})).await?;
    if flags.json {
        say!("{}", serde_json::to_string_pretty(&slots).into_diagnostic()?)?;
        return Ok(());
    }
    for slot in slots {
        say!("{}: {} {} from {}", slot.slot, slot.plugin, slot.version, slot.file.display())?;
        let digest = slot.digest.get(..12).unwrap_or(&slot.digest);
        say!("  version id {} (file and configuration), file digest {digest}", slot.id)?;
        say!("  hooks {}; routes {}", slot.hooks.join(", "), slot.routes.join(", "))?;
        if let Some(until) = slot.out_until_ms {
            say!("  out until {}: it trapped too often, see the log", clock_time(until))?;
        }
        if slot.slowed > 0 {
            say!("  {} callers that made it trap have to wait", slot.slowed)?;
        }
        if slot.draining > 0 {
            say!("  {} old versions still serve requests", slot.draining)?;
        }
    }
    Ok(())
}

/// A Unix time in milliseconds, to the second.
fn clock_time(unix_ms: u64) -> String {
    // Beyond what the calendar can show there is no clock's time.
    let latest = Duration::from_secs(253_402_300_799);
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_millis(unix_ms).min(latest)).to_string()
}

async fn swap(slot: &str, file: &Path, loss: Loss, flags: &AdminFlags) -> miette::Result<()> {
    let plugin = std::path::absolute(file).into_diagnostic()?;
    let path = format!("/slots/{slot}/swap");
    let swapped: Swapped = admin::ask(&socket(flags)?, Method::POST, &path, &SwapOrder { plugin, loss }).await?;
    if flags.json {
        say!("{}", serde_json::to_string(&swapped).into_diagnostic()?)?;
    } else {
        if swapped.from == swapped.to {
            say!("{slot}: unchanged, {} is already in the slot (was the plugin built again?)", swapped.to)?;
            return Ok(());
        }
        say!("{slot}: version id {} -> {} in {:.0} ms", swapped.from, swapped.to, swapped.elapsed_ms)?;
        // The host may have been started elsewhere, where a relative path means another file.
        if swapped.from_file.file_name() != swapped.to_file.file_name() {
            let old = swapped.from_file.display();
            say!("soma.toml still names {old}: change `plugin` there, or a restart brings it back")?;
        }
    }
    Ok(())
}

/// Where the running host is reached.
pub(super) fn socket(flags: &AdminFlags) -> miette::Result<PathBuf> {
    if let Some(socket) = &flags.admin {
        return Ok(socket.clone());
    }
    let file = if flags.config.exists() { File::read(&flags.config)? } else { File::default() };
    let wallet = file.wallet(&flags.wallet)?;
    let state = std::env::var_os("SOMA_STATE").map(PathBuf::from);
    Ok(file.state(state.as_deref(), &wallet)?.join(admin::SOCKET))
}
