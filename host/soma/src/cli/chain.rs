//! Flags of `soma chain`.

use std::convert::Infallible;
use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{WalletFlags, examples};

/// Which chain and which subnet of it: the same for a host and for a command.
#[derive(Clone, Debug, Args)]
pub struct NetworkFlags {
    /// The network: finney, test, local or a URL [default: finney].
    #[arg(
        long = "subtensor.network",
        visible_alias = "network",
        env = "BT_SUBTENSOR_NETWORK",
        hide_env_values = true,
        value_name = "NETWORK"
    )]
    pub network: Option<String>,
    /// Endpoint of that network, ws:// or wss://, in place of the public ones; several with commas between them, best first.
    #[arg(
        long = "subtensor.chain_endpoint",
        env = "BT_SUBTENSOR_CHAIN_ENDPOINT",
        hide_env_values = true,
        value_delimiter = ',',
        value_parser = endpoint,
        value_name = "URL"
    )]
    pub endpoints: Vec<String>,
    /// The subnet [default: 1].
    #[arg(long, env = "BT_NETUID", value_name = "NUMBER")]
    pub netuid: Option<u16>,
}

impl NetworkFlags {
    /// The endpoints of the flags, or those of the file, which are of the file's network. None are the network's own.
    pub fn endpoints_or<'u>(&'u self, file: &'u [String]) -> &'u [String] {
        if self.endpoints.is_empty() && self.network.is_none() { file } else { &self.endpoints }
    }
}

/// One of a list that may have blanks behind its commas.
fn endpoint(text: &str) -> Result<String, Infallible> {
    Ok(text.trim().to_owned())
}

/// Flags of every command that asks the chain. A flag wins over its environment variable, that over soma.toml.
#[derive(Clone, Debug, Args)]
pub struct ChainFlags {
    /// The chain and the subnet.
    #[command(flatten)]
    pub chain: NetworkFlags,
    /// The configuration file. Its network, subnet and wallet are taken where no flag names them; it may be missing.
    #[arg(long, short, env = "SOMA_CONFIG", default_value = "soma.toml", value_name = "FILE")]
    pub config: PathBuf,
    /// Folder in which signed extrinsics are kept until they are final [default: $XDG_STATE_HOME/soma/WALLET.HOTKEY; of
    /// coldkeys $XDG_STATE_HOME/soma/coldkeys].
    #[arg(long, env = "SOMA_STATE", value_name = "FOLDER")]
    pub state: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// Which wallet.
    #[command(flatten)]
    pub wallet: WalletFlags,
}

/// How a command that spends may go about it.
#[derive(Clone, Copy, Debug, Args)]
pub struct SpendFlags {
    /// Show what would be sent and what it costs, and send nothing. No key is opened.
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask before the coldkey signs.
    #[arg(long, visible_alias = "no_prompt")]
    pub yes: bool,
}

/// What the neurons are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Order {
    /// Their uid.
    Uid,
    /// The stake that consensus counts, the largest first.
    Stake,
    /// Incentive, the largest first.
    Incentive,
    /// Dividends, the largest first.
    Dividends,
    /// Emission, the largest first.
    Emission,
}

/// Flags of `soma chain metagraph`.
#[derive(Clone, Debug, Args)]
pub struct MetagraphFlags {
    /// The order of the neurons.
    #[arg(long, value_enum, default_value = "uid")]
    pub sort: Order,
    /// Show at most so many [default: all].
    #[arg(long, value_name = "NUMBER")]
    pub limit: Option<usize>,
    /// Which chain.
    #[command(flatten)]
    pub chain: ChainFlags,
}

/// Flags of `soma chain balance`.
#[derive(Clone, Debug, Args)]
pub struct BalanceFlags {
    /// The account (ss58) [default: the wallet's coldkey].
    #[arg(value_name = "SS58")]
    pub account: Option<String>,
    /// Which chain.
    #[command(flatten)]
    pub chain: ChainFlags,
}

