//! SIGHUP: the configuration is read again, and what can be changed without a restart is.
//!
//! That is every slot whose file or settings changed, through the swap that `soma plugin swap` makes: a candidate that
//! fails, or would take a route or a gate away, leaves the old version serving. Then, if every slot of the file is in effect,
//! it is who is let in. A slot that was swapped by
//! hand goes back to the file's plugin. Everything else is named in the log. A configuration that cannot be read changes
//! nothing at all.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use soma_axon::{Axon, ChainView};
use soma_manifest::PluginFile;
use soma_runtime::{SlotSpec, Slots};
use tokio::signal::unix::Signal;

use crate::cli::RunFlags;
use crate::config::{self, File, Settings};
use crate::notify::ServiceManager;
use crate::telemetry::Telemetry;
use crate::telemetry::metrics::SwapResult;

/// A running host that can be told to read its configuration again.
pub(super) struct Reloader {
    /// The flags that it was started with; they win over the file now as then.
    pub flags: RunFlags,
    /// What it was started with.
    pub settings: Arc<Settings>,
    /// The server.
    pub axon: Arc<Axon>,
    /// The plugins.
    pub slots: Arc<Slots>,
    /// What hotkeys are looked up in; none without a chain.
    pub view: Option<ChainView>,
    /// Who counts.
    pub telemetry: Arc<Telemetry>,
    /// Who is told.
    pub manager: Arc<ServiceManager>,
}

/// What came of the slots.
#[derive(Debug, Default)]
struct Tally {
    swapped: usize,
    refused: usize,
}

impl Reloader {
    /// Reloads at each signal, one after another.
    pub async fn run(self, mut hangup: Signal) {
        while hangup.recv().await.is_some() {
            self.manager.reloading();
            let outcome = self.reload().await;
            self.manager.ready(&outcome);
        }
    }

    /// Reads the configuration again. Says what came of it, in one line.
    async fn reload(&self) -> String {
        let next = match File::read(&self.flags.config).map_err(miette::Report::from) {
            Ok(file) => file.settle(&self.flags),
            Err(error) => Err(error),
        };
        let next = match next {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(%error, "the configuration cannot be read again: nothing was changed");
                return format!("serving by the old configuration, the new one cannot be read: {error}");
            }
        };
        let waiting = config::needs_restart(&self.settings, &next);
        if !waiting.is_empty() {
            tracing::warn!(
                keys = waiting.join(", "),
                "changed in the configuration, and in effect only after a restart"
            );
        }
        let has_all_slots = !config::other_slots(&self.settings, &next);
        let Tally { swapped, refused } = self.swap(next.slots).await;
        // A wider rule may count on a gate of the same file: that has to be there first.
        if refused == 0 && has_all_slots {
            self.axon.admission.store(Arc::new(super::admission(next.admission, self.view.as_ref())));
        } else {
            tracing::warn!("axon.admit stays as it was: not every slot of the configuration is in effect");
        }
        tracing::info!(swapped, refused, "the configuration was read again");
        let later = if waiting.is_empty() { "" } else { ", a restart is needed for the rest" };
        match refused {
            0 => format!("serving, configuration read again, slots swapped: {swapped}{later}"),
            _ => format!("serving, configuration read again, slots swapped: {swapped}, refused: {refused}{later}"),
        }
    }

    /// Swaps every slot that the host has and whose file or settings changed.
    async fn swap(&self, next: Vec<SlotSpec>) -> Tally {
        let running = self.slots.specs().await;
        let digests: HashMap<String, String> =
            self.slots.list().await.into_iter().map(|slot| (slot.slot, slot.digest)).collect();
        let mut tally = Tally::default();
        for spec in next {
            let Some(old) = running.iter().find(|old| old.name == spec.name) else { continue };
            if *old == spec && digest(&spec.plugin).await.as_ref() == digests.get(&spec.name) {
                continue;
            }
            let slot = spec.name.clone();
            let result = match self.slots.change(spec).await {
                Ok(_) => {
                    tally.swapped += 1;
                    SwapResult::Swapped
                }
                Err(error) => {
                    tracing::warn!(slot, %error, "slot not changed; the old version goes on serving");
                    tally.refused += 1;
                    SwapResult::Refused
                }
            };
            self.telemetry.metrics.swapped(Some(&slot), result);
        }
        tally
    }
}

/// The digest of a plugin's file; none when it is no plugin, which the swap then says.
async fn digest(plugin: &Path) -> Option<String> {
    let plugin = plugin.to_owned();
    let opened = tokio::task::spawn_blocking(move || PluginFile::open(&plugin)).await;
    opened.ok()?.ok().map(|file| file.digest.to_string())
}
