//! Dates of prices.

use super::names::is_date;

/// Returns the start of a day (UTC) in the form `YYYY-MM-DD`, in seconds since 1970-01-01; `None` for another text and for
/// a day before 1970.
pub(super) fn day_start(date: &str) -> Option<u64> {
    let bytes = date.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' || !is_date(&date.replace('-', "")) {
        return None;
    }
    let number = |digits: &str| digits.parse::<i64>().ok();
    let days = days_since_1970(number(&date[..4])?, number(&date[5..7])?, number(&date[8..])?);
    u64::try_from(days).ok().map(|days| days * 86_400)
}

/// Returns the number of days from 1970-01-01 to a date, for years from 1 on.
///
/// This is Howard Hinnant's `days_from_civil` ("chrono-Compatible Low-Level Date Algorithms"). A year begins in March
/// here, so that a leap day is the last day of a year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_converted_to_a_timestamp() {
        assert_eq!(day_start("1970-01-01"), Some(0));
        assert_eq!(day_start("2000-02-29"), Some(951_782_400));
        assert_eq!(day_start("2026-11-26"), Some(1_795_651_200));
        for date in [
            "",
            "2026",
            "2026-13-01",
            "soon",
            "2026-11-26T00:00",
            "1969-12-31",
            "2026-11-\u{e9}",
            "20261-1-01",
        ] {
            assert_eq!(day_start(date), None, "{date}");
        }
    }
}
