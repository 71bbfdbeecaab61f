//! Call sites: one static for each attribute, and the label values written there.

use std::any::TypeId;

use once_cell::race::{OnceBox, OnceRef};

use crate::catalogue::{SiteInfo, SiteKind, Slo};
use crate::families::{LlmSeries, TaskSeries, ToolSeries};
use crate::label::{LabelValue, OTHER};

/// One tracked function, with the series that it resolved in the global metrics.
pub struct Site {
    info: SiteInfo,
    constant: Option<fn() -> Label<'static>>,
    family: Option<fn()>,
    elsewhere: bool,
    pub(crate) task: Cached<TaskSeries>,
    pub(crate) tool: Cached<ToolSeries>,
    pub(crate) llm: Cached<LlmSeries>,
}

impl Site {
    /// Describes a tracked function.
    pub const fn new(
        kind: SiteKind,
        function: &'static str,
        module: &'static str,
        file: &'static str,
        line: u32,
    ) -> Self {
        Self {
            info: SiteInfo {
                kind,
                function,
                module,
                file,
                line,
                label: None,
                family: None,
                provider: None,
                operation: None,
                slo: None,
            },
            constant: None,
            family: None,
            elsewhere: false,
            task: Cached::new(),
            tool: Cached::new(),
            llm: Cached::new(),
        }
    }

    /// Says which label value it always has, so that its series start at zero.
    #[must_use]
    pub const fn with_constant(mut self, constant: fn() -> Label<'static>) -> Self {
        self.constant = Some(constant);
        self
    }

    /// Says which call family it records in and how that is registered, so that it is seen before the
    /// first call.
    #[must_use]
    pub const fn with_family(mut self, name: &'static str, register: fn()) -> Self {
        self.info.family = Some(name);
        self.family = Some(register);
        self
    }

    /// Says that it records in an instance of its own.
    #[must_use]
    pub const fn elsewhere(mut self) -> Self {
        self.elsewhere = true;
        self
    }

    /// Whether it records in the global.
    pub(crate) fn is_global(&self) -> bool {
        !self.elsewhere
    }

    /// Says whose model it calls, and for what.
    #[must_use]
    pub const fn with_model(mut self, provider: Option<&'static str>, operation: &'static str) -> Self {
        self.info.provider = provider;
        self.info.operation = Some(operation);
        self
    }

    /// Says what it is held to.
    #[must_use]
    pub const fn with_slo(mut self, slo: Slo) -> Self {
        self.info.slo = Some(slo);
        self
    }

    /// Registers its call family in the global metrics.
    pub(crate) fn register_family(&self) {
        if let Some(register) = self.family {
            register();
        }
    }

    pub(crate) fn info(&self) -> SiteInfo {
        let value = self.constant().map(Label::text);
        SiteInfo { label: self.info.kind.label().zip(value), ..self.info }
    }

    pub(crate) fn constant(&self) -> Option<Label<'static>> {
        self.constant.map(|constant| constant())
    }
}

/// How a site is found by those who never called it.
pub struct SiteRef(pub &'static Site);

inventory::collect!(SiteRef);

pub(crate) fn linked_sites() -> impl Iterator<Item = &'static Site> {
    inventory::iter::<SiteRef>.into_iter().map(|site| site.0)
}

/// Every tracked function that is linked into the program, called or not.
///
/// A function of a library that the program never names may not be linked, and then isn't here.
pub fn sites() -> impl Iterator<Item = SiteInfo> {
    linked_sites().map(Site::info)
}

/// Tools and tasks that have one constant name though they are two functions: their calls can't be told
/// apart. The hook of the global metrics is told of each when they are made.
pub fn shared_names() -> Vec<(SiteInfo, SiteInfo)> {
    let mut named: Vec<_> = sites()
        .filter(|site| site.label.is_some() && matches!(site.kind, SiteKind::Task | SiteKind::Tool))
        .collect();
    named.sort_by_key(|site| (site.label, site.file, site.line));
    named.windows(2).filter(|pair| pair[0].label == pair[1].label).map(|pair| (pair[0], pair[1])).collect()
}

