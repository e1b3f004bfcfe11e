//! The metagraph that an author's `cases.toml` describes: what the plugin sees instead of a chain's.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{self, Deserializer};
use soma_runtime::{Absence, Metagraph, Neuron, Pinned, Subnet};

/// The coldkey of a neuron that names none: a well-known key for development.
const COLDKEY: &str = "5C4hrfjw9DjXZTzV3MwzrrAr9P1MJhSrvWGWqi1eSuyUpnhM";

/// The block of a metagraph that names none.
const BLOCK: u32 = 1000;

/// The table `[metagraph]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "MetagraphFields")]
pub struct MetagraphSpec {
    made: Arc<Made>,
}

/// What a case takes away from its file's metagraph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AbsenceSpec {
    /// As if the host ran with `--offline`.
    Offline,
    /// As if none had been read yet, or the last one were too old.
    Unread,
}

impl MetagraphSpec {
    /// What a case's request sees.
    pub fn pinned(spec: Option<&MetagraphSpec>, taken: Option<AbsenceSpec>) -> Pinned {
        match (spec, taken) {
            (_, Some(AbsenceSpec::Unread)) => Err(Absence::Unread),
            (None, None) | (_, Some(AbsenceSpec::Offline)) => Err(Absence::Offline),
            (Some(spec), None) => Ok(spec.made.clone()),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct MetagraphFields {
    #[serde(default = "first_netuid")]
    netuid: u16,
    #[serde(default = "first_block")]
    block: u32,
    own_uid: Option<u16>,
    /// By uid, from 0 on.
    #[serde(default, rename = "neuron")]
    neurons: Vec<NeuronFields>,
}

fn first_netuid() -> u16 {
    1
}

fn first_block() -> u32 {
    BLOCK
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct NeuronFields {
    hotkey: String,
    coldkey: Option<String>,
    #[serde(default)]
    stake: Amount,
    alpha_stake: Option<Amount>,
    #[serde(default)]
    tao_stake: Amount,
    #[serde(default)]
    emission: Amount,
    #[serde(default)]
    consensus: Score,
    #[serde(default)]
    incentive: Score,
    #[serde(default)]
    dividends: Score,
    #[serde(default)]
    validator_trust: Score,
    #[serde(default)]
    validator_permit: bool,
    #[serde(default)]
    active: bool,
    #[serde(default)]
    last_update: u32,
    axon: Option<String>,
}

/// Whole alpha or TAO: a chain has no other amounts.
#[derive(Clone, Copy, Debug, Default)]
struct Amount(f64);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Amount, D::Error> {
        number(deserializer, "a number of 0 or more", |number| number.is_finite() && number >= 0.0).map(Amount)
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Score(f64);

impl<'de> Deserialize<'de> for Score {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Score, D::Error> {
        number(deserializer, "a number from 0 to 1", |number| (0.0..=1.0).contains(&number)).map(Score)
    }
}

fn number<'de, D: Deserializer<'de>>(
    deserializer: D,
    expected: &'static str,
    fits: impl Fn(f64) -> bool,
) -> Result<f64, D::Error> {
    let number = f64::deserialize(deserializer)?;
    if fits(number) {
        return Ok(number);
    }
    Err(de::Error::invalid_value(de::Unexpected::Float(number), &expected))
}

impl TryFrom<MetagraphFields> for MetagraphSpec {
    type Error = Unfit;

    fn try_from(fields: MetagraphFields) -> Result<MetagraphSpec, Unfit> {
        let MetagraphFields { netuid, block, own_uid, neurons } = fields;
        let mut made = Made { netuid, block, own_uid, neurons: Vec::new(), by_hotkey: HashMap::new() };
        for (uid, fields) in neurons.into_iter().enumerate() {
            let uid = u16::try_from(uid).map_err(|_| Unfit::Many)?;
            if made.by_hotkey.insert(fields.hotkey.clone(), uid).is_some() {
                return Err(Unfit::Twice(fields.hotkey));
            }
            made.neurons.push(neuron(uid, fields));
        }
        match own_uid.filter(|uid| usize::from(*uid) >= made.neurons.len()) {
            Some(uid) => Err(Unfit::Own(uid)),
            None => Ok(MetagraphSpec { made: Arc::new(made) }),
        }
    }
}

/// Why the table is no metagraph.
#[derive(Debug)]
enum Unfit {
    Many,
    Twice(String),
    Own(u16),
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Many => f.write_str("a subnet has at most 65536 neurons"),
            Unfit::Twice(hotkey) => write!(f, "two neurons have the hotkey {hotkey}: give each its own"),
            Unfit::Own(uid) => write!(f, "own-uid is {uid}, but the neurons' uids, counted from 0, end before it"),
        }
    }
}

fn neuron(uid: u16, fields: NeuronFields) -> Neuron {
    Neuron {
        uid,
        hotkey: fields.hotkey,
        coldkey: fields.coldkey.unwrap_or_else(|| COLDKEY.to_owned()),
        stake: fields.stake.0,
        alpha_stake: fields.alpha_stake.unwrap_or(fields.stake).0,
        tao_stake: fields.tao_stake.0,
        emission: fields.emission.0,
        consensus: fields.consensus.0,
        incentive: fields.incentive.0,
        dividends: fields.dividends.0,
        validator_trust: fields.validator_trust.0,
        validator_permit: fields.validator_permit,
        active: fields.active,
        last_update: fields.last_update,
        axon: fields.axon,
    }
}

/// Hotkeys are whatever the author writes, as those of callers are.
#[derive(Debug)]
struct Made {
    netuid: u16,
    block: u32,
    own_uid: Option<u16>,
    neurons: Vec<Neuron>,
    by_hotkey: HashMap<String, u16>,
}

impl Metagraph for Made {
    fn subnet(&self) -> Subnet {
        let size = u32::try_from(self.neurons.len()).unwrap_or(u32::MAX);
        Subnet { netuid: self.netuid, block: self.block, size, own_uid: self.own_uid }
    }

    fn by_uid(&self, uid: u16) -> Option<Neuron> {
        self.neurons.get(usize::from(uid)).cloned()
    }

    fn by_hotkey(&self, hotkey: &str) -> Option<Neuron> {
        self.by_uid(*self.by_hotkey.get(hotkey)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<MetagraphSpec, String> {
        toml::from_str(text).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn neurons_have_their_place_as_uid_and_what_the_author_writes() {
        let text = r#"
            block = 7
            own-uid = 1
            [[neuron]]
            hotkey = "5A"
            stake = 2
            validator-permit = true
            axon = "192.0.2.1:8091"
            [[neuron]]
            hotkey = "5B"
        "#;
        let spec = read(text).unwrap();
        let seen = MetagraphSpec::pinned(Some(&spec), None).unwrap_or_else(|absence| panic!("{absence:?}"));
        let subnet = seen.subnet();
        assert_eq!((subnet.netuid, subnet.block, subnet.size, subnet.own_uid), (1, 7, 2, Some(1)));
        let first = seen.by_hotkey("5A").unwrap();
        assert_eq!((first.uid, first.stake, first.alpha_stake, first.validator_permit), (0, 2.0, 2.0, true));
        assert_eq!(first.axon.as_deref(), Some("192.0.2.1:8091"));
        assert_eq!(seen.by_uid(1).unwrap().hotkey, "5B");
        assert!(seen.by_uid(2).is_none() && seen.by_hotkey("5C").is_none());
    }

    #[test]
    fn a_case_may_take_it_away() {
        let spec = read("").unwrap();
        let absence = |spec, taken| MetagraphSpec::pinned(spec, taken).err();
        assert_eq!(absence(None, None), Some(Absence::Offline));
        assert_eq!(absence(Some(&spec), None), None);
        assert_eq!(absence(Some(&spec), Some(AbsenceSpec::Offline)), Some(Absence::Offline));
        assert_eq!(absence(Some(&spec), Some(AbsenceSpec::Unread)), Some(Absence::Unread));
    }

    #[test]
    fn a_subnet_that_there_cannot_be_is_refused_in_words() {
        for (text, said) in [
            ("[[neuron]]\nhotkey = \"5A\"\nstake = -1", "0 or more"),
            ("[[neuron]]\nhotkey = \"5A\"\nstake = inf", "0 or more"),
            ("[[neuron]]\nhotkey = \"5A\"\nemission = nan", "0 or more"),
            ("[[neuron]]\nhotkey = \"5A\"\nincentive = 2", "from 0 to 1"),
            ("[[neuron]]\nstake = 1", "hotkey"),
            ("[[neuron]]\nhotkey = \"5A\"\n[[neuron]]\nhotkey = \"5A\"", "two neurons have the hotkey 5A"),
            ("own-uid = 0", "own-uid is 0"),
            ("[[neuron]]\nhotkey = \"5A\"\nsteak = 1", "steak"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
