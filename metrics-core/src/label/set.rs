//! The labels of a family as one type, and the dense number of each combination.

use std::sync::Arc;

use super::{Bounded, Interner, LabelValue};
use crate::name::{self, InvalidName};

/// The values that one label can take.
#[derive(Clone, Copy, Debug)]
pub enum Domain {
    /// A closed set, by text.
    Closed(&'static [&'static str]),
    /// Whatever turns up, but at most so many.
    Bounded(usize),
}

impl Domain {
    /// How many values: those of the set, or the cap and `__other__`.
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
    /// The values it can take.
    const DOMAIN: Domain;

    /// The number of this value within the domain.
    #[doc(hidden)]
    fn slot(&self, domain: &FieldDomain) -> usize;
}

impl<T: LabelValue> LabelField for T {
    const DOMAIN: Domain = Domain::Closed(T::VALUES);

    /// An implementation by hand may be wrong, and must not reach the series of other labels.
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
/// Derive it; a family of it then has one series for each combination of values that occurred.
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
    /// What each of them can be.
    const DOMAINS: &'static [Domain];
    /// The most series that a family of it may have, checked where the type is concrete.
    const BUDGET: usize = DEFAULT_BUDGET;

    /// The number of this combination among all.
    #[doc(hidden)]
    fn index(&self, domains: &Domains) -> usize;
}

/// No labels: the family is one series.
impl LabelSet for () {
    const NAMES: &'static [&'static str] = &[];
    const DOMAINS: &'static [Domain] = &[];

    #[inline]
    fn index(&self, _: &Domains) -> usize {
        0
    }
}

/// The most series a family may have unless `budget = ..` says otherwise.
pub(crate) const DEFAULT_BUDGET: usize = 10_000;

/// How many combinations a label set has.
pub(crate) const fn cardinality(domains: &[Domain]) -> usize {
    let mut product: usize = 1;
    let mut at = 0;
    while at < domains.len() {
        product = product.saturating_mul(domains[at].size());
        at += 1;
    }
    product
}

pub(crate) const fn within_budget<L: LabelSet>() -> Result<(), InvalidName> {
    if cardinality(L::DOMAINS) > L::BUDGET {
        return Err(InvalidName(
            "too many series: the label set has more combinations than its budget; \
                          use smaller caps or fewer labels, or raise it with `budget = ..`",
        ));
    }
    Ok(())
}

/// Refuses, at compile time, a label set with more combinations than its budget.
///
/// # Panics
/// When it has; in a `const` that is a compile error at the caller.
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
    fn text(&self, slot: usize) -> &str {
        match &self.0 {
            Values::Closed(values) => values[slot],
            Values::Bounded(interner) => interner.name(slot).unwrap_or(super::OTHER),
        }
    }

    fn size(&self) -> usize {
        match &self.0 {
            Values::Closed(values) => values.len(),
            Values::Bounded(interner) => interner.slots(),
        }
    }
}

/// The values of all labels of one family.
pub struct Domains {
    fields: Box<[FieldDomain]>,
}

impl Domains {
    pub(crate) fn of<L: LabelSet>() -> Self {
        // A set over its budget has no series, so there is nothing to remember for it.
        let cap = |cap| if within_budget::<L>().is_ok() { cap } else { 0 };
        let field = |domain: &Domain| match *domain {
            Domain::Closed(values) => FieldDomain(Values::Closed(values)),
            Domain::Bounded(most) => FieldDomain(Values::Bounded(Arc::new(Interner::new(cap(most))))),
        };
        Self { fields: L::DOMAINS.iter().map(field).collect() }
    }

    /// Joins one more label to the number of a combination.
    #[inline]
    pub fn fold<T: LabelField>(&self, field: usize, so_far: usize, value: &T) -> usize {
        // Only a set over its budget wraps, and that has no series.
        so_far.wrapping_mul(T::DOMAIN.size()).wrapping_add(value.slot(&self.fields[field]))
    }

    /// The texts of a combination, in the labels' order.
    pub(crate) fn texts(&self, mut index: usize) -> Vec<&str> {
        let mut texts = Vec::with_capacity(self.fields.len());
        for field in self.fields.iter().rev() {
            texts.push(field.text(index % field.size()));
            index /= field.size();
        }
        texts.reverse();
        texts
    }

    /// The capped labels, by position.
    pub(crate) fn interners(&self) -> impl Iterator<Item = (usize, &Arc<Interner>)> {
        self.fields.iter().enumerate().filter_map(|(at, field)| match &field.0 {
            Values::Bounded(interner) => Some((at, interner)),
            Values::Closed(_) => None,
        })
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.interners().next().is_none()
    }
}

pub(crate) fn check_labels<L: LabelSet>() -> Result<(), InvalidName> {
    L::NAMES.iter().try_for_each(|label| name::label_name(label))?;
    within_budget::<L>()
}
