//! The conditions and the texts that several alerts share.

use crate::monitoring::settings::Settings;
use crate::monitoring::text::number;

pub(super) const MINUTE: u64 = 60;
pub(super) const HOUR: u64 = 60 * MINUTE;
pub(super) const DAY: u64 = 24 * HOUR;

/// Returns the increase of a counter, summed by labels.
pub(super) fn increase(by: &str, series: &str, window: &str) -> String {
    format!("sum by ({by}) (increase({series}[{window}]))")
}

/// Returns the increase of each series of a counter, including the first value of a series that appeared within the window.
///
/// `increase()` ignores the first value of a series, which is the only one of a rare event. A series appeared within the window
/// if it has fewer samples there than its instance has successful scrapes. A series whose instance was unreachable, or which a
/// new Prometheus scrapes for the first time, has a sample for each scrape, so that its old total is not counted.
pub(super) fn grown(series: &str, window: &str, settings: &Settings) -> String {
    let scrapes = if settings.scraped {
        format!("sum_over_time(up[{window}])")
    } else {
        // Pushed samples have no `up`. Every push contains this series.
        format!("count_over_time(agent_metrics_callback_panics_total[{window}])")
    };
    format!(
        "(\n  {series}\n  and count_over_time({series}[{window}]) < on (job, instance) group_left ()\n    \
         max by (job, instance) ({scrapes})\n)\nor increase({series}[{window}])"
    )
}

/// Returns the sum of [`grown`] by labels.
pub(super) fn grown_by(by: &str, series: &str, window: &str, settings: &Settings) -> String {
    format!("sum by ({by}) (\n{}\n)", indented(&grown(series, window, settings)))
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
    let bad = grown_by(by, bad.as_ref(), window, settings);
    let all = grown_by(by, all.as_ref(), window, settings);
    let (calls, failures) = (settings.thresholds.minimum_calls, settings.thresholds.minimum_failures);
    // The minimum of calls and the limit may imply the minimum of failures, as 10 calls and 50 % imply 5 failures.
    let gate = if limit * calls >= failures { String::new() } else { format!(" >= {}", number(failures)) };
    format!(
        "(\n{}{gate}\n)\n/\n(\n{} >= {}\n)\n> {}",
        indented(&bad),
        indented(&all),
        number(calls),
        number(limit)
    )
}

/// Returns the share of `bad` in `all`, without a minimum.
pub(super) fn share(by: &str, [bad, all]: &[impl AsRef<str>; 2], window: &str) -> String {
    format!("{}\n/ {}", increase(by, bad.as_ref(), window), increase(by, all.as_ref(), window))
}

/// Returns the condition that the 95th percentile of a histogram is above a limit, with a minimum number of calls.
pub(super) fn percentile_above(
    by: &str,
    family: &str,
    window: &str,
    limit: f64,
    settings: &Settings,
) -> String {
    format!(
        "histogram_quantile(0.95,\n  sum by ({by}, le) (rate({family}_bucket[{window}]))\n)\n> {}\nand\n{} >= {}",
        number(limit),
        increase(by, &format!("{family}_count"), window),
        number(settings.thresholds.minimum_calls)
    )
}

/// Indents each line by two spaces.
pub(super) fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

/// Formats a share as a percentage: `5 %`.
pub(super) fn percent(share: f64) -> String {
    format!("{} %", number(share * 100.0))
}

/// Returns a window in words: `hour`, `5 minutes`.
pub(super) fn words(seconds: u64) -> String {
    let (count, unit) = [(DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")]
        .iter()
        .find(|(size, _)| seconds >= *size && seconds.is_multiple_of(*size))
        .map_or((seconds, "second"), |(size, unit)| (seconds / size, unit));
    if count == 1 { unit.to_owned() } else { format!("{count} {unit}s") }
}

/// The query behind the names of the largest contributors in the text of an alert: the increase of a counter, or a percentile.
pub(super) struct Contributors<'a> {
    /// The labels of the alert that select the series, such as `["job", "model"]`.
    pub(super) of: &'a [&'a str],
    pub(super) window: String,
    pub(super) settings: &'a Settings,
}

impl Contributors<'_> {
    /// Returns a sentence for each label, with its value that has the largest increase of a counter.
    pub(super) fn counted(&self, series: &str, labels: &[(&str, &str)]) -> String {
        let selected = self.selected(series);
        let grown = grown(&selected, &self.window, self.settings);
        self.sentences(labels, "Most", |label| format!("topk(1, sum by ({label}) ({grown}) > 0)"))
    }

    /// Returns a sentence for each label, with its value that has the largest 95th percentile of a histogram.
    pub(super) fn slowest(&self, family: &str, labels: &[(&str, &str)]) -> String {
        let buckets = self.selected(&format!("{family}_bucket"));
        let window = &self.window;
        self.sentences(labels, "Slowest", |label| {
            format!("topk(1, histogram_quantile(0.95, sum by ({label}, le) (rate({buckets}[{window}]))) > 0)")
        })
    }

    /// Adds matchers for the labels of the alert. `%[1]q` stands for the value of the first one.
    fn selected(&self, series: &str) -> String {
        let (name, matchers) = series.split_once('{').unwrap_or((series, "}"));
        let own = self.of.iter().enumerate().map(|(at, label)| format!("{label}=%[{}]q", at + 1));
        let matchers = matchers.trim_end_matches('}').replace('"', "'");
        let all = own.chain((!matchers.is_empty()).then_some(matchers)).collect::<Vec<_>>();
        format!("{name}{{{}}}", all.join(","))
    }

    fn sentences(&self, labels: &[(&str, &str)], lead: &str, query: impl Fn(&str) -> String) -> String {
        let values = self.of.iter().map(|label| format!(" $labels.{label}")).collect::<Vec<_>>().concat();
        let sentence = |(word, label): &(&str, &str)| {
            let query = query(label).split_whitespace().collect::<Vec<_>>().join(" ");
            format!(
                "{{{{ with printf \"{query}\"{values} | query }}}} {lead}: {word} {{{{ . | first | label \"{label}\" }}}}.{{{{ end }}}}"
            )
        };
        labels.iter().map(sentence).collect()
    }
}
