//! Yuma's arithmetic as the guides describe it: each neuron's consensus weight is the stake-weighted median of what
//! validators give it, weights above it are cut, and what is left ranks the neurons. Not bit for bit that of subtensor,
//! which computes in fixed point and has more switches.

/// What an epoch computes from; lists have a place for each neuron.
pub(super) struct Input {
    /// What consensus counts, in RAO.
    pub(super) stake: Vec<f64>,
    /// Whether a neuron has been heard of lately.
    pub(super) active: Vec<bool>,
    /// Who may set weights on others.
    pub(super) permitted: Vec<bool>,
    /// A validator's row of weights, 0 to 1.
    pub(super) weights: Vec<Vec<f64>>,
    /// A validator's row of bonds as the last epoch left it, 0 to 1.
    pub(super) bonds: Vec<Vec<f64>>,
    /// The share of stake that has to agree.
    pub(super) kappa: f64,
    /// How much of the new bonds an epoch takes over, 0 to 1.
    pub(super) bond_pace: f64,
}

/// What an epoch comes to; all from 0 to 1, incentive and dividends each sum to 1 unless they are all 0.
pub(super) struct Outcome {
    pub(super) consensus: Vec<f64>,
    pub(super) incentive: Vec<f64>,
    pub(super) trust: Vec<f64>,
    pub(super) validator_trust: Vec<f64>,
    pub(super) dividends: Vec<f64>,
    pub(super) bonds: Vec<Vec<f64>>,
}

impl Input {
    /// Who gets a permit now: the `most` neurons with the largest stake, none without stake.
    pub(super) fn permits(&self, most: usize) -> Vec<bool> {
        let mut order: Vec<(usize, f64)> =
            self.stake.iter().copied().enumerate().filter(|(_, stake)| *stake > 0.0).collect();
        order.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        let chosen: Vec<usize> = order.into_iter().take(most).map(|(uid, _)| uid).collect();
        (0..self.stake.len()).map(|uid| chosen.contains(&uid)).collect()
    }

    /// Each neuron's share of the stake of active validators.
    fn voices(&self) -> Vec<f64> {
        let states = self.active.iter().zip(&self.permitted);
        let voices = self.stake.iter().zip(states);
        normalised(
            voices.map(|(stake, (active, permitted))| if *active && *permitted { *stake } else { 0.0 }).collect(),
        )
    }

    /// Rows of weights, of validators only, without what they give themselves, each summing to 1.
    fn votes(&self) -> Vec<Vec<f64>> {
        let rows = self.weights.iter().zip(&self.permitted).enumerate();
        rows.map(|(uid, (row, permitted))| {
            let counts = |target: usize| *permitted && target != uid;
            normalised(row.iter().enumerate().map(|(target, w)| if counts(target) { *w } else { 0.0 }).collect())
        })
        .collect()
    }
}

/// Runs an epoch.
pub(super) fn run(input: &Input) -> Outcome {
    let (voices, votes) = (input.voices(), input.votes());
    let count = voices.len();
    let consensus: Vec<f64> = (0..count).map(|target| median(&column(&votes, target), &voices, input.kappa)).collect();
    let clipped: Vec<Vec<f64>> =
        votes.iter().map(|row| row.iter().zip(&consensus).map(|(vote, most)| vote.min(*most)).collect()).collect();
    let before: Vec<f64> = (0..count).map(|target| weighted(&column(&votes, target), &voices)).collect();
    let rank: Vec<f64> = (0..count).map(|target| weighted(&column(&clipped, target), &voices)).collect();
    let trust =
        rank.iter().zip(&before).map(|(after, before)| if *before > 0.0 { after / before } else { 0.0 }).collect();
    let incentive = normalised(rank);
    let bonds = bonds(input, &voices, &clipped);
    let dividends = normalised(bonds.iter().map(|row| weighted(row, &incentive)).collect());
    Outcome {
        validator_trust: clipped.iter().map(|row| row.iter().sum()).collect(),
        dividends: match dividends.iter().any(|share| *share > 0.0) {
            true => dividends,
            false => voices,
        },
        consensus,
        incentive,
        trust,
        bonds,
    }
}

