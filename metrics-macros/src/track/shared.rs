//! The keys that several attributes share.

use proc_macro2::TokenStream;
use syn::{Expr, Path};

use super::bound::ErrorBound;
use super::docs;
use super::reader::StatusSource;
use super::signature::{Function, is_async};
use super::slo::Slo;
use super::streaming::StreamKey;
use super::{Plan, Subject};
use crate::args::{
    BoolLiteral, Callback, DurationLiteral, Entry, Flag, Given, crate_path, crate_slot, entries,
    labelled_entries,
};
use crate::diagnostics::Errors;
use crate::slot::{Fill, Slot, fill, fill_known};

/// The hidden key that marks an attribute as moved after the other attributes.
pub(crate) const LAST: &str = "__last";

/// The keyword that leaves a function of an impl block unchanged.
pub(crate) const SKIP: &str = "skip";

/// The key of the budget.
pub(crate) const BUDGET: &str = "budget";

/// The key of the timeout, for async functions only.
pub(crate) const TIMEOUT: &str = "timeout";

/// The keys that every attribute has: the path of the runtime crate, and the mark of a moved attribute.
pub(crate) struct BaseKeys {
    pub(crate) krate: Slot<Path>,
    pub(crate) last: Slot<Flag>,
}

impl BaseKeys {
    pub(crate) fn new() -> Self {
        Self { krate: crate_slot(), last: Slot::hidden(LAST) }
    }
}

/// The parsed keys of every attribute that measures calls.
pub(crate) struct SharedKeys {
    pub(crate) base: BaseKeys,
    metrics: Slot<Expr>,
    status: Slot<Callback>,
    timeout: Slot<Given<DurationLiteral>>,
    slo: Slot<Slo>,
    docs: Slot<BoolLiteral>,
    stream: Slot<StreamKey>,
}

impl SharedKeys {
    pub(crate) fn new() -> Self {
        Self {
            base: BaseKeys::new(),
            metrics: Slot::new("metrics"),
            status: Slot::new("status"),
            timeout: Slot::new(TIMEOUT),
            slo: Slot::new("slo"),
            docs: Slot::new("docs"),
            stream: Slot::new("stream"),
        }
    }

    fn slots(&mut self) -> [&mut dyn Fill; 8] {
        let Self { base: BaseKeys { krate, last }, metrics, status, timeout, slo, docs, stream } = self;
        [krate, metrics, status, timeout, stream, slo, docs, last]
    }

    /// Parses the keys of one attribute, `preset`, whose first key is the label, and the shared keys.
    pub(crate) fn parse<'s>(
        args: TokenStream,
        preset: impl IntoIterator<Item = &'s mut dyn Fill>,
        errors: &mut Errors,
    ) -> Self {
        let mut shared = Self::new();
        let mut slots: Vec<&mut dyn Fill> = Vec::new();
        for slot in preset {
            slots.push(slot);
        }
        let found = match slots.first() {
            Some(label) => labelled_entries(args, label.key(), errors),
            None => entries(args, errors),
        };
        for slot in shared.slots() {
            slots.push(slot);
        }
        fill(&found, &mut slots, errors);
        drop(slots);
        shared
    }

    /// Parses the shared keys and returns the other entries.
    pub(crate) fn take<'e>(&mut self, found: &'e [Entry], errors: &mut Errors) -> Vec<&'e Entry> {
        fill_known(found, &mut self.slots(), errors)
    }

    /// Validates the keys against the function and returns the plan. `subject` receives the source of the call's status.
    pub(crate) fn validate(
        self,
        function: &Function,
        errors: &mut Errors,
        subject: impl FnOnce(StatusSource) -> Subject,
    ) -> Plan {
        let Self { base, metrics, status, timeout, slo, docs, stream } = self;
        let stream = stream.into_value();
        let timeout = timeout.into_value();
        check_timeout(timeout.as_ref(), stream.is_some(), function, errors);
        let status = status
            .into_value()
            .map_or(StatusSource::ResultType, |Callback(read)| StatusSource::Closure(read));
        Plan {
            krate: crate_path(base.krate.into_value()),
            metrics: metrics.into_value(),
            timeout,
            slo: slo.into_value(),
            stream,
            streaming: None,
            docs: docs.into_value().map_or_else(docs::enabled_by_default, |BoolLiteral(docs)| docs),
            dimensions: None,
            checked_budgets: None,
            error_bound: ErrorBound::Unknown,
            subject: subject(status),
        }
    }
}

/// Reports a timeout that cannot take effect: a synchronous call cannot be ended from outside, and only its reader can end
/// a stream.
fn check_timeout(
    timeout: Option<&Given<DurationLiteral>>,
    streams: bool,
    function: &Function,
    errors: &mut Errors,
) {
    let Some(timeout) = timeout else { return };
    if streams {
        errors.push(
            timeout.span(),
            "`timeout` can't be combined with `stream`; limit the time where the stream is read",
        );
    } else if !is_async(&function.sig) {
        errors.push(
            timeout.span(),
            "`timeout` needs an async function: a synchronous call can't be interrupted",
        );
    }
}
