//! How long to wait after a failure.

use std::time::{Duration, SystemTime};

/// The pause after the first failure.
const FIRST: Duration = Duration::from_secs(1);

/// The longest pause of our own choice.
const LONGEST: Duration = Duration::from_secs(60);

/// The longest pause that an engine may ask for: one that says more is mistaken rather than busy.
const LONGEST_ASKED: Duration = Duration::from_secs(3600);

/// The pause after so many failures in a row: 1 s, 2 s, 4 s, .. 60 s, of which the second half is left to
/// chance, so that a fleet doesn't come back all at once.
pub(super) fn pause(failures: u32) -> Duration {
    let whole = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST);
    whole.mul_f64(0.5 + fastrand::f64() / 2.0)
}

/// What a `Retry-After` asks for, in seconds or as a date (RFC 9110, section 10.2.3), cut to an hour.
pub(super) fn asked(retry_after: &str, now: SystemTime) -> Option<Duration> {
    let text = retry_after.trim();
    let asked = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default()
    };
    Some(asked.min(LONGEST_ASKED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_minute_and_differ() {
        for (failures, whole) in
            [(0, 1), (1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (1000, 60), (u32::MAX, 60)]
        {
            let (least, most) = (Duration::from_secs(whole).mul_f64(0.5), Duration::from_secs(whole));
            for _ in 0..100 {
                let pause = pause(failures);
                assert!((least..=most).contains(&pause), "{failures}: {pause:?}");
            }
        }
        let first = pause(7);
        assert!((0..100).any(|_| pause(7) != first), "no chance in it");
    }

    #[test]
    fn what_is_asked_for_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        for (asked_for, seconds) in [
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
            assert_eq!(asked(asked_for, now).map(|wait| wait.as_secs()), seconds, "{asked_for:?}");
        }
    }
}
