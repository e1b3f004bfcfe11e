//! Asks the chain for what `chain` judges.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use soma_chain::write::{Journal, WritePolicy, Writer};
use soma_chain::{At, ChainError, Client, Endpoints, LagPolicy, PALLET, Policy, shape};
use soma_protocol::ss58::PublicKey;

use super::chain::{self, Facts, Pace, Registered, Rules, UnderWay};
use super::finding::Finding;
use crate::cli::RunFlags;
use crate::command::JOURNAL;
use crate::command::chain::place;
use crate::config::{NETUID, Settings};

const CHECK: &str = "endpoint";
/// How long all questions together may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where to ask, and about whom.
struct Inquiry {
    endpoints: Endpoints,
    /// As the operator writes it.
    network: String,
    netuid: u16,
    hotkey: Option<PublicKey>,
    /// Where extrinsics are kept until they are final.
    journal: Option<PathBuf>,
}

/// Asks, and judges the answers. A chain that cannot be asked is one finding.
pub async fn check(flags: &RunFlags, settings: Option<&Settings>, hotkey: Option<&str>) -> Vec<Finding> {
    if flags.offline {
        return vec![Finding::skipped(CHECK, "--offline: no chain is asked, and nobody needs to be registered")];
    }
    let inquiry = match Inquiry::of(flags, settings, hotkey) {
        Ok(inquiry) => inquiry,
        Err(error) => return vec![Finding::from_error(CHECK, &error)],
    };
    let address = settings.and_then(|settings| settings.external);
    match tokio::time::timeout(PATIENCE, inquiry.ask()).await {
        Ok(Ok(facts)) => chain::judge(&facts, hotkey, address),
        Ok(Err(error @ ChainError::NoSubnet { .. })) => vec![Finding::from_error("registration", &error)],
        Ok(Err(error)) => vec![Finding::from_error(CHECK, &error)],
        Err(_) => vec![Finding::wrong(
            CHECK,
            format!("{} did not answer all questions in {} s", inquiry.network, PATIENCE.as_secs()),
            "name another node: --subtensor.chain_endpoint URL, or endpoints under [chain]",
        )],
    }
}

impl Inquiry {
    /// The chain that `soma run` would take. A configuration that cannot be used leaves the flags.
    fn of(flags: &RunFlags, settings: Option<&Settings>, hotkey: Option<&str>) -> Result<Inquiry, ChainError> {
        let network = flags.chain.network.as_deref().or(settings.map(|settings| settings.network.as_str()));
        let endpoints = match settings.and_then(|settings| settings.chain.as_ref()) {
            Some(chain) => chain.endpoints.clone(),
            None => place::endpoints(network, &flags.chain.endpoints)?,
        };
        Ok(Inquiry {
            network: place::shown(&endpoints),
            endpoints,
            netuid: settings.map(|settings| settings.netuid).or(flags.chain.netuid).unwrap_or(NETUID),
            hotkey: hotkey.and_then(|hotkey| PublicKey::from_ss58(hotkey).ok()),
            journal: settings.map(|settings| settings.state.join(JOURNAL)),
        })
    }

    async fn ask(&self) -> Result<Facts, ChainError> {
        let policy = Policy::of(self.endpoints.network());
        let client = Client::connect(self.endpoints.clone(), policy).await?;
        // The newest block for the clock, a final one for everything else.
        let block_age = client.at_best().await?.time().await.ok().map(age);
        let at = client.at_finalized().await?;
        Ok(Facts {
            network: self.network.clone(),
            netuid: self.netuid,
            endpoint: client.endpoint().map_or_else(|| self.network.clone(), |endpoint| endpoint.to_string()),
            pace: if policy.lag == LagPolicy::Any { Pace::OnDemand } else { Pace::Steady },
            spec_version: at.spec_version(),
            drift: shape::drift(at.metadata()).iter().map(ToString::to_string).collect(),
            block: at.number(),
            block_age,
            rules: self.rules(&at).await?,
            neuron: self.neuron(&at).await?,
            under_way: self.under_way(&client),
        })
    }

    /// What the journal keeps of the hotkey's. One that cannot be read stops the next write with its own words.
    fn under_way(&self, client: &Client) -> Option<UnderWay> {
        let folder = self.journal.as_ref().filter(|folder| folder.is_dir())?;
        let writer = Writer::new(client.clone(), Journal::open(folder).ok()?, WritePolicy::default());
        let entry = writer.pending(self.hotkey.as_ref()?).ok().flatten()?;
        Some(UnderWay { call: entry.call().to_owned(), last_valid: entry.last_valid() })
    }

    async fn rules(&self, at: &At) -> Result<Rules, ChainError> {
        let hyperparameters = at.hyperparameters(self.netuid).await?;
        let stake_threshold: Option<u64> = match at.has_storage(PALLET, "StakeThreshold") {
            true => at.storage(PALLET, "StakeThreshold", ()).await?,
            false => None,
        };
        Ok(Rules {
            stake_threshold: stake_threshold.unwrap_or_default(),
            weights_rate_limit: hyperparameters.weights_rate_limit,
            serving_rate_limit: hyperparameters.serving_rate_limit,
            weights_version_key: hyperparameters.weights_version,
            commit_reveal: hyperparameters.commit_reveal,
        })
    }

    async fn neuron(&self, at: &At) -> Result<Option<Registered>, ChainError> {
        let Some(hotkey) = &self.hotkey else { return Ok(None) };
        let metagraph = at.metagraph(self.netuid).await?;
        Ok(metagraph.by_hotkey(hotkey).map(|neuron| Registered {
            uid: neuron.uid,
            stake: neuron.stake,
            permit: neuron.validator_permit,
            axon: neuron.axon.as_ref().and_then(soma_chain::Axon::address),
            served: neuron.axon.map(|axon| axon.block).filter(|block| *block > 0),
            updated: neuron.last_update,
        }))
    }
}

/// Seconds from a block's time until now; below zero when this machine's clock is behind it.
fn age(made: Duration) -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.as_secs_f64() - made.as_secs_f64()
}
