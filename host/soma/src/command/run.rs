//! `soma run`: the neuron.

mod reload;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use miette::IntoDiagnostic;
use soma_axon::replay::Bounds;
use soma_axon::replay::keeper::Windows;
use soma_axon::{Admission, Axon, ChainView, Keeper, ReplayMemory, Reserved, system_clock};
use soma_runtime::artifact::ArtifactCache;
use soma_runtime::compile::Compiler;
use soma_runtime::version::Loader;
use soma_runtime::{GuestEngine, Slots};
use soma_wallet::handover::Handover;
use soma_wallet::{Access, Signer};
use tokio::net::{TcpListener, UnixListener};
use tokio::signal::unix::{Signal, SignalKind, signal};

use self::reload::Reloader;
use super::{signer, this_program};
use crate::admin::{self, Host};
use crate::cli::RunFlags;
use crate::config::{File, Settings};
use crate::descriptors;
use crate::logging::LostLines;
use crate::notify::ServiceManager;
use crate::state::StateFolder;
use crate::subnet::Subnet;
use crate::telemetry::Telemetry;

/// Name of the folder for compiled plugins in the cache. Their key is in the state folder: it must not go with a copied
/// cache.
const ARTIFACTS: &str = "compiled";
/// What the log gets to write its last lines when everything else stops at once.
const LAST_LINES: Duration = Duration::from_millis(100);

/// Runs until a signal says stop. `lost` counts log lines that found no room.
pub async fn run(flags: RunFlags, lost: LostLines) -> miette::Result<()> {
    let passwords = Handover::receive()?;
    let settings = Arc::new(File::read(&flags.config)?.settle(&flags)?);
    let manager = Arc::new(ServiceManager::from_env());
    // Before anything that takes time: a stop is a stop from the first moment on, and a reload does not end the host.
    let (mut stop, hangup) = (Box::pin(stop_signal(manager.clone())?), signal(SignalKind::hangup()).into_diagnostic()?);
    // Before anything in the folder is touched, until nothing in it is used any more, and before a password is asked for
    // in vain.
    let state = StateFolder::claim(&settings.state)?;
    let hotkey = Access::hotkey(&settings.wallet.require_hotkey()?, flags.wallet.password_file.as_deref());
    let (program, telemetry) = (this_program(), Arc::new(Telemetry::new(settings.admin.recent, lost)?));
    let signer = tokio::select! {
        started = Signer::start_with(&program, &[signer::SUBCOMMAND], hotkey, passwords) => started?,
        () = &mut stop => return Ok(()),
    };
    let ports = Ports::open(&settings, telemetry).await?;
    let windows = Windows::of(&settings.window, &settings.policy);
    let (keeper, replay) = Keeper::open(&settings.state, windows, Bounds::default(), system_clock())?;
    let (keeper, replay) = (Arc::new(keeper), Arc::new(replay));
    let socket = ports.socket.clone();
    let prepared = async { tokio::try_join!(load(&settings), join(&settings, &signer, &manager)) };
    let ended = tokio::select! {
        prepared = prepared => match prepared {
            Ok((slots, subnet)) => {
                let neuron = Neuron { settings: settings.clone(), signer: &signer, slots: Arc::new(slots), subnet, manager };
                neuron.serve(flags, ports, (&keeper, &replay), (stop, hangup)).await
            }
            Err(error) => Err(error),
        },
        () = &mut stop => Ok(()),
    };
    remember(&keeper, &replay);
    if let Err(error) = std::fs::remove_file(&socket) {
        tracing::warn!(%error, "the admin socket could not be removed");
    }
    drop(state);
    drop(signer);
    tracing::info!("stopped");
    ended
}

/// Everything that others connect to.
struct Ports {
    /// Lets connections in when the plugins are there: callers would wait for as long as one is compiled.
    reserved: Reserved,
    admin: UnixListener,
    socket: PathBuf,
    metrics: Option<TcpListener>,
    telemetry: Arc<Telemetry>,
}

impl Ports {
    /// The public port first: when it is taken nothing else was done in vain.
    async fn open(settings: &Settings, telemetry: Arc<Telemetry>) -> miette::Result<Ports> {
        let reserved = Reserved::take(settings.address)?;
        let socket = settings.state.join(admin::SOCKET);
        let admin = admin::bind(&socket).await?;
        let metrics = match settings.admin.port {
            Some(port) => Some(admin::bind_metrics(port).await?),
            None => None,
        };
        Ok(Ports { reserved, admin, socket, metrics, telemetry })
    }
}

/// Everything that serves, ready to.
struct Neuron<'a> {
    settings: Arc<Settings>,
    signer: &'a Signer,
    slots: Arc<Slots>,
    /// None without a chain.
    subnet: Option<Arc<Subnet>>,
    manager: Arc<ServiceManager>,
}

