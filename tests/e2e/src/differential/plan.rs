//! From a seed to requests.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::draft::{Draft, fields};
use super::mutation::Mutation;

/// Classes that requests are changed on, the simplest most often.
const ROUTES: [&str; 7] = ["TextSynapse", "TextSynapse", "TextSynapse", "HashedSynapse", "Echo", "Typed", "Synapse"];
/// Classes whose handlers do something odd. Requests to them stay good ones.
const ODD_ROUTES: [&str; 11] = [
    "HttpExc",
    "RetNone",
    "StatusSet",
    "MsgUni",
    "BlRaise",
    "BlUni",
    "PrRaise",
    "VfRaise",
    "VfOk",
    "RetResp",
    "RaiseSynEx",
];
/// What prompts are made of: text that encoders have to agree about.
const TEXTS: [&str; 8] = ["hi", "", "na\u{ef}ve \u{20ac}", "'\"\\", "\n\t\r", "\u{1f642}", "a b  c", "\u{7f}\u{80}"];

/// One case: a good request and its changes.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The seed that it came from.
    pub seed: u64,
    /// Its place in the sequence.
    pub index: u64,
    /// The class that is asked.
    pub route: &'static str,
    /// None, one or two.
    pub changes: Vec<Mutation>,
    text: &'static str,
    choices: [u64; 2],
}

impl Plan {
    /// The case at `index` of the sequence that `seed` makes.
    pub fn new(seed: u64, index: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut from = |list: &[&'static str]| {
            let place = random.random_range(0..list.len());
            list.get(place).copied().unwrap_or_default()
        };
        let text = from(&TEXTS);
        let (plain, odd) = (from(&ROUTES), from(&ODD_ROUTES));
        let all = Mutation::all();
        let (route, count) = match random.random_range(0..100) {
            0..8 => (odd, 0),
            8..13 => (plain, 0),
            13..78 => (plain, 1),
            _ => (plain, 2),
        };
        let changes = (0..count).filter_map(|_| all.get(random.random_range(0..all.len())).copied()).collect();
        Self { seed, index, route, changes, text, choices: random.random() }
    }

    /// The request with its changes. `now` is Unix time in nanoseconds and must differ from case to case.
    pub fn draft(&self, now: u64) -> Draft {
        let uuid = format!("00000000-0000-11f0-8000-{:012x}", now & 0xffff_ffff_ffff);
        let mut draft = Draft::new(self.route, fields(self.route, self.text), now, uuid);
        if self.route == "HashedSynapse" {
            draft.hash = Some(hash_of(self.text));
        }
        for (change, choice) in self.changes.iter().zip(self.choices) {
            (change.apply)(&mut draft, choice);
        }
        draft
    }

    /// What was changed, for people.
    pub fn title(&self) -> String {
        let names: Vec<&str> = self.changes.iter().map(|change| change.name).collect();
        let names = if names.is_empty() { "unchanged".to_owned() } else { names.join(" + ") };
        format!("seed {} case {}: {}: {names}", self.seed, self.index, self.route)
    }
}

/// The hash over `prompt` and the default of `max_tokens`.
fn hash_of(prompt: &str) -> String {
    use sha3::{Digest, Sha3_256};
    let mut outer = Sha3_256::new();
    for value in [prompt, "100"] {
        outer.update(hex::encode(Sha3_256::digest(value)));
    }
    hex::encode(outer.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_makes_the_same_requests() {
        let text = |seed, index| {
            let requests = Plan::new(seed, index).draft(1_800_000_000_000_000_000).requests().unwrap();
            // Signatures are made with fresh randomness.
            let steady: Vec<String> = requests
                .iter()
                .map(|request| request.clone().without("bt_header_dendrite_signature").describe())
                .collect();
            steady.join("\n")
        };
        let all: Vec<String> = (0..200).map(|index| text(7, index)).collect();
        assert_eq!(all, (0..200).map(|index| text(7, index)).collect::<Vec<_>>());
        assert_ne!(all, (0..200).map(|index| text(8, index)).collect::<Vec<_>>());
    }

    #[test]
    fn ten_thousand_requests_hold_every_change_and_class() {
        let plans: Vec<Plan> = (0..10_000).map(|index| Plan::new(1, index)).collect();
        for change in Mutation::all() {
            assert!(plans.iter().any(|plan| plan.changes.iter().any(|made| made.name == change.name)), "{change:?}");
        }
        for route in ROUTES.iter().chain(&ODD_ROUTES) {
            assert!(plans.iter().any(|plan| plan.route == *route), "{route}");
        }
    }
}
