//! A panel as it is made: what it asks, and how it shows the answer.

use crate::monitoring::outcomes::Outcomes;

/// One panel of a [`Dashboard`](super::Dashboard): queries, a unit, and from which value on it is red.
#[derive(Clone, PartialEq, Debug)]
pub struct Panel {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) view: View,
    pub(super) targets: Vec<Target>,
    pub(super) unit: String,
    pub(super) limit: Option<Limit>,
    /// What stands there without a value.
    pub(super) without: String,
    pub(super) highest: Option<f64>,
    pub(super) is_stacked: bool,
    pub(super) width: u32,
}

/// How an answer is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum View {
    Lines,
    /// One number, with a line behind it.
    Stat,
    /// One number on a scale.
    Gauge,
    Pie,
    /// A row for each series, by its labels.
    Table,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Target {
    pub(super) query: String,
    pub(super) legend: String,
}

/// From where on a value is bad.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Limit {
    Above(f64),
    Below(f64),
}

const NO_TRAFFIC: &str = "No traffic";

impl Panel {
    fn new(view: View, title: &str, description: &str) -> Self {
        Self {
            title: title.to_owned(),
            description: description.to_owned(),
            view,
            targets: Vec::new(),
            unit: "short".to_owned(),
            limit: None,
            without: NO_TRAFFIC.to_owned(),
            highest: None,
            is_stacked: false,
            width: if view == View::Stat { 4 } else { 8 },
        }
    }

    /// Lines over time.
    pub fn lines(title: &str, description: &str) -> Self {
        Self::new(View::Lines, title, description)
    }

    /// One number, as it is now.
    pub fn stat(title: &str, description: &str) -> Self {
        Self::new(View::Stat, title, description)
    }

    /// One number on a scale from 0 to 1, a share of a whole.
    pub fn gauge(title: &str, description: &str) -> Self {
        Self { highest: Some(1.0), width: 4, ..Self::new(View::Gauge, title, description) }
            .unit("percentunit")
    }

    /// Parts of a whole.
    pub fn pie(title: &str, description: &str) -> Self {
        Self::new(View::Pie, title, description)
    }

    /// A row for each series.
    pub fn table(title: &str, description: &str) -> Self {
        Self { width: 12, ..Self::new(View::Table, title, description) }
    }

    /// One more query, in PromQL, and what its series are called, as in `{{model}}`. `$__rate_interval` is as long as a rate
    /// needs; `$job`, `$instance`, `$model` and `$task_type` are what was chosen, in `label=~"$label"`.
    #[must_use]
    pub fn query(mut self, query: impl Into<String>, legend: impl Into<String>) -> Self {
        self.targets.push(Target { query: query.into(), legend: legend.into() });
        self
    }

    /// The same in short: see [`in_full`].
    #[must_use]
    pub(super) fn ask(self, query: &str, legend: &str) -> Self {
        self.query(in_full(query), legend)
    }

    /// The unit, by Grafana's name: `s`, `percentunit`, `currencyUSD`, `ops`, `count:tok/s`.
    #[must_use]
    pub fn unit(mut self, unit: &str) -> Self {
        unit.clone_into(&mut self.unit);
        self
    }

    /// Above this it is red.
    #[must_use]
    pub fn bad_above(self, value: f64) -> Self {
        Self { limit: Some(Limit::Above(value)), ..self }
    }

    /// Below this it is red.
    #[must_use]
    pub fn bad_below(self, value: f64) -> Self {
        Self { limit: Some(Limit::Below(value)), ..self }
    }

    /// What stands there without a value: `No traffic`, unless another is given.
    #[must_use]
    pub fn without(mut self, text: &str) -> Self {
        text.clone_into(&mut self.without);
        self
    }

    /// One line upon the other, where they are parts of a whole.
    #[must_use]
    pub fn stacked(self) -> Self {
        Self { is_stacked: true, ..self }
    }

