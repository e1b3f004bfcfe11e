//! No weight over the subnet's limit.

use super::WeightsError;

/// Keeps the cutoff from dividing by nothing; the number of the Python SDK, so that both cut at the same place.
const EPSILON: f64 = 1e-7;

/// Weights that add up to 1, none of them over `limit` where that is possible.
///
/// What is over the limit is cut down to one common value, which is chosen so that it is the limit once all are divided
/// by the new sum. `limit` is a share of the sum (0 to 1). Too few weights to keep the limit, or none above zero, give
/// the same share to each. The algorithm is the one of the Python SDK (version 10 in 32-bit numbers, 11 in 64-bit
/// ones, as here).
///
/// # Errors
/// [`WeightsError::NotFinite`] and [`WeightsError::Negative`] name the first bad place; also for a bad limit.
pub fn clip(weights: &[f64], limit: f64) -> Result<Vec<f64>, WeightsError> {
    for (place, weight) in weights.iter().enumerate() {
        super::check_number(place, *weight)?;
    }
    if !limit.is_finite() || limit < 0.0 {
        return Err(WeightsError::BadLimit);
    }
    let count = precise(weights.len());
    let uniform = || vec![1.0 / count; weights.len()];
    let Some(shares) = normalise(weights) else { return Ok(uniform()) };
    if count * limit <= 1.0 {
        return Ok(uniform());
    }
    if shares.iter().all(|share| *share <= limit) {
        return Ok(shares);
    }
    // Without anything below the cut there is nothing to measure it by, and the limit can only be kept by equal shares.
    let cut = cutoff(&shares, limit).filter(|cut| *cut > 0.0);
    let clipped = cut.and_then(|cut| normalise(&shares.iter().map(|share| share.min(cut)).collect::<Vec<_>>()));
    Ok(clipped.unwrap_or_else(uniform))
}

/// Divides by the sum; `None` when all are zero. By the largest first, because a sum of large numbers overflows.
pub(super) fn normalise(weights: &[f64]) -> Option<Vec<f64>> {
    let largest = weights.iter().copied().fold(0.0, f64::max);
    if largest <= 0.0 {
        return None;
    }
    let scaled: Vec<f64> = weights.iter().map(|weight| weight / largest).collect();
    let sum: f64 = scaled.iter().sum();
    Some(scaled.iter().map(|weight| weight / sum).collect())
}

/// The value that the largest shares are cut to.
fn cutoff(shares: &[f64], limit: f64) -> Option<f64> {
    let mut sorted = shares.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut below = 0.0;
    let mut kept = 0_usize;
    let mut running = 0.0;
    for (place, share) in sorted.iter().enumerate() {
        running += share;
        let above = precise(sorted.len().saturating_sub(place).saturating_sub(1));
        if share / (above * share + running + EPSILON) < limit {
            kept = kept.saturating_add(1);
            below = running;
        }
    }
    let cut = precise(sorted.len().saturating_sub(kept));
    let value = (limit * below - EPSILON) / (1.0 - limit * cut);
    value.is_finite().then_some(value)
}

/// A count as a number; there are at most 65,536 neurons, so nothing is lost.
pub(super) fn precise(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}