/// Flags of `soma chain register`.
#[derive(Clone, Debug, Args)]
pub struct RegisterFlags {
    /// The hotkey to register [default: the wallet's].
    #[arg(long, value_name = "SS58")]
    pub hotkey: Option<String>,
    /// The most TAO that the registration may cost; it is refused when the price has risen above it.
    #[arg(long, value_name = "TAO")]
    pub max_cost: Option<String>,
    /// How to go about it.
    #[command(flatten)]
    pub spend: SpendFlags,
    /// Which chain.
    #[command(flatten)]
    pub chain: ChainFlags,
}

/// Flags of `soma chain stake`.
#[derive(Clone, Debug, Args)]
pub struct StakeFlags {
    /// How many TAO the coldkey puts behind the hotkey, with up to nine decimals.
    #[arg(long, value_name = "TAO")]
    pub amount: String,
    /// The hotkey to stake behind [default: the wallet's].
    #[arg(long, value_name = "SS58")]
    pub hotkey: Option<String>,
    /// How to go about it.
    #[command(flatten)]
    pub spend: SpendFlags,
    /// Which chain.
    #[command(flatten)]
    pub chain: ChainFlags,
}

/// Flags of `soma chain serve`.
#[derive(Clone, Debug, Args)]
pub struct ServeFlags {
    /// Address that callers reach the axon at.
    #[arg(long = "axon.external_ip", env = "BT_AXON_EXTERNAL_IP", value_name = "ADDRESS")]
    pub external_ip: Option<IpAddr>,
    /// Port that callers reach it at [default: --axon.port].
    #[arg(long = "axon.external_port", env = "BT_AXON_EXTERNAL_PORT", value_name = "PORT")]
    pub external_port: Option<u16>,
    /// Port that it listens on [default: 8091].
    #[arg(long = "axon.port", env = "BT_AXON_PORT", value_name = "PORT")]
    pub port: Option<u16>,
    /// Show what would be sent, and send nothing. No key is opened.
    #[arg(long)]
    pub dry_run: bool,
    /// Which chain.
    #[command(flatten)]
    pub chain: ChainFlags,
}

/// Flags of `soma chain weights`.
#[derive(Clone, Debug, Args)]
pub struct WeightsFlags {
    /// A uid and its weight, as often as there are miners: 0=0.7 3=0.3. Weights are numbers from 0 on; only their
    /// proportion counts.
    #[arg(required = true, value_name = "UID=WEIGHT")]
    pub weights: Vec<String>,
    /// The version key [default: the one that the subnet asks for].
    #[arg(long, value_name = "NUMBER")]
    pub version_key: Option<u64>,
    /// The mechanism of the subnet.
    #[arg(long, default_value_t = 0, value_name = "NUMBER")]
    pub mechanism: u8,
    /// Show what would be sent, and send nothing. No key is opened.
    #[arg(long)]
    pub dry_run: bool,
    /// Which chain.
    #[command(flatten)]
    pub chain: ChainFlags,
}

/// Commands around the chain.
#[derive(Debug, Subcommand)]
pub enum ChainCommand {
    /// Show the neurons of a subnet: stake, incentive, dividends, emission, permit, address.
    #[command(after_help = examples::METAGRAPH)]
    Metagraph(MetagraphFlags),
    /// Show a subnet's rules: tempo, rate limits, least stake, weights.
    #[command(after_help = examples::HYPERPARAMETERS)]
    Hyperparameters(ChainFlags),
    /// Show what an account has, and what is staked behind the wallet's hotkey.
    #[command(after_help = examples::BALANCE)]
    Balance(BalanceFlags),
    /// Register the hotkey on the subnet. The coldkey pays the price of the moment, which is shown first.
    #[command(after_help = examples::REGISTER)]
    Register(RegisterFlags),
    /// Put TAO of the coldkey behind the hotkey.
    #[command(after_help = examples::STAKE)]
    Stake(StakeFlags),
    /// Publish the axon's address, as `soma run` does at its start.
    #[command(after_help = examples::SERVE)]
    Serve(ServeFlags),
    /// Set the weights of this validator.
    #[command(after_help = examples::WEIGHTS)]
    Weights(WeightsFlags),
}
