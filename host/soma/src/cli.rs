//! Commands and flags. Names follow the Python SDK where it has one.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

mod bench;
mod chain;
mod doctor;
mod examples;
mod explain;
mod localnet;
mod logging;
mod wallet;

pub use self::bench::BenchFlags;
pub use self::chain::{
    BalanceFlags, ChainCommand, ChainFlags, MetagraphFlags, NetworkFlags, Order, RegisterFlags, ServeFlags, SpendFlags,
    StakeFlags, WeightsFlags,
};
pub use self::doctor::DoctorFlags;
pub use self::explain::ExplainFlags;
pub use self::localnet::{BlockTime, LocalnetFlags};
pub use self::logging::LoggingFlags;
pub use self::wallet::{CryptoFlag, KeyFlags, RegenFlags, WalletCommand, WalletFlags};

/// Runs a Bittensor neuron: the wallet stays in a process of its own, the subnet's logic in sandboxed plugins.
#[derive(Debug, Parser)]
#[command(name = "soma", version, max_term_width = 110, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How much to log.
    #[command(flatten)]
    pub logging: LoggingFlags,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the axon with the plugins of soma.toml.
    #[command(after_help = examples::RUN)]
    Run(RunFlags),
    /// Sign a request, send it to an axon and print the answer.
    #[command(after_help = examples::QUERY)]
    Query(QueryFlags),
    /// Show what became of a recent request of a running host: each stage, its time, what it used, the verdict.
    #[command(after_help = examples::EXPLAIN)]
    Explain(ExplainFlags),
    /// Measure for ten seconds what this machine holds with the plugins of soma.toml: verified requests, calls, junk.
    #[command(after_help = examples::BENCH)]
    Bench(BenchFlags),
    /// Make, build, inspect and swap plugins.
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Read the chain and write to it: neurons, rules, balance; register, stake, serve, weights.
    #[command(subcommand)]
    Chain(ChainCommand),
    /// Look at everything that `soma run` needs, and say in plain words what is wrong and how it is mended.
    #[command(after_help = examples::DOCTOR)]
    Doctor(Box<DoctorFlags>),
    /// Make and show wallets.
    #[command(subcommand)]
    Wallet(WalletCommand),
    /// Run a chain for development on this machine, in memory, until it is stopped.
    #[command(after_help = examples::LOCALNET)]
    Localnet(LocalnetFlags),
    /// The process that holds the hotkey. `soma run` starts it.
    #[command(hide = true)]
    Signer,
    /// The process that compiles a plugin. `soma run` starts it.
    #[command(hide = true)]
    CompileWorker {
        /// `best-effort` or `required`.
        confinement: String,
    },
}

/// Flags of `soma run`. A flag wins over its environment variable, that over soma.toml.
#[derive(Debug, Args)]
pub struct RunFlags {
    /// The configuration file.
    #[arg(long, short, env = "SOMA_CONFIG", default_value = "soma.toml", value_name = "FILE")]
    pub config: PathBuf,
    /// Serve without a chain: admit anyone who can sign, or the hotkeys under `admit` in soma.toml.
    #[arg(long)]
    pub offline: bool,
    /// The chain and the subnet.
    #[command(flatten)]
    pub chain: NetworkFlags,
    /// Port to listen on [default: 8091].
    #[arg(long = "axon.port", env = "BT_AXON_PORT", value_name = "PORT")]
    pub port: Option<u16>,
    /// Address to listen on [default: 0.0.0.0].
    #[arg(long = "axon.ip", env = "BT_AXON_IP", value_name = "ADDRESS")]
    pub ip: Option<IpAddr>,
    /// Address that callers reach this host at: it is published on the chain. Needed unless --offline.
    #[arg(long = "axon.external_ip", env = "BT_AXON_EXTERNAL_IP", value_name = "ADDRESS")]
    pub external_ip: Option<IpAddr>,
    /// Port that callers reach this host at, when it is another one [default: --axon.port].
    #[arg(long = "axon.external_port", env = "BT_AXON_EXTERNAL_PORT", value_name = "PORT")]
    pub external_port: Option<u16>,
    /// Serve GET /metrics on this port too, on 127.0.0.1 only [default: only on the admin socket].
    #[arg(long = "admin.port", env = "SOMA_ADMIN_PORT", value_name = "PORT")]
    pub admin_port: Option<u16>,
    /// Folder for what must survive a restart: nonces, keys of caches, the admin socket. One host at a time [default:
    /// $XDG_STATE_HOME/soma/WALLET.HOTKEY].
    #[arg(long, env = "SOMA_STATE", value_name = "FOLDER")]
    pub state: Option<PathBuf>,
    /// Which hotkey.
    #[command(flatten)]
    pub wallet: WalletFlags,
}

