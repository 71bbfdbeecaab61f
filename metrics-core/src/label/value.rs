//! Closed sets of label values.

/// A label value out of a set that is known when the program is compiled.
///
/// Derive it on an enum without fields; each variant is a value, in snake case unless
/// `#[label(name = "..")]` says otherwise.
///
/// ```
/// use agent_metrics::LabelValue;
///
/// #[derive(Clone, Copy, LabelValue)]
/// enum TaskType {
///     Search,
///     #[label(name = "deep-analysis")]
///     Analysis,
/// }
///
/// assert_eq!(TaskType::VALUES, ["search", "deep-analysis"]);
/// assert_eq!(TaskType::Analysis.index(), 1);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a closed set of label values",
    label = "not a label value",
    note = "derive `LabelValue` on an enum, or use `Bounded<64>` for text that is only known at run time"
)]
pub trait LabelValue: Copy + 'static {
    /// The text of every value, each once.
    const VALUES: &'static [&'static str];

    /// Where this value stands in [`VALUES`](Self::VALUES).
    fn index(self) -> usize;

    /// This value's text.
    fn as_str(self) -> &'static str {
        Self::VALUES[self.index()]
    }
}

impl LabelValue for bool {
    const VALUES: &'static [&'static str] = &["false", "true"];

    fn index(self) -> usize {
        usize::from(self)
    }
}
