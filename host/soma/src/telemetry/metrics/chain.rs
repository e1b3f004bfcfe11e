//! What is known of the chain, as series.

use super::Metrics;
use crate::subnet::{ChainLevel, OwnLevel, View};
use crate::telemetry::registry as table;

impl Metrics {
    /// Shows what is known of the chain and of this neuron on it. Numbers that are not known keep their last value;
    /// `soma_chain_age_seconds` and `soma_neuron_registered` say what they are worth.
    pub(super) fn show_chain(&self, chain: &ChainLevel) {
        self.series(&table::CHAIN_OUTAGE, []).set(yes(chain.view != View::Fresh));
        self.series(&table::CHAIN_STALE, []).set(yes(chain.view == View::TooOld));
        self.series(&table::CHAIN_DRIFT, []).set(chain.drift as f64);
        self.series(&table::CHAIN_NEURONS, []).set(chain.neurons as f64);
        if let (Some(block), Some(age)) = (chain.block, chain.age) {
            self.series(&table::CHAIN_BLOCK, []).set(block as f64);
            self.series(&table::CHAIN_AGE, []).set(age.as_secs_f64());
        }
        for endpoint in &chain.endpoints {
            let is_connected = chain.endpoint.as_ref() == Some(endpoint);
            self.series(&table::CHAIN_ENDPOINT, [endpoint.clone().into()]).set(yes(is_connected));
        }
        self.series(&table::OWN_REGISTERED, []).set(yes(chain.own.is_some()));
        if let Some(own) = &chain.own {
            self.show_own(own);
        }
    }

    fn show_own(&self, own: &OwnLevel) {
        let rows = [
            (&table::OWN_UID, f64::from(own.uid)),
            (&table::OWN_STAKE, own.stake),
            (&table::OWN_EMISSION, own.emission),
            (&table::OWN_INCENTIVE, own.incentive),
            (&table::OWN_DIVIDENDS, own.dividends),
            (&table::OWN_CONSENSUS, own.consensus),
            (&table::OWN_TRUST, own.validator_trust),
            (&table::OWN_PERMIT, yes(own.validator_permit)),
            (&table::OWN_ACTIVE, yes(own.active)),
            (&table::OWN_PUBLISHED, yes(own.published)),
        ];
        for (metric, value) in rows {
            self.series(metric, []).set(value);
        }
    }
}

fn yes(is: bool) -> f64 {
    f64::from(u8::from(is))
}