/// The two protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DialectFlag {
    /// The axon protocol of the Python SDK up to version 10.
    Synapse,
    /// The signed requests of version 11.
    Btauth,
}

/// Flags of `soma query`.
#[derive(Debug, Args)]
pub struct QueryFlags {
    /// The axon: HOST:PORT.
    pub axon: String,
    /// The route: a synapse's class name, or for btauth a path.
    pub route: String,
    /// The body: a JSON object.
    #[arg(default_value = "{}")]
    pub body: String,
    /// The axon's hotkey (ss58), which the request is signed for.
    #[arg(long, value_name = "SS58")]
    pub hotkey: String,
    /// The protocol.
    #[arg(long, value_enum, default_value = "synapse")]
    pub dialect: DialectFlag,
    /// The method of a btauth request.
    #[arg(long, default_value = "POST")]
    pub method: String,
    /// Seconds to wait for the answer, fractions allowed.
    #[arg(long, default_value_t = 12.0, value_name = "SECONDS")]
    pub timeout: f64,
    /// Fields that the synapse class hashes, in its order, with their Python types: prompt=str,max_tokens=int.
    #[arg(long, value_name = "FIELD=TYPE,...")]
    pub hash_fields: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Which hotkey signs.
    #[command(flatten)]
    pub wallet: WalletFlags,
}

/// Where a running host is reached.
#[derive(Clone, Debug, Args)]
pub struct AdminFlags {
    /// The admin socket. `soma run` prints it; without this flag it is looked up by the configuration file.
    #[arg(long, env = "SOMA_ADMIN", value_name = "SOCKET")]
    pub admin: Option<PathBuf>,
    /// The configuration file of the running host.
    #[arg(long, short, env = "SOMA_CONFIG", default_value = "soma.toml", value_name = "FILE")]
    pub config: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// Which hotkey the running host has, where flags and not soma.toml say so.
    #[command(flatten)]
    pub wallet: WalletFlags,
}

/// The languages that there are templates for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// Rust.
    Rust,
    /// C.
    C,
    /// Python.
    Python,
    /// TypeScript.
    #[value(name = "typescript")]
    TypeScript,
}

/// Flags of `soma plugin test`.
#[derive(Debug, Args)]
pub struct TestFlags {
    /// The plugin, or its folder, which is built first.
    #[arg(default_value = ".", value_name = "FILE|FOLDER")]
    pub plugin: PathBuf,
    /// The cases [default: cases.toml beside the plugin].
    #[arg(long, value_name = "FILE")]
    pub cases: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `soma plugin inspect`.
#[derive(Debug, Args)]
pub struct InspectFlags {
    /// The plugin.
    pub file: PathBuf,
    /// Compile it and make instances of it for a moment, and show what that costs.
    #[arg(long)]
    pub measure: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Commands around plugins.
#[derive(Debug, Subcommand)]
pub enum PluginCommand {
    /// Write a new plugin project into a folder of its name.
    #[command(after_help = examples::NEW)]
    New {
        /// The language.
        language: Language,
        /// The plugin's name: a-z, 0-9 and -.
        name: String,
    },
    /// Build the plugin in a folder and pack its manifest into it.
    #[command(after_help = examples::BUILD)]
    Build {
        /// The folder with plugin.toml.
        #[arg(default_value = ".")]
        folder: PathBuf,
        /// Where to write the plugin [default: NAME.wasm in the folder].
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
        /// A component that another tool built: only pack it.
        #[arg(long, value_name = "FILE")]
        component: Option<PathBuf>,
    },
    /// Ask a plugin the author's cases, in the sandbox that serves, and show what each costs. Exit code 1 when one
    /// fails.
    #[command(after_help = examples::TEST)]
    Test(TestFlags),
    /// Show what a plugin file says, what it needs of soma.toml, and what it costs here.
    #[command(after_help = examples::INSPECT)]
    Inspect(InspectFlags),
    /// List the slots of a running host.
    #[command(after_help = examples::LIST)]
    List {
        /// Where it is reached.
        #[command(flatten)]
        admin: AdminFlags,
    },
    /// Put another plugin file into a slot of a running host, without a restart.
    #[command(after_help = examples::SWAP)]
    Swap {
        /// The slot, as soma.toml names it.
        slot: String,
        /// The new plugin.
        file: PathBuf,
        /// Swap even if a route or a gate is lost with it.
        #[arg(long)]
        allow_loss: bool,
        /// Where it is reached.
        #[command(flatten)]
        admin: AdminFlags,
    },
}

#[cfg(test)]
mod tests;
