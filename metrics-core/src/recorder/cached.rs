//! The cache of a call site for the series that it has looked up.

use std::any::TypeId;

use once_cell::race::{OnceBox, OnceRef};

use super::label::{CallLabel, closed_text};

/// The series of the global instance that a site has looked up so far.
pub struct Cached<S: 'static> {
    constant: OnceRef<'static, S>,
    closed: OnceBox<Table<S>>,
}

/// The series of each value of one closed label.
struct Table<S: 'static> {
    set: TypeId,
    series: Box<[OnceRef<'static, S>]>,
}

impl<S> Cached<S> {
    pub(super) const fn new() -> Self {
        Self { constant: OnceRef::new(), closed: OnceBox::new() }
    }

    /// Returns the series of `label`. Constants and values of a closed label are looked up at most once.
    #[inline(always)]
    #[allow(clippy::inline_always)] // Leaves only the match arm for the site's label.
    pub(crate) fn resolve(&self, label: CallLabel<'_>, resolve: impl Fn(&str) -> &'static S) -> &'static S {
        match label {
            CallLabel::Constant(text) => match self.constant.get() {
                Some(series) => series,
                None => Self::remember(&self.constant, text, resolve),
            },
            CallLabel::Closed { set, index, values } => {
                let table = match self.closed.get() {
                    Some(table) => table,
                    None => self.new_table(set, values, &resolve),
                };
                match table.series.get(index).filter(|_| table.set == set).and_then(OnceRef::get) {
                    Some(series) => series,
                    None => resolve(closed_text(values, index)),
                }
            }
            CallLabel::Text(text) | CallLabel::NamedConstant(text) => resolve(text),
        }
    }

    #[cold]
    #[inline(never)]
    fn remember(slot: &OnceRef<'static, S>, text: &str, resolve: impl Fn(&str) -> &'static S) -> &'static S {
        let series = resolve(text);
        let _ = slot.set(series);
        series
    }

    /// Creates the series of every value of the closed label at the first call, so that they start at zero.
    #[cold]
    #[inline(never)]
    fn new_table(
        &self,
        set: TypeId,
        values: &'static [&'static str],
        resolve: &impl Fn(&str) -> &'static S,
    ) -> &Table<S> {
        self.closed.get_or_init(|| {
            let series = values.iter().map(|text| {
                let slot = OnceRef::new();
                let _ = slot.set(resolve(text));
                slot
            });
            Box::new(Table { set, series: series.collect() })
        })
    }
}

debug_by_name! { Cached [S] [S]; }
