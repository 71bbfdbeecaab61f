//! The series that a call site has looked up, so that it looks them up once.

use std::any::TypeId;

use once_cell::race::{OnceBox, OnceRef};

use super::label::{CallLabel, closed_text};

/// The series of the global metrics that a site has resolved so far.
pub struct Cached<S: 'static> {
    constant: OnceRef<'static, S>,
    closed: OnceBox<Table<S>>,
}

/// The series of each value of one closed set.
struct Table<S: 'static> {
    set: TypeId,
    series: Box<[OnceRef<'static, S>]>,
}

impl<S> Cached<S> {
    pub(super) const fn new() -> Self {
        Self { constant: OnceRef::new(), closed: OnceBox::new() }
    }

    /// The series of `label`, resolved at most once for constants and for values of a closed set.
    #[inline(always)]
    #[allow(clippy::inline_always)] // So that only the arm of the site's own label is left of it.
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

    /// At the first call, every value of its set gets its series: they start at zero from here on.
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
