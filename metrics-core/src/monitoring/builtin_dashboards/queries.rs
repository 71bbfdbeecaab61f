//! Queries of the built-in panels, written in a shorthand that [`expanded`] describes.

use crate::catalogue::Catalogue;
use crate::monitoring::dashboard::Panel;
use crate::monitoring::outcomes::Outcomes;

impl Panel {
    /// Adds a query in the shorthand of [`expanded`].
    #[must_use]
    pub(super) fn shorthand(self, query: &str, legend: &str) -> Self {
        self.query(expanded(query), legend)
    }

    /// Adds a query for the chosen percentile of a histogram, for each value of `by`.
    #[must_use]
    pub(super) fn percentile_by(self, by: &str, histogram: &str, matchers: &str) -> Self {
        self.quantile("$percentile", histogram, matchers, by, &format!("{{{{{by}}}}}"))
    }

    /// Adds a query for the distribution of a histogram. The panel is a heatmap.
    #[must_use]
    pub(super) fn buckets(self, histogram: &str, matchers: &str) -> Self {
        self.shorthand(&format!("sum by (le) (increase({histogram}_bucket{matchers}[..]))"), "{{le}}")
    }

    /// Adds a column with a query in the shorthand of [`expanded`]. `[range]` is the displayed time range.
    #[must_use]
    pub(super) fn of_range(self, heading: &str, query: &str, unit: &str) -> Self {
        self.column(heading, expanded(query), unit)
    }

    /// Adds a column with the share of failed calls in the displayed time range.
    #[must_use]
    pub(super) fn failures_of_range(
        self,
        by: &str,
        counter: &str,
        matchers: &str,
        outcomes: &Outcomes,
    ) -> Self {
        let [bad, all] = [outcomes.bad, outcomes.all]
            .map(|matcher| format!("sum by ({by}) (increase({counter}{{{matchers}, {matcher}}}[range]))"));
        self.of_range("Failures", &format!("({bad} or 0 * {all}) / ({all} > 0)"), "percentunit")
    }

    /// Adds a column with the chosen percentile of a histogram in the displayed time range.
    #[must_use]
    pub(super) fn percentile_of_range(
        self,
        heading: &str,
        by: &str,
        histogram: &str,
        matchers: &str,
        unit: &str,
    ) -> Self {
        let buckets = format!("sum by (le, {by}) (increase({histogram}_bucket{matchers}[range]))");
        self.of_range(heading, &format!("histogram_quantile($percentile, {buckets}) >= 0"), unit)
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

/// The matchers of the chosen targets.
pub(super) const CHOSEN_TARGETS: &str =
    "cluster=~\"$cluster\", namespace=~\"$namespace\", job=~\"$job\", instance=~\"$instance\"";

/// Expands the shorthand of the built-in panels: `{..}` selects the chosen targets, `{..model`, `{..task_type` and
/// `{..tool_name` select the chosen values of a label as well, `[..]` is the range of a rate, and `[range]` is the displayed
/// time range.
fn expanded(query: &str) -> String {
    let labels = ["model", "task_type", "tool_name"];
    let chosen = labels.iter().fold(query.to_owned(), |query, label| {
        query.replace(&format!("{{..{label}"), &format!("{{{CHOSEN_TARGETS}, {label}=~\"${label}\""))
    });
    chosen
        .replace("{..", &format!("{{{CHOSEN_TARGETS}"))
        .replace("[..]", "[$__rate_interval]")
        .replace("[range]", "[$__range]")
}

/// Adds the matchers of the chosen values of dimensions to the selectors of families that have them.
pub(super) fn narrowed(query: &str, catalogue: &Catalogue) -> String {
    let mut parts = query.split(CHOSEN_TARGETS);
    let mut narrowed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let name = narrowed.strip_suffix('{').unwrap_or_default();
        let begin = name.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(0, |at| at + 1);
        let sample = &name[begin..];
        let family = ["", "_bucket", "_sum", "_count"]
            .iter()
            .filter_map(|suffix| sample.strip_suffix(suffix))
            .find_map(|name| catalogue.families.iter().find(|family| family.name == name));
        let chosen = catalogue
            .dimensions
            .iter()
            .filter(|dimension| family.is_some_and(|family| family.labels.contains(&dimension.name)))
            .map(|dimension| format!(", {name}=~\"${name}\"", name = dimension.name))
            .collect::<Vec<_>>()
            .concat();
        narrowed = narrowed + CHOSEN_TARGETS + &chosen + part;
    }
    narrowed
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
        let full = expanded("rate(x_total{..}[..]) / y{..model, status=~\"5..\"} + increase(z[range])");
        assert_eq!(
            full,
            format!(
                "rate(x_total{{{CHOSEN_TARGETS}}}[$__rate_interval]) / \
                 y{{{CHOSEN_TARGETS}, model=~\"$model\", status=~\"5..\"}} + increase(z[$__range])"
            )
        );
    }

    #[test]
    fn dimensions_narrow_the_families_that_have_them() {
        let family = |name: &str, labels: &[&'static str]| {
            crate::sample::FamilyInfo::new(crate::name::MetricKind::Histogram, name, "", labels)
        };
        let catalogue = Catalogue {
            families: vec![family("a_seconds", &["x", "tier"]), family("b_total", &["x"])],
            dimensions: vec![crate::catalogue::DimensionInfo { name: "tier", values: &["gold"] }],
            ..Catalogue::default()
        };
        let query = expanded("sum(rate(a_seconds_bucket{.., x=\"1\"}[..])) / sum(b_total{..})");
        assert_eq!(
            narrowed(&query, &catalogue),
            query.replacen(CHOSEN_TARGETS, &format!("{CHOSEN_TARGETS}, tier=~\"$tier\""), 1)
        );
    }
}
