//! Amounts of money as integers, in which they add up exactly.

/// The largest amount in USD that is accepted at once: a million. No call or tool costs as much, so a larger amount is an
/// error in its source, and is refused.
pub(crate) const MAX_USD: f64 = 1e6;

/// Returns whether an amount in USD is one that a call or a tool can cost: a number, not negative, at most [`MAX_USD`].
#[inline]
pub(crate) fn is_valid_usd(usd: f64) -> bool {
    (0.0..=MAX_USD).contains(&usd)
}

/// Converts a valid amount in USD to millionths of a millionth. A `u64` holds 18 million USD.
#[inline]
pub(crate) fn to_pico_usd(usd: f64) -> u64 {
    (usd * 1e12).round() as u64
}

/// Converts millionths of a millionth of a USD to USD.
#[inline]
pub(crate) fn from_pico_usd(pico: u64) -> f64 {
    pico as f64 / 1e12
}

/// Converts a valid amount in USD to billionths. A `u64` holds 18 billion USD.
#[inline]
pub(crate) fn to_nano_usd(usd: f64) -> u64 {
    (usd * 1e9).round() as u64
}

/// Converts billionths of a USD to USD.
#[inline]
pub(crate) fn from_nano_usd(nano: u64) -> f64 {
    nano as f64 / 1e9
}