/// A label value of a call.
#[derive(Clone, Copy)]
pub enum Label<'a> {
    /// Text that is the same at every call of the site.
    Constant(&'static str),
    /// A value of a closed set.
    Closed {
        /// Which set, since a generic function's site sees several.
        set: TypeId,
        /// The place in it.
        index: usize,
        /// Its texts.
        values: &'static [&'static str],
    },
    /// Text that is only known at the call.
    Text(&'a str),
}

impl<'a> Label<'a> {
    #[allow(clippy::match_same_arms)] // Their lifetimes differ.
    pub(crate) fn text(self) -> &'a str {
        match self {
            Self::Text(text) => text,
            Self::Constant(text) => text,
            Self::Closed { index, values, .. } => closed_text(values, index),
        }
    }
}

/// An implementation of `LabelValue` by hand may name a value that isn't there.
fn closed_text(values: &'static [&'static str], index: usize) -> &'static str {
    values.get(index).copied().unwrap_or(OTHER)
}

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
    const fn new() -> Self {
        Self { constant: OnceRef::new(), closed: OnceBox::new() }
    }

    /// The series of `label`, resolved at most once for constants and for values of a closed set.
    #[inline(always)]
    #[allow(clippy::inline_always)] // So that only the arm of the site's own label is left of it.
    pub(crate) fn resolve(&self, label: Label<'_>, resolve: impl Fn(&str) -> &'static S) -> &'static S {
        match label {
            Label::Constant(text) => match self.constant.get() {
                Some(series) => series,
                None => Self::remember(&self.constant, text, resolve),
            },
            Label::Closed { set, index, values } => {
                let table = match self.closed.get() {
                    Some(table) => table,
                    None => self.new_table(set, values, &resolve),
                };
                match table.series.get(index).filter(|_| table.set == set).and_then(OnceRef::get) {
                    Some(series) => series,
                    None => resolve(closed_text(values, index)),
                }
            }
            Label::Text(text) => resolve(text),
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

/// A label expression of an attribute; how it is read depends on its type.
pub struct Arg<'a, T: ?Sized>(pub &'a T);

/// Reads an enum with `derive(LabelValue)`.
pub trait ViaClosed {
    /// The label.
    fn __label(&self) -> Label<'static>;
}

impl<T: LabelValue> ViaClosed for &&Arg<'_, T> {
    #[inline]
    fn __label(&self) -> Label<'static> {
        Label::Closed { set: TypeId::of::<T>(), index: self.0.index(), values: T::VALUES }
    }
}

/// Reads whatever gives text.
pub trait ViaText<'a> {
    /// The label.
    fn __label(&self) -> Label<'a>;
}

impl<'a, T: AsRef<str> + ?Sized> ViaText<'a> for &Arg<'a, T> {
    #[inline]
    fn __label(&self) -> Label<'a> {
        Label::Text(self.0.as_ref())
    }
}

/// Explains why a type is neither.
pub trait ViaNoLabel<'a> {
    /// The label.
    fn __label(&self) -> Label<'a>
    where
        Self: IsLabel;
}

impl<'a, T: ?Sized> ViaNoLabel<'a> for Arg<'a, T> {
    fn __label(&self) -> Label<'a>
    where
        Self: IsLabel,
    {
        unreachable!("no type is `IsLabel`")
    }
}

/// Implemented by nothing; its message is what a wrong label expression says.
#[diagnostic::on_unimplemented(
    message = "this value cannot be a label",
    label = "neither text nor a `LabelValue`",
    note = "give an expression that is `AsRef<str>`, such as `self.model`, or an enum with `#[derive(Clone, Copy, LabelValue)]`"
)]
pub trait IsLabel {}
