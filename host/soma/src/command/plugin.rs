//! `soma plugin`: new, build, test, inspect, list, swap.
//!
//! - `build`: a folder becomes a plugin file
//! - `test`: the author's cases; `cases`: their file, `neurons`: the metagraph in it; `trial`: one of them; `verdict`: what
//!   is not as expected; `probe`: routes without a case; `report`: for a person
//! - `inspect`: what a file says and needs; `measure`: what it costs here
//! - `sandbox`: where `test` and `inspect` run plugins

mod build;
mod cases;
mod inspect;
mod measure;
mod neurons;
pub(super) mod probe;
mod report;
pub(super) mod sandbox;
mod test;
mod trial;
mod verdict;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, UNIX_EPOCH};

use http::Method;
use miette::IntoDiagnostic;
use serde_json::json;
use soma_runtime::slots::{Loss, SlotStatus, Swapped};
use soma_toolchain::template;

use crate::admin::{self, SwapOrder};
use crate::cli::{AdminFlags, Language, PluginCommand};
use crate::config::File;
use crate::output::say;

/// Does one of them.
pub async fn plugin(command: PluginCommand) -> miette::Result<ExitCode> {
    let done = match command {
        PluginCommand::New { language, name } => new(language, &name),
        PluginCommand::Build { folder, output, component } => build::build(&folder, output, component),
        PluginCommand::Test(flags) => return test::test(flags).await,
        PluginCommand::Inspect(flags) => inspect::inspect(flags).await,
        PluginCommand::List { admin } => list(&admin).await,
        PluginCommand::Swap { slot, file, allow_loss, admin } => {
            let loss = if allow_loss { Loss::Allowed } else { Loss::Refused };
            swap(&slot, &file, loss, &admin).await
        }
    };
    done.map(|()| ExitCode::SUCCESS)
}

fn new(language: Language, name: &str) -> miette::Result<()> {
    let write = match language {
        Language::Rust => template::rust,
        Language::C => template::c,
        Language::Python => template::python,
        Language::TypeScript => template::typescript,
    };
    write(name, Path::new("."))?;
    say!("wrote {name}/; next:")?;
    say!("  cd {name}")?;
    if language == Language::Rust {
        say!("  cargo test            # the logic, as ordinary Rust")?;
    }
    say!("  soma plugin build     # writes {name}.wasm")?;
    say!("  soma plugin test      # asks it the cases of cases.toml")?;
    Ok(())
}

async fn list(flags: &AdminFlags) -> miette::Result<()> {
    let slots: Vec<SlotStatus> = admin::ask(&socket(flags)?, Method::GET, "/slots", &json!({})).await?;
    if flags.json {
        crate::output::json(&slots)?;
        return Ok(());
    }
    for slot in slots {
        say!("{}: {} {} from {}", slot.slot, slot.plugin, slot.version, slot.file.display())?;
        let digest = slot.digest.get(..12).unwrap_or(&slot.digest);
        say!("  version id {} (file and configuration), file digest {digest}", slot.id)?;
        say!("  hooks {}; routes {}", slot.hooks.join(", "), slot.routes.join(", "))?;
        say!("  instances {}", slot.instances)?;
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
