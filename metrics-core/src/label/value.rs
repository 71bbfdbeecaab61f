//! Closed labels, whose values are known when the program is compiled.

/// A value of a closed label: all values are known when the program is compiled.
///
/// Derive it on an enum without fields. Each variant is a value: its name in snake case, or the name given by
/// `#[label(name = "..")]`.
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
    /// The text of every value, without duplicates.
    const VALUES: &'static [&'static str];

    /// Returns the position of this value in [`VALUES`](Self::VALUES).
    fn index(self) -> usize;

    /// Returns the text of this value.
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
