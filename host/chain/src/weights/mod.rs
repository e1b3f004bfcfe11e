//! From scores to weights that the chain takes.
//!
//! The arithmetic is the Python SDK's: as version 11 does it, in 64-bit numbers, failing when fewer weights remain than
//! the subnet wants; version 10's fallback (weights for everybody) is [`Shortfall::Spread`]. Scores come from plugins
//! and from configuration, so every number is checked.
//!
//! # Layout
//! - [`prepare`]: the whole way, with a subnet's [`Rules`]
//! - [`clip()`]: no weight over the limit; [`emit()`]: whole numbers

mod clip;
mod emit;

pub use clip::clip;
pub use emit::emit;

/// What v10 adds to every neuron when too few have a weight.
const CRUMB: f64 = 1e-5;

/// A neuron's weight as the chain stores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Weight {
    /// The neuron.
    pub uid: u16,
    /// 1 to 65,535; only the proportions count.
    pub value: u16,
}

/// What happens when fewer weights remain than the subnet wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shortfall {
    /// Nothing is set, and the validator is told (version 11).
    #[default]
    Refuse,
    /// Every neuron of the subnet gets a little, or the same when there is no score at all (version 10).
    Spread,
}

/// A subnet's rules for weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Neurons of the subnet; the uids are 0 to this less one.
    pub neurons: u16,
    /// The least number of weights (`MinAllowedWeights`); a subnet with fewer neurons wants one for each.
    pub least: u16,
    /// The largest weight's share of the sum, in 65,535ths (`MaxWeightsLimit`; 65,535 is no limit).
    pub limit: u16,
    /// The share of the lowest weights to leave out, in 65,535ths; 0 leaves out none.
    pub exclude: u16,
    /// The validator's own uid: a single weight on oneself is free of the two rules above.
    pub own: Option<u16>,
    /// What to do when too few remain.
    pub shortfall: Shortfall,
}

/// Why there are no weights.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum WeightsError {
    /// A weight is infinite or no number.
    #[error("weight {place} is not a finite number")]
    #[diagnostic(code(soma::chain::weight_not_finite), help("mend the score; a division by zero gives such numbers"))]
    NotFinite {
        /// Its place in the list, from 0.
        place: usize,
    },
    /// A weight is below zero.
    #[error("weight {place} is negative")]
    #[diagnostic(code(soma::chain::weight_negative), help("scores have to be 0 or more; shift or cut them first"))]
    Negative {
        /// Its place in the list, from 0.
        place: usize,
    },
    /// A uid that no subnet has.
    #[error("uid {uid} is not a neuron of a subnet with {neurons}")]
    #[diagnostic(code(soma::chain::uid_too_large), help("take the uids from the metagraph of the same block"))]
    UidTooLarge {
        /// The uid.
        uid: u32,
        /// Neurons of the subnet, or the most that any can have.
        neurons: u32,
    },
    /// A uid has two weights.
    #[error("uid {uid} is there twice")]
    #[diagnostic(code(soma::chain::uid_twice), help("add up a neuron's scores before they become weights"))]
    Duplicate {
        /// The uid.
        uid: u32,
    },
    /// The limit is no share.
    #[error("the limit of a weight is not a number from 0 to 1")]
    #[diagnostic(code(soma::chain::bad_weight_limit), help("give a share of the sum, such as 0.1"))]
    BadLimit,
    /// Fewer weights above zero remain than the subnet wants.
    #[error("{remaining} weights remain, and the subnet wants at least {least}")]
    #[diagnostic(
        code(soma::chain::too_few_weights),
        help("score more neurons, or let every neuron have a little (the fallback of version 10 of the Python SDK)")
    )]
    TooFew {
        /// Weights above zero.
        remaining: usize,
        /// What the subnet wants.
        least: u16,
    },
    /// The limit of a weight cannot be kept.
    #[error("{remaining} weights are too few to keep each under {limit}/65535 of the sum")]
    #[diagnostic(code(soma::chain::weights_over_limit), help("score more neurons"))]
    OverLimit {
        /// Weights above zero.
        remaining: usize,
        /// The subnet's limit, in 65,535ths.
        limit: u16,
    },
}

/// Makes weights for the chain out of scores: leaves out what the rules leave out, keeps the limit, rounds.
///
/// `scores` has a number of 0 or more for each uid that was scored; the order does not matter. The answer is sorted by
/// uid and never empty.
///
/// # Errors
/// [`WeightsError`] names the first bad entry, or which rule cannot be kept.
pub fn prepare(scores: &[(u32, f64)], rules: &Rules) -> Result<Vec<Weight>, WeightsError> {
    let shares = process(scores, rules)?;
    let weights = emit(&shares)?;
    let alone = matches!(weights.as_slice(), [only] if Some(only.uid) == rules.own);
    if alone {
        return Ok(weights);
    }
    // Again, because rounding leaves out the smallest.
    enough(weights.len(), rules)?;
    emit::keep_limit(weights, rules.limit)
}

