//! The wait that the headers of a response request.

use std::time::Duration;

/// Returns the time to wait before the next request, from the headers that `header` looks up by name: `retry-after-ms`, which
/// the official clients of OpenAI and Anthropic read first, else `retry-after` in seconds (RFC 9110, 10.2.3). A date is not read: no
/// provider sends one.
pub(crate) fn retry_after<'h>(header: impl Fn(&str) -> Option<&'h str>) -> Option<Duration> {
    let read = |name: &str, unit: f64| {
        let wait: f64 = header(name)?.trim().parse().ok()?;
        Duration::try_from_secs_f64(wait * unit).ok()
    };
    read("retry-after-ms", 1e-3).or_else(|| read("retry-after", 1.0))
}

#[cfg(all(test, feature = "tower"))]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_a_number_of_seconds_or_milliseconds() {
        let wait =
            |name: &'static str, value: &'static str| retry_after(|header| (header == name).then_some(value));
        assert_eq!(wait("retry-after", "2"), Some(Duration::from_secs(2)));
        assert_eq!(wait("retry-after", " 0.5 "), Some(Duration::from_millis(500)));
        assert_eq!(wait("retry-after-ms", "250"), Some(Duration::from_millis(250)));
        for nonsense in ["", "-1", "NaN", "inf", "1e300", "Fri, 31 Dec 1999 23:59:59 GMT"] {
            assert_eq!(wait("retry-after", nonsense), None, "{nonsense}");
        }
    }
}
