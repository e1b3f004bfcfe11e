//! `soma run`: the neuron.

use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use miette::IntoDiagnostic;
use soma_axon::{Axon, ReplayMemory, Server};
use soma_protocol::synapse::Window;
use soma_runtime::artifact::ArtifactCache;
use soma_runtime::compile::Compiler;
use soma_runtime::version::Loader;
use soma_runtime::{GuestEngine, Slots};
use soma_wallet::Signer;
use tokio::signal::unix::{SignalKind, signal};

use super::{signer, this_program};
use crate::admin;
use crate::cli::RunFlags;
use crate::config::{File, Settings};
use crate::error::SomaError;

/// Name of the folder for compiled plugins in the cache. Their key is in the state folder: it must not go with a copied
/// cache.
const ARTIFACTS: &str = "compiled";

/// Runs until a signal says stop.
pub async fn run(flags: RunFlags) -> miette::Result<()> {
    let settings = File::read(&flags.config)?.settle(&flags)?;
    if !flags.offline {
        return Err(SomaError::NeedsOffline.into());
    }
    let keyfile = settings.wallet.require_hotkey()?;
    let signer = Signer::start(&this_program(), &[signer::SUBCOMMAND], &keyfile).await?;
    // The port first: when it is taken nothing was compiled in vain.
    let server = Server::bind(settings.address).await?;
    make_private(&settings.state)?;
    let socket = settings.state.join(admin::SOCKET);
    let admin = admin::bind(&socket).await?;
    let slots = Arc::new(load(&settings).await?);
    let axon = Arc::new(Axon {
        hotkey: signer.hotkey().to_owned(),
        slots: slots.clone(),
        admission: settings.admission.clone(),
        replay: ReplayMemory::default(),
        window: Window::default(),
        policy: settings.policy,
    });
    announce(&settings, &signer, &slots, &server, &socket).await;
    let admin = tokio::spawn(admin::serve(admin, slots));
    server.serve(axon, stop_signal()?).await;
    admin.abort();
    if let Err(error) = std::fs::remove_file(&socket) {
        tracing::warn!(%error, "the admin socket could not be removed");
    }
    drop(signer);
    tracing::info!("stopped");
    Ok(())
}

async fn load(settings: &Settings) -> miette::Result<Slots> {
    let engine = GuestEngine::start(None)?;
    let cache = ArtifactCache::open(&soma_toolchain::Cache::from_env()?.root().join(ARTIFACTS), &settings.state)?;
    let compiler = Compiler::Child { program: this_program(), confinement: settings.confinement };
    let names: Vec<&str> = settings.slots.iter().map(|slot| slot.name.as_str()).collect();
    tracing::info!(slots = names.join(", "), "loading plugins; compiling takes a while the first time");
    Ok(Slots::load(Loader { engine, compiler, cache }, settings.slots.clone()).await?)
}

/// A folder that only this user can look into.
fn make_private(path: &Path) -> Result<(), SomaError> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| SomaError::Folder { path: path.to_owned(), source })
}

async fn announce(settings: &Settings, signer: &Signer, slots: &Slots, server: &Server, socket: &Path) {
    for slot in slots.list().await {
        tracing::info!(
            slot = slot.slot,
            plugin = slot.plugin,
            version = slot.version,
            id = slot.id,
            hooks = slot.hooks.join(", "),
            routes = slot.routes.join(", "),
            "plugin ready"
        );
    }
    if let Some(external) = settings.external {
        tracing::info!(%external, "the external address is not published while offline");
    }
    for line in signer.confinement() {
        tracing::debug!(pid = signer.pid(), "signer: {line}");
    }
    tracing::info!(
        address = %server.address(),
        hotkey = signer.hotkey(),
        netuid = settings.netuid,
        network = settings.network,
        admin = %socket.display(),
        "serving offline"
    );
}

/// Ready at the first SIGINT or SIGTERM. A second one ends the process at once.
fn stop_signal() -> miette::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt()).into_diagnostic()?;
    let mut terminate = signal(SignalKind::terminate()).into_diagnostic()?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping: requests that are in come to their end; once more to stop at once");
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            tracing::warn!("stopped at once");
            std::process::exit(130);
        });
    })
}