impl Neuron<'_> {
    async fn serve(
        self,
        flags: RunFlags,
        ports: Ports,
        (keeper, replay): (&Arc<Keeper>, &Arc<ReplayMemory>),
        (stop, hangup): (Pin<Box<impl Future<Output = ()>>>, Signal),
    ) -> miette::Result<()> {
        let Neuron { settings, signer, slots, subnet, manager } = self;
        let view = subnet.as_ref().map(|subnet| subnet.view());
        let axon = Arc::new(Axon {
            admission: ArcSwap::from_pointee(admission(settings.admission.clone(), view.as_ref())),
            replay: replay.clone(),
            window: settings.window,
            policy: settings.policy,
            ..Axon::new(signer.hotkey().to_owned(), slots.clone())
        });
        let Ports { reserved, admin, socket, metrics, telemetry } = ports;
        let server = reserved.listen()?.limited_to(descriptors::fit(settings.limits));
        let server = server.behind(settings.proxies.clone()).observed_by(telemetry.clone());
        announce(&settings, signer, &slots, (server.address(), &socket)).await;
        let remembering = Arc::downgrade(replay);
        tokio::spawn(keeper.clone().beat(move || remembering.upgrade(), system_clock));
        let host = Host {
            slots: slots.clone(),
            axon: axon.clone(),
            gate: server.gate(),
            telemetry: telemetry.clone(),
            subnet: subnet.clone(),
        };
        tokio::spawn(telemetry.clone().tidy());
        if let Some(metrics) = metrics {
            tokio::spawn(admin::serve_metrics(metrics, host.clone()));
        }
        let admin = tokio::spawn(admin::serve(admin, host));
        manager.ready(&format!("serving on {}", server.address()));
        // Not before the port is open: callers come as soon as they read the address.
        let publishing = subnet
            .as_ref()
            .zip(settings.external)
            .map(|(subnet, address)| tokio::spawn(subnet.publisher(address, manager.clone()).run()));
        let reloader =
            Reloader { flags, settings, axon: axon.clone(), slots, view, telemetry, manager: manager.clone() };
        let reloads = tokio::spawn(reloader.run(hangup));
        let beats = tokio::spawn(async move { manager.beat().await });
        server.serve(axon, stop).await;
        if let Some(publishing) = publishing {
            publishing.abort();
        }
        reloads.abort();
        beats.abort();
        admin.abort();
        Ok(())
    }
}

/// The rule, looked up on the chain if there is one.
fn admission(rule: Admission, view: Option<&ChainView>) -> Admission {
    match view {
        Some(view) => rule.on_chain(view.clone()),
        None => rule,
    }
}

/// The subnet that the settings name; none with `--offline`.
async fn join(
    settings: &Settings,
    signer: &Signer,
    manager: &Arc<ServiceManager>,
) -> miette::Result<Option<Arc<Subnet>>> {
    let Some(chain) = &settings.chain else { return Ok(None) };
    Ok(Some(Arc::new(Subnet::join(settings, chain, signer.clone(), manager.clone()).await?)))
}

/// Writes the nonces that could still be used.
fn remember(keeper: &Keeper, replay: &ReplayMemory) {
    if let Err(error) = keeper.close(replay, system_clock()) {
        tracing::warn!(%error, "the next start will count as one after an unclean stop");
    }
}

async fn load(settings: &Settings) -> miette::Result<Slots> {
    let engine = GuestEngine::start(None, settings.slots.len())?;
    let cache = ArtifactCache::open(&soma_toolchain::Cache::from_env()?.root().join(ARTIFACTS), &settings.state)?;
    let compiler = Compiler::Child { program: this_program(), confinement: settings.confinement };
    let names: Vec<&str> = settings.slots.iter().map(|slot| slot.name.as_str()).collect();
    tracing::info!(slots = names.join(", "), "loading plugins; the port opens when they are ready");
    let (loader, specs) = (Loader { engine, compiler, cache }, settings.slots.clone());
    #[cfg(feature = "native")]
    let slots = crate::native::load(loader, specs).await?;
    #[cfg(not(feature = "native"))]
    let slots = Slots::load(loader, specs).await?;
    Ok(slots)
}

async fn announce(settings: &Settings, signer: &Signer, slots: &Slots, (address, socket): (SocketAddr, &Path)) {
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
    if let (Some(external), None) = (settings.external, &settings.chain) {
        tracing::info!(%external, "the external address is not published while offline");
    }
    for line in signer.confinement() {
        tracing::debug!(pid = signer.pid(), "signer: {line}");
    }
    tracing::info!(
        %address,
        hotkey = signer.hotkey(),
        netuid = settings.netuid,
        network = settings.network,
        admin = %socket.display(),
        "{}",
        if settings.chain.is_some() { "serving on the chain" } else { "serving offline" },
    );
}

/// Ready at the first SIGINT or SIGTERM. A second one ends the process at once.
fn stop_signal(manager: Arc<ServiceManager>) -> miette::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt()).into_diagnostic()?;
    let mut terminate = signal(SignalKind::terminate()).into_diagnostic()?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        manager.stopping();
        tracing::info!("stopping: requests that are in come to their end; once more to stop at once");
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            tracing::warn!("stopped at once");
            // The log is written by another thread.
            std::thread::sleep(LAST_LINES);
            std::process::exit(130);
        });
    })
}
