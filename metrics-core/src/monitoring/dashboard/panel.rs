//! A panel: queries, and how their results are shown.

/// One panel of a [`Dashboard`](super::Dashboard): a title, queries, a unit, and a limit beyond which values are red.
///
/// ```
/// use agent_metrics::monitoring::Panel;
///
/// let share = r#"sum(rate(agent_cache_total{result="hit", job=~"$job"}[$__rate_interval]))
///     / sum(rate(agent_cache_total{job=~"$job"}[$__rate_interval]))"#;
/// let panel = Panel::lines("Cache hit rate", "The share of cache look-ups that found an entry.")
///     .query(share, "hits")
///     .unit("percentunit")
///     .bad_below(0.5)
///     .no_value("No look-ups")
///     .width(12);
/// # let _ = panel;
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct Panel {
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) view: View,
    pub(crate) targets: Vec<Target>,
    pub(crate) unit: String,
    pub(crate) limit: Option<Limit>,
    /// The text shown when there is no value.
    pub(crate) no_value: String,
    /// The upper end of the scale; without it the scale follows the values.
    pub(crate) max: Option<f64>,
    pub(crate) is_stacked: bool,
    pub(crate) width: u32,
}

/// The way in which a panel shows its values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum View {
    /// A line over time for each series.
    Lines,
    /// The last value as a number, above a small graph.
    Stat,
    /// The last value on a scale.
    Gauge,
    /// The last values as parts of a whole.
    Pie,
    /// A row for each series, with its labels.
    Table,
}

/// One query of a panel.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Target {
    pub(crate) query: String,
    /// The name of its series; may contain labels, as in `{{model}}`.
    pub(crate) legend: String,
}

/// The limit beyond which a value is bad.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Limit {
    Above(f64),
    Below(f64),
}

impl Panel {
    fn new(view: View, title: &str, description: &str) -> Self {
        Self {
            title: title.to_owned(),
            description: description.to_owned(),
            view,
            targets: Vec::new(),
            unit: "short".to_owned(),
            limit: None,
            no_value: "No traffic".to_owned(),
            max: None,
            is_stacked: false,
            width: if view == View::Stat { 4 } else { 8 },
        }
    }

    /// Creates a panel that draws a line over time for each series.
    pub fn lines(title: &str, description: &str) -> Self {
        Self::new(View::Lines, title, description)
    }

    /// Creates a panel that shows the last value as a number, above a small graph.
    pub fn stat(title: &str, description: &str) -> Self {
        Self::new(View::Stat, title, description)
    }

    /// Creates a panel that shows the last value on a scale from 0 to 1, as a percentage.
    pub fn gauge(title: &str, description: &str) -> Self {
        Self { max: Some(1.0), width: 4, ..Self::new(View::Gauge, title, description) }.unit("percentunit")
    }

    /// Creates a panel that shows the last value of each series as a part of their sum.
    pub fn pie(title: &str, description: &str) -> Self {
        Self::new(View::Pie, title, description)
    }

    /// Creates a panel with a table that has a row for each series and a column for each label.
    pub fn table(title: &str, description: &str) -> Self {
        Self { width: 12, ..Self::new(View::Table, title, description) }
    }

    /// Adds a query in PromQL and the name of its series, which may contain labels, as in `{{model}}`.
    ///
    /// The query may use Grafana's `$__rate_interval` as the range of a rate, and the variables of the dashboard as matchers:
    /// `job=~"$job"`, `instance=~"$instance"`, `model=~"$model"` and `task_type=~"$task_type"`.
    #[must_use]
    pub fn query(mut self, query: impl Into<String>, legend: impl Into<String>) -> Self {
        self.targets.push(Target { query: query.into(), legend: legend.into() });
        self
    }

    /// Sets the unit of the values, by Grafana's name for it: `s`, `percentunit`, `currencyUSD`, `ops`, `count:tok/s`. The
    /// default is `short`, a number without a unit.
    #[must_use]
    pub fn unit(mut self, unit: &str) -> Self {
        unit.clone_into(&mut self.unit);
        self
    }

    /// Shows values above `value` in red.
    #[must_use]
    pub fn bad_above(self, value: impl Into<Option<f64>>) -> Self {
        Self { limit: value.into().map(Limit::Above), ..self }
    }

    /// Shows values below `value` in red.
    #[must_use]
    pub fn bad_below(self, value: f64) -> Self {
        Self { limit: Some(Limit::Below(value)), ..self }
    }

    /// Sets the text that is shown when there is no value. The default is `No traffic`.
    #[must_use]
    pub fn no_value(mut self, text: &str) -> Self {
        text.clone_into(&mut self.no_value);
        self
    }

    /// Stacks the lines, for series that are parts of a whole.
    #[must_use]
    pub fn stacked(self) -> Self {
        Self { is_stacked: true, ..self }
    }

    /// Sets the width in columns, from 1 to 24; a row of the dashboard has 24.
    #[must_use]
    pub fn width(self, columns: u32) -> Self {
        Self { width: columns.clamp(1, 24), ..self }
    }
}
