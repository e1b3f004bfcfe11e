//! The chain's numbers at one moment, for metrics.

use std::time::Duration;

use soma_chain::{MetagraphHandle, Neuron, Standing, Tao};
use soma_protocol::ss58::PublicKey;

use super::graph::score;

/// What is known of the chain, and how well.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChainLevel {
    /// How it stands.
    pub view: View,
    /// The block that is known; none before the first.
    pub block: Option<u64>,
    /// How long ago it was read; none before the first.
    pub age: Option<Duration>,
    /// Neurons in the subnet.
    pub neurons: usize,
    /// Host and port of the endpoint that answers; none while there is no connection.
    pub endpoint: Option<String>,
    /// The same of all endpoints, so that one that is left shows 0.
    pub endpoints: Vec<String>,
    /// How many things differ from the chain that this version was made for.
    pub drift: usize,
    /// This neuron; none while it is not registered.
    pub own: Option<OwnLevel>,
}

/// How what is known of the chain stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// The last read went well.
    Fresh,
    /// Reads fail; the host serves on by what it has.
    Outage,
    /// Too old to serve by, or never read.
    #[default]
    TooOld,
}

/// What the chain says of this neuron.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OwnLevel {
    /// Its uid.
    pub uid: u16,
    /// Stake as consensus counts it, in whole alpha.
    pub stake: f64,
    /// Alpha of the last epoch, whole.
    pub emission: f64,
    /// From 0 to 1.
    pub incentive: f64,
    /// From 0 to 1.
    pub dividends: f64,
    /// From 0 to 1.
    pub consensus: f64,
    /// From 0 to 1.
    pub validator_trust: f64,
    /// Whether it has a validator permit.
    pub validator_permit: bool,
    /// Whether it counts as active.
    pub active: bool,
    /// Whether an address is published.
    pub published: bool,
}

impl ChainLevel {
    pub(super) fn of(handle: &MetagraphHandle, hotkey: &PublicKey) -> ChainLevel {
        let last = handle.last();
        let metagraph = last.as_ref().map(|snapshot| snapshot.metagraph());
        let client = handle.client();
        let endpoints = client.as_ref().map(|client| client.endpoints().urls()).unwrap_or_default();
        ChainLevel {
            view: handle.standing().into(),
            block: metagraph.map(|metagraph| metagraph.block()),
            age: handle.age(),
            neurons: metagraph.map_or(0, |metagraph| metagraph.neurons().len()),
            endpoint: client.as_ref().and_then(|client| client.endpoint()).map(|endpoint| endpoint.host().to_owned()),
            endpoints: endpoints.iter().map(|endpoint| endpoint.host().to_owned()).collect(),
            drift: handle.drift().len(),
            own: metagraph.and_then(|metagraph| metagraph.by_hotkey(hotkey)).map(OwnLevel::from),
        }
    }
}

impl From<Standing> for View {
    fn from(standing: Standing) -> View {
        match standing {
            Standing::Fresh => View::Fresh,
            Standing::Outage => View::Outage,
            Standing::TooOld | Standing::Unread => View::TooOld,
        }
    }
}

impl From<&Neuron> for OwnLevel {
    fn from(neuron: &Neuron) -> OwnLevel {
        OwnLevel {
            uid: neuron.uid,
            stake: Tao(neuron.stake).whole(),
            emission: Tao(neuron.emission).whole(),
            incentive: score(neuron.incentive),
            dividends: score(neuron.dividends),
            consensus: score(neuron.consensus),
            validator_trust: score(neuron.validator_trust),
            validator_permit: neuron.validator_permit,
            active: neuron.active,
            published: neuron.axon.is_some_and(|axon| axon.address().is_some()),
        }
    }
}
