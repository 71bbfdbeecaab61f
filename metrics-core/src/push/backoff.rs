//! The pause after a failed push.

use std::time::{Duration, SystemTime};

use backon::ExponentialBuilder;

/// The shortest pause after the first failure; with jitter, a pause is one to two times as long.
const MIN_DELAY: Duration = Duration::from_millis(500);

/// The shortest pause after many failures: with jitter, none is longer than a minute.
const MAX_DELAY: Duration = Duration::from_secs(30);

/// The longest `Retry-After` that is respected. A longer one is most likely a mistake of the target.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// The pauses after consecutive failures: up to 1 s, 2 s, 4 s and so on, at most 60 s. The second half of each is random,
/// so that a fleet does not return all at once.
pub(super) const BACKOFF: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(MIN_DELAY)
    .with_max_delay(MAX_DELAY)
    .with_jitter()
    .without_max_times();

/// Parses a `Retry-After`, in seconds or as a date (RFC 9110, section 10.2.3). Returns at most an hour.
pub(super) fn parse_retry_after(retry_after: &str, now: SystemTime) -> Option<Duration> {
    let text = retry_after.trim();
    let delay = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default()
    };
    Some(delay.min(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use backon::BackoffBuilder as _;

    #[test]
    fn pauses_double_up_to_a_minute_and_are_partly_random() {
        let mut first_pauses = Vec::new();
        for _ in 0..20 {
            let pauses: Vec<_> = BACKOFF.build().take(1_000).collect();
            assert_eq!(pauses.len(), 1_000, "a push is retried as long as it fails");
            for (failures, whole) in [(0, 1), (1, 2), (2, 4), (5, 32), (6, 60), (999, 60)] {
                let whole = Duration::from_secs(whole);
                let pause = pauses[failures];
                assert!((whole / 2..=whole).contains(&pause), "{failures}: {pause:?}");
            }
            first_pauses.push(pauses[0]);
        }
        first_pauses.dedup();
        assert!(first_pauses.len() > 1, "all pauses are equal: {first_pauses:?}");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        for (retry_after, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("99999999999999999999999", Some(3600)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(3600)),
            ("soon", None),
            ("-5", None),
            ("1.5", None),
            ("", None),
        ] {
            let parsed = parse_retry_after(retry_after, now).map(|delay| delay.as_secs());
            assert_eq!(parsed, seconds, "{retry_after:?}");
        }
    }
}
