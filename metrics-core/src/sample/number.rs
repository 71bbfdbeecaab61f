//! The values of samples. Integers stay integers until they are written.

/// The largest integer that is added at once: 2^53, up to which an `f64` is exact. An absurd amount then can't make a
/// sum wrap around, so that a counter would decrease.
pub(crate) const MAX_EXACT_INTEGER: u64 = 1 << 53;

/// Returns whether an amount may be added to a sum: it is a number, it is not negative, and it is far enough below the
/// largest `f64` that no sum of such amounts becomes infinite.
#[inline]
pub(crate) fn is_valid_amount(value: f64) -> bool {
    (0.0..=1e300).contains(&value)
}

/// The value of one sample.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Number {
    Integer(u64),
    /// A duration in nanoseconds, exposed in seconds.
    Nanos(u64),
    Float(f64),
}

impl Number {
    /// Returns the value as it is exposed, durations in seconds.
    pub(crate) fn to_f64(self) -> f64 {
        match self {
            Self::Integer(value) => value as f64,
            Self::Nanos(value) => value as f64 / 1e9,
            Self::Float(value) => value,
        }
    }

    /// Writes the value in the form of both text formats.
    pub(crate) fn write(self, out: &mut String) {
        match self {
            Self::Integer(value) => out.push_str(itoa::Buffer::new().format(value)),
            Self::Nanos(value) => write_seconds(value, out),
            Self::Float(value) => write_float(value, out),
        }
    }
}

fn write_seconds(nanos: u64, out: &mut String) {
    out.push_str(itoa::Buffer::new().format(nanos / 1_000_000_000));
    let mut fraction = nanos % 1_000_000_000;
    if fraction == 0 {
        return;
    }
    let mut digits = *b".000000000";
    for digit in digits[1..].iter_mut().rev() {
        *digit += (fraction % 10) as u8;
        fraction /= 10;
    }
    let used = digits.iter().rposition(|digit| *digit != b'0').unwrap_or(0);
    out.extend(digits[..=used].iter().copied().map(char::from));
}

fn write_float(value: f64, out: &mut String) {
    if value.is_nan() {
        out.push_str("NaN");
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
    } else if value == 0.0 && value.is_sign_negative() {
        out.push_str("-0");
    } else if value.fract() == 0.0 && value.abs() < 9e15 {
        out.push_str(itoa::Buffer::new().format(value as i64));
    } else {
        out.push_str(zmij::Buffer::new().format_finite(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(number: Number) -> String {
        let mut out = String::new();
        number.write(&mut out);
        out
    }

    #[test]
    fn numbers_are_written_exactly() {
        assert_eq!(text(Number::Nanos(0)), "0");
        assert_eq!(text(Number::Nanos(1)), "0.000000001");
        assert_eq!(text(Number::Nanos(1_500_000_000)), "1.5");
        assert_eq!(text(Number::Nanos(60_000_000_000)), "60");
        assert_eq!(text(Number::Integer(u64::MAX)), "18446744073709551615");
        assert_eq!(text(Number::Float(0.1)), "0.1");
        assert_eq!(text(Number::Float(-3.0)), "-3");
        assert_eq!([text(Number::Float(0.0)), text(Number::Float(-0.0))], ["0", "-0"]);
        assert_eq!(text(Number::Float(f64::NAN)), "NaN");
        assert_eq!(text(Number::Float(f64::NEG_INFINITY)), "-Inf");
        assert_eq!(text(Number::Float(f64::INFINITY)), "+Inf");
    }

    #[test]
    fn seconds_read_back_as_the_same_nanoseconds() {
        for nanos in [7, 999_999_999, 1_000_000_001, 123_456_789_012] {
            let seconds: f64 = text(Number::Nanos(nanos)).parse().unwrap();
            assert_eq!((seconds * 1e9).round() as u64, nanos);
        }
    }
}