/// The largest weight that validators with more than `kappa` of the stake give, each at least.
fn median(votes: &[f64], voices: &[f64], kappa: f64) -> f64 {
    let mut given: Vec<(f64, f64)> = votes.iter().copied().zip(voices.iter().copied()).collect();
    given.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let mut agreed = 0.0;
    for (vote, voice) in given {
        agreed += voice;
        if agreed > kappa {
            return vote;
        }
    }
    0.0
}

/// Bonds move towards each validator's share of what was given to a neuron.
fn bonds(input: &Input, voices: &[f64], clipped: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let given: Vec<Vec<f64>> =
        clipped.iter().zip(voices).map(|(row, voice)| row.iter().map(|vote| vote * voice).collect()).collect();
    let totals: Vec<f64> = (0..voices.len()).map(|target| column(&given, target).iter().sum()).collect();
    let rows = given.iter().zip(&input.bonds);
    rows.map(|(row, old)| {
        let places = row.iter().zip(&totals).zip(old);
        places
            .map(|((given, total), old)| {
                let share = if *total > 0.0 { given / total } else { 0.0 };
                share * input.bond_pace + old * (1.0 - input.bond_pace)
            })
            .collect()
    })
    .collect()
}

fn column(rows: &[Vec<f64>], target: usize) -> Vec<f64> {
    rows.iter().map(|row| row.get(target).copied().unwrap_or_default()).collect()
}

fn weighted(values: &[f64], by: &[f64]) -> f64 {
    values.iter().zip(by).map(|(value, by)| value * by).sum()
}

/// Divided by their sum; all 0 when the sum is.
fn normalised(values: Vec<f64>) -> Vec<f64> {
    let sum: f64 = values.iter().sum();
    match sum > 0.0 {
        true => values.into_iter().map(|value| value / sum).collect(),
        false => vec![0.0; values.len()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two validators (0 with 60, 1 with 40) and two miners (2 and 3).
    fn input(first: [f64; 4], second: [f64; 4]) -> Input {
        Input {
            stake: vec![60.0, 40.0, 0.0, 0.0],
            active: vec![true; 4],
            permitted: vec![true, true, false, false],
            weights: vec![first.to_vec(), second.to_vec(), vec![0.0; 4], vec![0.0; 4]],
            bonds: vec![vec![0.0; 4]; 4],
            kappa: 0.5,
            bond_pace: 0.1,
        }
    }

    #[test]
    fn incentive_follows_agreed_weights() {
        let outcome = run(&input([0.0, 0.0, 0.75, 0.25], [0.0, 0.0, 0.75, 0.25]));
        assert_eq!(outcome.incentive, [0.0, 0.0, 0.75, 0.25]);
        assert_eq!(outcome.trust, [0.0, 0.0, 1.0, 1.0]);
        assert!((outcome.dividends[0] - 0.6).abs() < 1e-9, "{:?}", outcome.dividends);
    }

    #[test]
    fn weights_above_the_median_of_stake_are_cut() {
        let outcome = run(&input([0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]));
        assert_eq!(outcome.consensus, [0.0, 0.0, 1.0, 0.0]);
        assert_eq!(outcome.incentive, [0.0, 0.0, 1.0, 0.0]);
        assert_eq!(outcome.validator_trust, [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(outcome.dividends, [1.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn weights_on_oneself_and_of_strangers_do_not_count() {
        let mut selfish = input([1.0, 0.0, 0.5, 0.5], [0.0, 0.0, 0.5, 0.5]);
        selfish.weights[2] = vec![0.0, 0.0, 0.0, 1.0];
        assert_eq!(run(&selfish).incentive, [0.0, 0.0, 0.5, 0.5]);
    }

    #[test]
    fn permits_go_to_the_largest_stakes() {
        let input = input([0.0; 4], [0.0; 4]);
        assert_eq!(input.permits(1), [true, false, false, false]);
        assert_eq!(input.permits(9), [true, true, false, false]);
        let outcome = run(&input);
        assert_eq!(outcome.incentive, [0.0; 4]);
        assert_eq!(outcome.dividends, [0.6, 0.4, 0.0, 0.0]);
    }
}
