//! Reads the recorded counts back from the exposition.

/// An exposition in the text format.
pub(crate) struct Exposed(String);

/// A number of calls: the sum of a family's samples that have one of some
/// label pairs, or of all its samples if there are no pairs.
pub(crate) struct Count {
    family: &'static str,
    pairs: Vec<String>,
}

impl Count {
    /// For each family, the samples whose label has one of the values.
    pub(crate) fn of(families: [&'static str; 2], label: &str, values: &[&str]) -> Vec<Self> {
        let pairs: Vec<_> = values.iter().map(|value| format!("{label}=\"{value}\"")).collect();
        families.map(|family| Self { family, pairs: pairs.clone() }).into()
    }

    /// The ends and the durations of tools.
    pub(crate) fn of_tools(names: &[&str]) -> Vec<Self> {
        Self::of(["agent_tool_calls_total", "agent_tool_call_duration_seconds_count"], "tool_name", names)
    }
}

impl Exposed {
    /// Reads the global instance and the registry of autometrics.
    pub(crate) fn now() -> Self {
        let mut text = agent_metrics::global().to_text();
        let autometrics = prometheus::TextEncoder::new().encode_to_string(&prometheus::gather());
        text.push_str(&autometrics.expect("what was gathered can be written"));
        Self(text)
    }

    /// Sums the samples of a family that have one of the label pairs.
    pub(crate) fn sum(&self, family: &str, pairs: &[String]) -> f64 {
        let samples = self.0.lines().filter_map(|line| line.strip_prefix(family)?.rsplit_once(' '));
        let own = samples.filter(|(labels, _)| labels.is_empty() || labels.starts_with('{'));
        let wanted =
            own.filter(|(labels, _)| pairs.is_empty() || pairs.iter().any(|pair| labels.contains(pair)));
        wanted.map(|(_, value)| value.parse().unwrap_or(f64::NAN)).sum()
    }

    /// Adds the counts that differ from the expected number to `wrong`.
    #[allow(clippy::float_cmp)] // Counts are whole numbers.
    pub(crate) fn check(&self, counts: &[Count], calls: u64, wrong: &mut Vec<String>) {
        for Count { family, pairs } in counts {
            let counted = self.sum(family, pairs);
            if counted != calls as f64 {
                wrong.push(format!("`{family}` {pairs:?} has {counted} of {calls}"));
            }
        }
    }
}