/// The share of each neuron, before it is rounded; those with nothing are left out. Sorted by uid, adds up to 1.
///
/// # Errors
/// As [`prepare`].
pub fn process(scores: &[(u32, f64)], rules: &Rules) -> Result<Vec<(u32, f64)>, WeightsError> {
    let scores = checked(scores)?;
    if let Some((uid, _)) = scores.iter().find(|(uid, _)| *uid >= rules.neurons) {
        return Err(WeightsError::UidTooLarge { uid: (*uid).into(), neurons: rules.neurons.into() });
    }
    let scored: Vec<(u16, f64)> = scores.into_iter().filter(|(_, score)| *score > 0.0).collect();
    if matches!(scored.as_slice(), [(uid, _)] if Some(*uid) == rules.own) {
        return Ok(scored.into_iter().map(|(uid, _)| (uid.into(), 1.0)).collect());
    }
    let chosen = match enough(scored.len(), rules) {
        Ok(()) => without_lowest(scored, rules),
        Err(error) if rules.shortfall == Shortfall::Refuse => return Err(error),
        Err(_) => spread(&scored, rules.neurons),
    };
    let values: Vec<f64> = chosen.iter().map(|(_, score)| *score).collect();
    let shares = clip(&values, f64::from(rules.limit) / 65_535.0)?;
    Ok(chosen.iter().map(|(uid, _)| u32::from(*uid)).zip(shares).collect())
}

/// Whether so many weights are enough. None are never enough.
fn enough(remaining: usize, rules: &Rules) -> Result<(), WeightsError> {
    let least = rules.least.min(rules.neurons).max(1);
    if remaining >= usize::from(least) { Ok(()) } else { Err(WeightsError::TooFew { remaining, least }) }
}

/// Every neuron gets something: the same when nobody was scored, else a crumb besides its score.
fn spread(scored: &[(u16, f64)], neurons: u16) -> Vec<(u16, f64)> {
    let crumb = if scored.is_empty() { 1.0 } else { CRUMB };
    let mut all: Vec<(u16, f64)> = (0..neurons).map(|uid| (uid, crumb)).collect();
    for (uid, score) in scored {
        if let Some((_, weight)) = all.get_mut(usize::from(*uid)) {
            *weight += score;
        }
    }
    all
}

/// Leaves out the lowest, but never so many that fewer remain than the subnet wants.
fn without_lowest(scored: Vec<(u16, f64)>, rules: &Rules) -> Vec<(u16, f64)> {
    let count = clip::precise(scored.len());
    let spare = clip::precise(scored.len().saturating_sub(usize::from(rules.least)));
    let share = (f64::from(rules.exclude) / 65_535.0).min(spare / count);
    let mut sorted: Vec<f64> = scored.iter().map(|(_, score)| *score).collect();
    sorted.sort_by(f64::total_cmp);
    let bound = quantile(&sorted, share);
    scored.into_iter().filter(|(_, score)| *score >= bound).collect()
}

/// The value below which this share of sorted values lies, between two neighbours in proportion (as numpy does).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * clip::precise(sorted.len().saturating_sub(1));
    let at = |index: f64| {
        // At most the number of neurons.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 65,535")]
        let index = index.clamp(0.0, 65_535.0) as usize;
        sorted.get(index).or(sorted.last()).copied().unwrap_or_default()
    };
    let (low, high) = (at(place.floor()), at(place.ceil()));
    low + (high - low) * (place - place.floor())
}

/// Sorted by uid, every number in order, no uid twice.
fn checked(weights: &[(u32, f64)]) -> Result<Vec<(u16, f64)>, WeightsError> {
    let mut sorted = Vec::with_capacity(weights.len());
    for (place, (uid, weight)) in weights.iter().enumerate() {
        check_number(place, *weight)?;
        let short = u16::try_from(*uid).map_err(|_| WeightsError::UidTooLarge { uid: *uid, neurons: 65_536 })?;
        sorted.push((short, *weight));
    }
    sorted.sort_by_key(|(uid, _)| *uid);
    let twice = sorted.windows(2).find_map(|pair| match pair {
        [(one, _), (other, _)] if one == other => Some(*one),
        _ => None,
    });
    match twice {
        Some(uid) => Err(WeightsError::Duplicate { uid: uid.into() }),
        None => Ok(sorted),
    }
}

fn check_number(place: usize, weight: f64) -> Result<(), WeightsError> {
    if !weight.is_finite() {
        return Err(WeightsError::NotFinite { place });
    }
    if weight < 0.0 {
        return Err(WeightsError::Negative { place });
    }
    Ok(())
}
