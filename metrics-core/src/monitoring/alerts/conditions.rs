//! The conditions that several alerts share.

use crate::monitoring::settings::Settings;
use crate::monitoring::text::number;

pub(super) const MINUTE: u64 = 60;
pub(super) const HOUR: u64 = 60 * MINUTE;

/// Returns the increase of a counter, summed by labels.
pub(super) fn increase(by: &str, series: &str, window: &str) -> String {
    format!("sum by ({by}) (increase({series}[{window}]))")
}

/// Returns the condition that the share of `bad` in `all` is above a limit. It also requires a minimum number of calls and of
/// failures, so that a single failure among few calls does not fire.
pub(super) fn share_above(
    by: &str,
    [bad, all]: &[impl AsRef<str>; 2],
    window: &str,
    limit: f64,
    settings: &Settings,
) -> String {
    let (bad, all) = (increase(by, bad.as_ref(), window), increase(by, all.as_ref(), window));
    let least = number(settings.thresholds.minimum_calls);
    let failures = number(settings.thresholds.minimum_failures);
    format!("(\n  {bad}\n  /\n  {all}\n) > {}\nand {all} >= {least}\nand {bad} >= {failures}", number(limit))
}

/// Returns the increase of a counter, including the first value of a series that appeared within the window: `increase()`
/// ignores that value, which is the only one of a rare event. A series that existed during the day before did not appear but
/// came back, for example after its target was unreachable; its old total is not counted.
pub(super) fn increase_with_new_series(by: &str, series: &str, window: u64, settings: &Settings) -> String {
    let (window, before) = (settings.time(window), settings.time(24 * HOUR));
    format!(
        "sum by ({by}) (\n  ({series} unless last_over_time({series}[{before}] offset {window}))\n  \
         or increase({series}[{window}])\n)"
    )
}

/// Formats a share as a percentage: `5 %`.
pub(super) fn percent(share: f64) -> String {
    format!("{} %", number(share * 100.0))
}
