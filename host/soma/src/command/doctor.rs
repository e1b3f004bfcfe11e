//! `soma doctor`: what `soma run` would meet, each finding in plain words with its mend.
//!
//! It changes nothing and opens no key. Checks that need something that is not there (a chain, a configuration) are
//! skipped and say so; none of them ends the others.
//!
//! - `finding`: what a check says, and all of them as text and JSON
//! - `wallet`, `port`, `plugins`, `restart`, `confinement`: this machine; `host`: a host that runs already
//! - `inquiry`: asks the chain; `chain`: judges what it says

mod chain;
mod confinement;
mod finding;
mod host;
mod inquiry;
mod plugins;
mod port;
mod restart;
mod wallet;

use std::process::ExitCode;

use soma_runtime::slots::SlotStatus;

use self::finding::{Examination, Finding};
use self::host::Running;
use self::port::Holder;
use crate::cli::{DoctorFlags, RunFlags};
use crate::config::{File, Settings};
use crate::exit::NOT_A_SUCCESS;

/// Looks at everything and prints what it found. The exit code says whether something has to be mended.
pub async fn doctor(mut flags: DoctorFlags) -> miette::Result<ExitCode> {
    let (configuration, settings) = configure(&mut flags.run);
    let mut findings = vec![configuration];
    let wallet = match &settings {
        Some(settings) => Ok(settings.wallet.clone()),
        None => flags.run.wallet.locate(),
    };
    let hotkey = match wallet {
        Ok(wallet) => {
            let (found, hotkey) = wallet::check(&wallet);
            findings.extend(found);
            hotkey
        }
        Err(error) => {
            findings.push(Finding::from_error("wallet", &error));
            None
        }
    };
    if let Some(settings) = &settings {
        findings.extend(machine(settings).await);
    }
    findings.extend(inquiry::check(&flags.run, settings.as_ref(), hotkey.as_deref()).await);
    let examination = Examination::of(findings);
    if flags.json {
        crate::output::json(&examination)?;
    } else {
        examination.print()?;
    }
    Ok(if examination.wrong == 0 { ExitCode::SUCCESS } else { ExitCode::from(NOT_A_SUCCESS) })
}

/// The configuration as `soma run` reads it. One that serves only without a chain is wrong, and is still looked at.
fn configure(flags: &mut RunFlags) -> (Finding, Option<Settings>) {
    const CHECK: &str = "configuration";
    let path = flags.config.clone();
    let read = |flags: &RunFlags| File::read(&path).map_err(miette::Report::from).and_then(|file| file.settle(flags));
    match read(flags) {
        Ok(settings) => {
            let names: Vec<&str> = settings.slots.iter().map(|slot| slot.name.as_str()).collect();
            (Finding::good(CHECK, format!("{}: slots {}", path.display(), names.join(", "))), Some(settings))
        }
        Err(report) => {
            let finding = Finding::from_error(CHECK, AsRef::<dyn miette::Diagnostic>::as_ref(&report));
            let offline = std::mem::replace(&mut flags.offline, true);
            let settings = read(flags).ok();
            flags.offline = offline;
            (finding, settings)
        }
    }
}

/// What needs no chain.
async fn machine(settings: &Settings) -> Vec<Finding> {
    let running = Running::ask(&settings.state).await;
    let slots: &[SlotStatus] = running.as_ref().map_or(&[], |running| &running.slots);
    let mut findings = plugins::check(&settings.slots, slots);
    let holder = if running.is_some() { Holder::OurHost } else { Holder::Unknown };
    findings.extend(port::check(settings.address, settings.external, holder).await);
    match &running {
        Some(running) => findings.extend(running.findings()),
        None => findings.push(restart::check(settings)),
    }
    findings.push(confinement::check(settings.confinement));
    findings
}
