//! Queries of the built-in panels, written in a shorthand that [`expanded`] describes.

use crate::monitoring::dashboard::Panel;
use crate::monitoring::outcomes::Outcomes;

impl Panel {
    /// Adds a query in the shorthand of [`expanded`].
    #[must_use]
    pub(super) fn shorthand(self, query: &str, legend: &str) -> Self {
        self.query(expanded(query), legend)
    }

    /// Adds a query for a quantile of a histogram, for each value of the labels in `by`.
    #[must_use]
    pub(super) fn quantile(
        self,
        quantile: &str,
        histogram: &str,
        matchers: &str,
        by: &str,
        legend: &str,
    ) -> Self {
        let by = if by.is_empty() { "le".to_owned() } else { format!("le, {by}") };
        let quantile =
            format!("histogram_quantile({quantile}, sum by ({by}) (rate({histogram}_bucket{matchers}[..])))");
        // Without observations the quantile is NaN. The comparison drops NaN, so that the panel shows its text for no value.
        self.shorthand(&format!("{quantile} >= 0"), legend)
    }

    /// Adds queries for the median, the 95th and the 99th percentile of a histogram.
    #[must_use]
    pub(super) fn percentiles(self, histogram: &str, matchers: &str) -> Self {
        [("0.5", "p50"), ("0.95", "p95"), ("0.99", "p99")]
            .into_iter()
            .fold(self, |panel, (quantile, legend)| panel.quantile(quantile, histogram, matchers, "", legend))
    }

    /// Adds a query for the share of failed calls among those selected by `matchers`, `..` or `..model`. It has no value
    /// while there are no calls, and is 0 while no call fails.
    #[must_use]
    pub(super) fn share(self, counter: &str, matchers: &str, outcomes: &Outcomes, legend: &str) -> Self {
        let [bad, all] = outcome_rates("", counter, matchers, outcomes);
        self.shorthand(&format!("({bad} or vector(0)) / ({all} > 0)"), legend)
    }

    /// Adds a query for the share of failed calls, for each value of `label`.
    #[must_use]
    pub(super) fn share_by(self, label: &str, counter: &str, matchers: &str, outcomes: &Outcomes) -> Self {
        let [bad, all] = outcome_rates(&format!(" by ({label}) "), counter, matchers, outcomes);
        self.shorthand(&format!("({bad} or 0 * {all}) / ({all} > 0)"), &format!("{{{{{label}}}}}"))
    }
}

/// Returns the rates of the failed calls and of all calls that count.
fn outcome_rates(by: &str, counter: &str, matchers: &str, outcomes: &Outcomes) -> [String; 2] {
    [outcomes.bad, outcomes.all]
        .map(|matcher| format!("sum{by}(rate({counter}{{{matchers}, {matcher}}}[..]))"))
}

/// Expands the shorthand of the built-in panels: `{..}` selects the chosen jobs and instances, `{..model` and `{..task_type`
/// select the chosen models or task types as well, and `[..]` is the range of a rate.
fn expanded(query: &str) -> String {
    let chosen = |label: &str| format!("{label}=~\"${label}\"");
    let instances = format!("{}, {}", chosen("job"), chosen("instance"));
    query
        .replace("{..model", &format!("{{{instances}, {}", chosen("model")))
        .replace("{..task_type", &format!("{{{instances}, {}", chosen("task_type")))
        .replace("{..", &format!("{{{instances}"))
        .replace("[..]", "[$__rate_interval]")
}

/// Returns a query for a recorded series of the chosen jobs. The rules record one series for all instances of a job.
pub(super) fn recorded(name: &str) -> String {
    format!("{name}{{job=~\"$job\"}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shorthand_expands_to_grafanas_variables() {
        let full = expanded("rate(x_total{..}[..]) / y{..model, status=~\"5..\"}");
        assert_eq!(
            full,
            "rate(x_total{job=~\"$job\", instance=~\"$instance\"}[$__rate_interval]) / \
             y{job=~\"$job\", instance=~\"$instance\", model=~\"$model\", status=~\"5..\"}"
        );
    }
}