    /// Columns of the 24 that there are.
    #[must_use]
    pub fn width(self, columns: u32) -> Self {
        Self { width: columns.clamp(1, 24), ..self }
    }

    /// A line for a quantile of a histogram, or one for each value of a label.
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
        // Where nothing was observed it is no number, and that is at least nothing.
        self.ask(&format!("{quantile} >= 0"), legend)
    }

    /// Lines for the median, the 95th and the 99th percentile of a histogram.
    #[must_use]
    pub(super) fn percentiles(self, histogram: &str, matchers: &str) -> Self {
        [("0.5", "p50"), ("0.95", "p95"), ("0.99", "p99")]
            .into_iter()
            .fold(self, |panel, (quantile, legend)| panel.quantile(quantile, histogram, matchers, "", legend))
    }

    /// The share of calls that failed, of those within `..` or `..model`; nothing while there are none, and 0 while none of
    /// them fails.
    #[must_use]
    pub(super) fn share(self, counter: &str, within: &str, outcomes: &Outcomes, legend: &str) -> Self {
        let [bad, all] = shares("", counter, within, outcomes);
        self.ask(&format!("({bad} or vector(0)) / ({all} > 0)"), legend)
    }

    /// The same, a line for each value of a label.
    #[must_use]
    pub(super) fn share_by(self, label: &str, counter: &str, within: &str, outcomes: &Outcomes) -> Self {
        let [bad, all] = shares(&format!(" by ({label}) "), counter, within, outcomes);
        self.ask(&format!("({bad} or 0 * {all}) / ({all} > 0)"), &format!("{{{{{label}}}}}"))
    }

    pub(super) fn height(&self) -> u32 {
        if matches!(self.view, View::Stat | View::Gauge) { 4 } else { 8 }
    }
}

/// The rates of the calls that failed and of those that count.
fn shares(by: &str, counter: &str, within: &str, outcomes: &Outcomes) -> [String; 2] {
    [outcomes.bad, outcomes.all].map(|matcher| format!("sum{by}(rate({counter}{{{within}, {matcher}}}[..]))"))
}

/// A query in full. In short, `{..}` narrows it down to what was chosen; `{..model}` and `{..task_type}` do so by that label
/// too; `[..]` is as long as a rate needs.
fn in_full(query: &str) -> String {
    let of = |label: &str| format!("{label}=~\"${label}\"");
    let target = format!("{}, {}", of("job"), of("instance"));
    query
        .replace("{..model", &format!("{{{target}, {}", of("model")))
        .replace("{..task_type", &format!("{{{target}, {}", of("task_type")))
        .replace("{..", &format!("{{{target}"))
        .replace("[..]", "[$__rate_interval]")
}

impl Target {
    /// The agent's own samples that it asks for: they are there only with their family.
    pub(super) fn needs(&self) -> impl Iterator<Item = &str> {
        let is_inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
        let words = self.query.split(move |c| !is_inside(c));
        words.filter(|word| word.starts_with("agent_") && !word.contains(':'))
    }

    /// Exemplars are of buckets.
    pub(super) fn has_exemplars(&self) -> bool {
        self.query.contains("_bucket{")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_written_out() {
        let full = in_full("rate(x_total{..}[..]) / y{..model, status=~\"5..\"}");
        assert_eq!(
            full,
            "rate(x_total{job=~\"$job\", instance=~\"$instance\"}[$__rate_interval]) / \
             y{job=~\"$job\", instance=~\"$instance\", model=~\"$model\", status=~\"5..\"}"
        );
    }

    #[test]
    fn a_query_needs_its_families() {
        let query =
            "agent_task_duration_seconds_bucket / agent_tasks_total{x=\"up\"} + mine + agent:tasks:rate5m";
        let target = Target { query: query.to_owned(), legend: String::new() };
        assert_eq!(
            target.needs().collect::<Vec<_>>(),
            ["agent_task_duration_seconds_bucket", "agent_tasks_total"]
        );
    }
}
