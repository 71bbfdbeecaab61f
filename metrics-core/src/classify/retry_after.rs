//! The wait that the headers of a response request.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Returns the time to wait before the next request, from the headers that `header` looks up by name: `retry-after-ms`, which
/// the official clients of OpenAI and Anthropic read first, else `retry-after`, in seconds or as a date (RFC 9110, 10.2.3). A
/// date is compared with the response's own `date`, so that the clocks need not agree. A date that has passed requests no
/// wait.
pub(crate) fn retry_after<'h>(header: impl Fn(&str) -> Option<&'h str>) -> Option<Duration> {
    let read = |name: &str, unit: f64| {
        let wait: f64 = header(name)?.trim().parse().ok()?;
        Duration::try_from_secs_f64(wait * unit).ok()
    };
    let until_date = || {
        let until = seconds_of_date(header("retry-after")?)?;
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
        let sent = header("date").and_then(seconds_of_date).unwrap_or_else(now);
        until.checked_sub(sent).filter(|wait| *wait > 0).map(Duration::from_secs)
    };
    read("retry-after-ms", 1e-3).or_else(|| read("retry-after", 1.0)).or_else(until_date)
}

/// Returns the Unix time of a date such as `Sun, 06 Nov 1994 08:49:37 GMT`: `IMF-fixdate` of RFC 9110, the one form that
/// servers may send.
fn seconds_of_date(date: &str) -> Option<u64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let number = |text: &str, digits: usize| {
        let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u64>().ok().filter(|_| is_number)
    };
    let (_, date) = date.trim().split_once(", ")?;
    let parts: Vec<_> = date.split([' ', ':']).collect();
    let [day, month, year, hours, minutes, seconds, "GMT"] = parts[..] else { return None };
    let day = number(day, 2).filter(|day| (1..=31).contains(day))?;
    let month = MONTHS.iter().position(|name| *name == month)? as u64 + 1;
    let year = number(year, 4).filter(|year| *year >= 1970)?;
    let hours = number(hours, 2).filter(|hours| *hours < 24)?;
    let minutes = number(minutes, 2).filter(|minutes| *minutes < 60)?;
    // A leap second is the 60th.
    let seconds = number(seconds, 2).filter(|seconds| *seconds <= 60)?;
    // The days of a year that begins in March, whose last month is the one with a variable length.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    Some(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
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
        for nonsense in [
            "",
            "-1",
            "NaN",
            "inf",
            "1e300",
            "Fri, 31 Dec 1999 23:59:59 GMT",
            "Fri, 31 Dec 9999 23:59:59",
            "Fri, 31 Dez 9999 23:59:59 GMT",
            "Fri, 31 Dec 9999 99:59:59 GMT",
        ] {
            assert_eq!(wait("retry-after", nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn a_date_is_compared_with_the_date_of_the_response() {
        let wait = |until: &'static str, sent: Option<&'static str>| {
            retry_after(|header| match header {
                "retry-after" => Some(until),
                "date" => sent,
                _ => None,
            })
        };
        let sent = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(wait("Sun, 06 Nov 1994 08:50:07 GMT", sent), Some(Duration::from_secs(30)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:07 GMT", sent), None, "it has passed");
        assert!(wait("Fri, 31 Dec 9999 23:59:59 GMT", None) > Some(Duration::from_secs(1)));
    }

    #[test]
    fn dates_are_converted_to_unix_time() {
        for (date, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600),
            ("Fri, 31 Dec 1999 23:59:59 GMT", 946_684_799),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
        ] {
            assert_eq!(seconds_of_date(date), Some(seconds), "{date}");
        }
    }
}
