//! Numbers and lengths of time as text.

use std::fmt::Write as _;
use std::time::Duration;

/// Returns a number in its shortest decimal form with at most ten places: `0.001`, not `0.0009999999999999432`.
pub(crate) fn number(value: f64) -> String {
    let text = format!("{value:.10}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Returns a length of time in whole milliseconds as Prometheus writes it, as in `1m30s`.
pub(super) fn duration(length: Duration) -> String {
    time_text(length.as_millis() as u64)
}

/// Returns a number of milliseconds as Prometheus writes a length of time, without weeks and years.
pub(super) fn time_text(mut millis: u64) -> String {
    const SECOND: u64 = 1000;
    const MINUTE: u64 = 60 * SECOND;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    let mut text = String::new();
    for (unit, size) in [("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND), ("ms", 1)] {
        if millis >= size {
            let _ = write!(text, "{}{unit}", millis / size);
            millis %= size;
        }
    }
    text
}

/// Returns `1,234,567` for `1234567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_no_rounding_error_and_no_trailing_zeros() {
        assert_eq!([0.000_999_999_999_999_943_2, 20.0, 0.5, 0.0].map(number), ["0.001", "20", "0.5", "0"]);
    }

    #[test]
    fn durations_use_the_largest_units() {
        let texts =
            [300_000, 3_600_000, 5_400_000, 86_400_000, 259_200_000, 1_500, 90_061_001].map(time_text);
        assert_eq!(texts, ["5m", "1h", "1h30m", "1d", "3d", "1s500ms", "1d1h1m1s1ms"]);
    }

    #[test]
    fn thousands_are_separated_by_commas() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
