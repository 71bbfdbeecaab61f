//! Label sets: the labels of a family as one type, and the index of each combination of values.

use std::fmt;
use std::sync::Arc;

use super::{Bounded, Interner, LabelValue};
use crate::name::{self, InvalidName};

/// The possible values of one label.
#[derive(Clone, Copy, Debug)]
pub enum Domain {
    /// A closed label, by the texts of its values.
    Closed(&'static [&'static str]),
    /// A bounded label, by its cap.
    Bounded(usize),
}

impl Domain {
    /// Returns the number of values: for a bounded label its cap and `__other__`.
    pub const fn size(self) -> usize {
        match self {
            Self::Closed(values) => values.len(),
            Self::Bounded(cap) => cap.saturating_add(1),
        }
    }
}

/// A type that can be a label: a [`LabelValue`], or [`Bounded`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a label: the number of its values has no bound",
    label = "not a label type",
    note = "write `Bounded<64>` for text that is only known at run time: past 64 values it counts under `__other__`",
    note = "or list the values in an enum with `#[derive(Clone, Copy, LabelValue)]`"
)]
pub trait LabelField: Copy + 'static {
    /// The possible values of this label.
    const DOMAIN: Domain;

    /// Returns the number of this value within the domain.
    #[doc(hidden)]
    fn slot(&self, domain: &FieldDomain) -> usize;
}

#[diagnostic::do_not_recommend]
impl<T: LabelValue> LabelField for T {
    const DOMAIN: Domain = Domain::Closed(T::VALUES);

    /// A manual implementation of `index` may be wrong. The limit keeps it from reaching the series of other labels.
    #[inline]
    fn slot(&self, _: &FieldDomain) -> usize {
        self.index().min(T::VALUES.len().saturating_sub(1))
    }
}

impl<const N: usize> LabelField for Bounded<N> {
    const DOMAIN: Domain = Domain::Bounded(N);

    #[inline]
    fn slot(&self, domain: &FieldDomain) -> usize {
        match &domain.0 {
            Values::Bounded(values) => self.slot(values),
            Values::Closed(_) => 0,
        }
    }
}

/// The labels of a family: a struct whose every field is a [`LabelField`].
///
/// Derive it. A family with this label set has one series for each combination of values that was recorded.
///
/// ```
/// use agent_metrics::{Bounded, LabelSet, LabelValue};
///
/// #[derive(Clone, Copy, LabelValue)]
/// enum Index { Docs, Code }
///
/// #[derive(Clone, Copy, LabelSet)]
/// struct Retrieved { index: Index, tenant: Bounded<100> }
///
/// assert_eq!(Retrieved::NAMES, ["index", "tenant"]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a label set",
    label = "not a label set",
    note = "derive `LabelSet` (or `CallLabels`) on a struct whose fields are enums with `LabelValue` or `Bounded<N>`"
)]
pub trait LabelSet: Copy + 'static {
    /// The labels' names, in the order in which they are exposed.
    const NAMES: &'static [&'static str];
    /// The possible values of each label.
    const DOMAINS: &'static [Domain];
    /// The maximum number of series of a family, checked at compile time where the type is concrete.
    const BUDGET: usize = DEFAULT_BUDGET;

    /// Returns the index of this combination among all combinations.
    #[doc(hidden)]
    fn index(&self, domains: &Domains) -> usize;
}

/// The empty label set: the family has one series.
impl LabelSet for () {
    const NAMES: &'static [&'static str] = &[];
    const DOMAINS: &'static [Domain] = &[];

    #[inline]
    fn index(&self, _: &Domains) -> usize {
        0
    }
}

/// The maximum number of series of a family without `budget = ..`.
pub(crate) const DEFAULT_BUDGET: usize = 10_000;

/// Returns the number of combinations of a label set.
pub(crate) const fn cardinality(domains: &[Domain]) -> usize {
    let mut product: usize = 1;
    let mut at = 0;
    while at < domains.len() {
        product = product.saturating_mul(domains[at].size());
        at += 1;
    }
    product
}

/// Checks that a label set has no more combinations than its budget.
pub(crate) const fn within_budget<L: LabelSet>() -> Result<(), InvalidName> {
    if cardinality(L::DOMAINS) > L::BUDGET {
        return Err(InvalidName(
            "too many series: the label set has more combinations than its budget; \
                          use smaller caps or fewer labels, or raise it with `budget = ..`",
        ));
    }
    Ok(())
}

/// Refuses a label set with more combinations than its budget.
///
/// # Panics
/// If it has more. In a `const` that is a compile error at the caller.
#[track_caller]
pub const fn check_budget<L: LabelSet>() {
    if let Err(fault) = within_budget::<L>() {
        panic!("{}", fault.0);
    }
}

/// The values of one label in one family.
pub struct FieldDomain(Values);

enum Values {
    Closed(&'static [&'static str]),
    Bounded(Arc<Interner>),
}

impl FieldDomain {
    /// Returns the text of a value.
    fn text(&self, slot: usize) -> &str {
        match &self.0 {
            Values::Closed(values) => values[slot],
            Values::Bounded(interner) => interner.name(slot).unwrap_or(super::OTHER),
        }
    }

    /// Returns the number of values.
    fn size(&self) -> usize {
        match &self.0 {
            Values::Closed(values) => values.len(),
            Values::Bounded(interner) => interner.slots(),
        }
    }
}

impl fmt::Debug for FieldDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FieldDomain").field("size", &self.size()).finish_non_exhaustive()
    }
}

/// The values of all labels of one family.
#[derive(Debug)]
pub struct Domains {
    fields: Box<[FieldDomain]>,
}

impl Domains {
    /// Creates the domains of a label set.
    pub(crate) fn new<L: LabelSet>() -> Self {
        // A set over its budget has no series, so its values need no slots.
        let cap = |cap| if within_budget::<L>().is_ok() { cap } else { 0 };
        let field = |domain: &Domain| match *domain {
            Domain::Closed(values) => FieldDomain(Values::Closed(values)),
            Domain::Bounded(max) => FieldDomain(Values::Bounded(Arc::new(Interner::new(cap(max))))),
        };
        Self { fields: L::DOMAINS.iter().map(field).collect() }
    }

    /// Extends the index of a combination by one more label.
    #[inline]
    pub fn fold<T: LabelField>(&self, field: usize, so_far: usize, value: &T) -> usize {
        // Only a label set over its budget can wrap, and such a set has no series.
        so_far.wrapping_mul(T::DOMAIN.size()).wrapping_add(value.slot(&self.fields[field]))
    }

    /// Returns the values of a combination, in the order of the labels.
    pub(crate) fn texts(&self, mut index: usize) -> Vec<&str> {
        let mut texts = Vec::with_capacity(self.fields.len());
        for field in self.fields.iter().rev() {
            texts.push(field.text(index % field.size()));
            index /= field.size();
        }
        texts.reverse();
        texts
    }

    /// Returns the bounded labels with their positions.
    pub(crate) fn interners(&self) -> impl Iterator<Item = (usize, &Arc<Interner>)> {
        self.fields.iter().enumerate().filter_map(|(at, field)| match &field.0 {
            Values::Bounded(interner) => Some((at, interner)),
            Values::Closed(_) => None,
        })
    }

    /// Returns true if all labels are closed.
    pub(crate) fn is_closed(&self) -> bool {
        self.interners().next().is_none()
    }
}

/// Checks the names of a label set and its budget.
pub(crate) fn check_labels<L: LabelSet>() -> Result<(), InvalidName> {
    L::NAMES.iter().try_for_each(|label| name::label_name(label))?;
    within_budget::<L>()
}
