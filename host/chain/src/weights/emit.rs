//! Whole numbers for the chain.

use super::{Weight, WeightsError};

/// The largest weight on the chain; the chain scales each vector so that its largest is this.
const FULL: f64 = 65535.0;

/// Weights as the chain takes them: the largest becomes 65,535, the others are rounded (half to even) in proportion, and
/// those that become 0 are left out. Sorted by uid. All zero gives none.
///
/// # Errors
/// [`WeightsError::NotFinite`], [`WeightsError::Negative`], [`WeightsError::UidTooLarge`],
/// [`WeightsError::Duplicate`].
pub fn emit(weights: &[(u32, f64)]) -> Result<Vec<Weight>, WeightsError> {
    let sorted = super::checked(weights)?;
    let largest = sorted.iter().map(|(_, weight)| *weight).fold(0.0, f64::max);
    if largest <= 0.0 {
        return Ok(Vec::new());
    }
    let whole = |weight: f64| {
        let rounded = (weight / largest * FULL).round_ties_even().clamp(0.0, FULL);
        // Exact: a whole number from 0 to 65,535.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range of u16")]
        let whole = rounded as u16;
        whole
    };
    let weights = sorted.into_iter().map(|(uid, weight)| Weight { uid, value: whole(weight) });
    Ok(weights.filter(|weight| weight.value > 0).collect())
}

/// Mends what rounding did to the limit: the chain compares whole numbers, and the rounded others may add up to a
/// little less than the largest needs. At most one is added to each of the others, the larger ones first.
///
/// # Errors
/// [`WeightsError::OverLimit`] when that is not enough, which is so when there are too few weights for the limit.
pub(super) fn keep_limit(mut weights: Vec<Weight>, limit: u16) -> Result<Vec<Weight>, WeightsError> {
    let largest = weights.iter().map(|weight| weight.value).max().unwrap_or_default();
    let sum: u64 = weights.iter().map(|weight| u64::from(weight.value)).sum();
    // largest / sum <= limit / 65,535, in whole numbers.
    let over = WeightsError::OverLimit { remaining: weights.len(), limit };
    let needed = match u64::from(largest).saturating_mul(65_535).checked_add(u64::from(limit).saturating_sub(1)) {
        Some(numerator) => numerator.checked_div(u64::from(limit)).ok_or_else(|| over.clone())?,
        None => return Err(over),
    };
    let mut missing = usize::try_from(needed.saturating_sub(sum)).unwrap_or(usize::MAX);
    let mut by_size: Vec<&mut Weight> = weights.iter_mut().filter(|weight| weight.value < largest).collect();
    if missing > by_size.len() {
        return Err(over);
    }
    by_size.sort_by_key(|weight| std::cmp::Reverse(weight.value));
    for weight in by_size {
        if missing == 0 {
            break;
        }
        weight.value = weight.value.saturating_add(1);
        missing = missing.saturating_sub(1);
    }
    Ok(weights)
}
