//! `soma.toml`, and how flags, environment and file come together: flag > environment > file > default.

mod admit;
mod axon;
mod chain;
mod reload;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use miette::NamedSource;
use serde::Deserialize;
use soma_axon::{Admission, Limits, Proxies};
use soma_protocol::btauth::Policy;
use soma_protocol::synapse::Window;
use soma_runtime::budget::BudgetGrant;
use soma_runtime::compile::Confinement;
use soma_runtime::{InstanceSpec, SlotSpec, Want};
use soma_wallet::WalletPath;

use self::admit::Admit;
use self::axon::AxonSection;
use self::chain::ChainSection;
pub use self::chain::ChainSettings;
pub use self::reload::{needs_restart, other_slots};
use crate::cli::{RunFlags, WalletFlags};
use crate::error::SomaError;

/// The network without a word: the main one, as in the Python SDK.
pub const NETWORK: &str = "finney";
/// The subnet without a word.
pub const NETUID: u16 = 1;
/// The port of the Python axon.
const PORT: u16 = 8091;
/// Folder of what coldkeys sign. A wallet's own has a dot in its name.
const COLDKEYS: &str = "coldkeys";
/// Requests that can be explained: about eight megabytes for each of the two rings.
const RECENT: u16 = 4096;

/// `soma.toml` as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct File {
    #[serde(default)]
    neuron: NeuronSection,
    #[serde(default)]
    wallet: WalletSection,
    #[serde(default)]
    axon: AxonSection,
    #[serde(default)]
    chain: ChainSection,
    #[serde(default)]
    admin: AdminSection,
    #[serde(default)]
    compile: CompileSection,
    #[serde(default)]
    slots: IndexMap<SlotName, SlotSection>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NeuronSection {
    netuid: Option<u16>,
    network: Option<String>,
    state: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WalletSection {
    name: Option<String>,
    hotkey: Option<String>,
    path: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct AdminSection {
    port: Option<u16>,
    recent: Option<u16>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CompileSection {
    #[serde(default)]
    confinement: Confinement,
}

/// A slot's name: it stands in logs, metrics and the admin socket's paths.
#[derive(Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
struct SlotName(String);

impl TryFrom<String> for SlotName {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if (1..=64).contains(&name.len()) && name.chars().all(plain) {
            Ok(SlotName(name))
        } else {
            Err("a slot's name has 1 to 64 letters, digits, _ and -")
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct SlotSection {
    plugin: PathBuf,
    routes: Option<Vec<String>>,
    #[serde(default)]
    grant: BTreeSet<Want>,
    #[serde(default)]
    config: BTreeMap<String, String>,
    #[serde(default)]
    budget: BudgetGrant,
    instances: Option<InstanceSpec>,
}

/// The administrator's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdminSettings {
    /// Port of 127.0.0.1 that `/metrics` is served on, besides the admin socket.
    pub port: Option<u16>,
    /// Requests that `soma explain` can explain: so many of proven callers, and as many others.
    pub recent: usize,
}

/// Everything that `soma run` needs, decided.
#[derive(Debug)]
pub struct Settings {
    /// Where to listen.
    pub address: SocketAddr,
    /// Where callers reach it, as far as the operator says so.
    pub external: Option<SocketAddr>,
    /// The chain; none with `--offline`.
    pub chain: Option<ChainSettings>,
    /// Which hotkey.
    pub wallet: WalletPath,
    /// Who is let in.
    pub admission: Admission,
    /// How fresh a synapse has to be.
    pub window: Window,
    /// How fresh a btauth request has to be.
    pub policy: Policy,
    /// What callers may use.
    pub limits: Limits,
    /// Whose word about a caller's address is taken.
    pub proxies: Proxies,
    /// The administrator's side.
    pub admin: AdminSettings,
    /// Whether compiling needs every measure of confinement.
    pub confinement: Confinement,
    /// The slots, in the order of the file.
    pub slots: Vec<SlotSpec>,
    /// Folder for state.
    pub state: PathBuf,
    /// The subnet.
    pub netuid: u16,
    /// The network, as it may be shown.
    pub network: String,
}

/// Where this user's state is kept, a folder for each wallet in it.
///
/// # Errors
/// `NoHome` when no variable names it.
pub fn user_state() -> Result<PathBuf, SomaError> {
    let home = || std::env::home_dir().filter(|home| home.is_absolute()).map(|home| home.join(".local/state"));
    let base = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    Ok(base.or_else(home).ok_or(SomaError::NoHome)?.join("soma"))
}

impl File {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<File, SomaError> {
        let text = std::fs::read_to_string(path)
            .map_err(|cause| SomaError::ConfigUnreadable { path: path.to_owned(), cause })?;
        toml::from_str(&text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            let line = 1 + text.get(..span.start).unwrap_or_default().matches('\n').count();
            let message = error.message().to_owned();
            let source = NamedSource::new(path.to_string_lossy(), text.clone());
            SomaError::ConfigSyntax { path: path.to_owned(), line, message, text: source, span: span.into() }
        })
    }

    /// The wallet that flags and file name.
    pub fn wallet(&self, flags: &WalletFlags) -> Result<WalletPath, soma_wallet::WalletError> {
        let text = |flag: &Option<String>, file: &Option<String>| {
            flag.clone().or_else(|| file.clone()).unwrap_or_else(|| "default".to_owned())
        };
        let base = flags.path.as_deref().or(self.wallet.path.as_deref());
        WalletPath::new(base, &text(&flags.name, &self.wallet.name), &text(&flags.hotkey, &self.wallet.hotkey))
    }

    /// The network that the file names.
    pub fn network(&self) -> Option<&str> {
        self.neuron.network.as_deref()
    }

    /// The subnet that the file names.
    pub fn netuid(&self) -> Option<u16> {
        self.neuron.netuid
    }

    /// The endpoints that the file names for its network; none when it names none.
    pub fn endpoints(&self) -> &[String] {
        self.chain.endpoints()
    }

    /// Where callers reach this host, with the flags over the file: address, its port, the port that is listened on.
    pub fn external(&self, ip: Option<IpAddr>, external_port: Option<u16>, port: Option<u16>) -> Option<SocketAddr> {
        let port = port.or(self.axon.port).unwrap_or(PORT);
        let external_port = external_port.or(self.axon.external_port).unwrap_or(port);
        ip.or(self.axon.external_ip).map(|ip| SocketAddr::new(ip, external_port))
    }

    /// The state folder: `--state`, the file's, or one of the wallet's hotkey under the user's state folder.
    pub fn state(&self, flag: Option<&Path>, wallet: &WalletPath) -> Result<PathBuf, SomaError> {
        if let Some(folder) = flag.or(self.neuron.state.as_deref()) {
            return Ok(folder.to_owned());
        }
        Ok(user_state()?.join(format!("{}.{}", wallet.name(), wallet.hotkey())))
    }

    /// The folder for what coldkeys sign: `--state`, or one of this user for all wallets and hotkeys. A coldkey may be in
    /// several wallets and pay for several hotkeys, and its calls come one after the other; its pages are told apart by
    /// account.
    pub fn coldkey_state(&self, flag: Option<&Path>) -> Result<PathBuf, SomaError> {
        match (flag, user_state(), &self.neuron.state) {
            (Some(folder), ..) => Ok(folder.to_owned()),
            (None, Ok(base), _) => Ok(base.join(COLDKEYS)),
            // A system's own user without a home.
            (None, Err(_), Some(folder)) => Ok(folder.clone()),
            (None, Err(error), None) => Err(error),
        }
    }

    /// The slots alone. Paths in the file are relative to its folder, `config` is the file.
    pub fn slots(self, config: &Path) -> Result<Vec<SlotSpec>, SomaError> {
        if self.slots.is_empty() {
            return Err(SomaError::NoSlots { path: config.to_owned() });
        }
        Ok(specs(self.slots, config))
    }

    /// Puts flags over the file. Paths in the file are relative to its folder.
    pub fn settle(self, flags: &RunFlags) -> miette::Result<Settings> {
        if self.slots.is_empty() {
            return Err(SomaError::NoSlots { path: flags.config.clone() }.into());
        }
        let wallet = self.wallet(&flags.wallet)?;
        let external = self.external(flags.external_ip, flags.external_port, flags.port);
        let state = self.state(flags.state.as_deref(), &wallet)?;
        let slots = specs(self.slots, &flags.config);
        let ip = flags.ip.or(self.axon.ip).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let port = flags.port.or(self.axon.port).unwrap_or(PORT);
        let proxies = self.axon.proxies();
        let netuid = flags.chain.netuid.or(self.neuron.netuid).unwrap_or(NETUID);
        let network = flags.chain.network.clone().or(self.neuron.network).unwrap_or_else(|| NETWORK.to_owned());
        let chain = if flags.offline {
            None
        } else {
            let external = external.ok_or(SomaError::NoExternalAddress)?;
            Some(self.chain.settle(flags, &network, netuid, external)?)
        };
        Ok(Settings {
            address: SocketAddr::new(ip, port),
            external,
            wallet,
            admission: admission(self.axon.admit, chain.as_ref())?,
            chain,
            window: self.axon.synapse.window(),
            policy: self.axon.btauth.policy(),
            limits: self.axon.limits.limits(),
            proxies,
            admin: AdminSettings {
                port: flags.admin_port.or(self.admin.port),
                recent: self.admin.recent.unwrap_or(RECENT).into(),
            },
            confinement: self.compile.confinement,
            slots,
            state,
            netuid,
            network: soma_chain::network::shown(&network),
        })
    }
}

/// Who is let in. Without a word: on a chain whoever is registered, without one anybody.
fn admission(admit: Option<Admit>, chain: Option<&ChainSettings>) -> Result<Admission, SomaError> {
    let admit = admit.unwrap_or(if chain.is_some() { Admit::usual() } else { Admit::Anybody });
    if chain.is_none() && admit.needs_a_chain() {
        return Err(SomaError::AdmitNeedsChain);
    }
    Ok(admit.rule())
}

/// The slots in the order of the file.
fn specs(slots: IndexMap<SlotName, SlotSection>, config: &Path) -> Vec<SlotSpec> {
    let folder = config.parent().unwrap_or(Path::new(""));
    let spec = |(SlotName(name), slot): (SlotName, SlotSection)| SlotSpec {
        name,
        plugin: folder.join(slot.plugin),
        routes: slot.routes,
        grant: slot.grant,
        config: slot.config,
        budget: slot.budget,
        instances: slot.instances,
    };
    slots.into_iter().map(spec).collect()
}

#[cfg(test)]
mod tests;
