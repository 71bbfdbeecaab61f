//! The keys that the attributes share.

use proc_macro2::TokenStream;
use syn::{Expr, Path};

use super::docs;
use super::reader::StatusSource;
use super::signature::{Function, is_async};
use super::slo::Slo;
use super::{Plan, Subject};
use crate::args::{BoolLiteral, Callback, DurationLiteral, Entry, Flag, crate_path, crate_slot, entries};
use crate::diagnostics::Errors;
use crate::slot::{Fill, Slot, fill, fill_known};

/// The word by which an attribute says that it has already been moved behind the others.
pub(crate) const LAST: &str = "__last";

/// The word by which a function of an impl block says that it stays as it is.
pub(crate) const SKIP: &str = "skip";

/// The key of what tasks may spend.
pub(crate) const BUDGET: &str = "budget";

/// The key that only async functions may have.
pub(crate) const TIMEOUT: &str = "timeout";

/// The keys that every attribute has: where the runtime is, and whether this attribute was moved.
pub(crate) struct BaseKeys {
    pub(crate) krate: Slot<Path>,
    pub(crate) last: Slot<Flag>,
}

impl BaseKeys {
    pub(crate) fn new() -> Self {
        Self { krate: crate_slot(), last: Slot::hidden(LAST) }
    }
}

/// The shared keys as they were written.
pub(crate) struct SharedKeys {
    pub(crate) base: BaseKeys,
    metrics: Slot<Expr>,
    status: Slot<Callback>,
    timeout: Slot<DurationLiteral>,
    slo: Slot<Slo>,
    docs: Slot<BoolLiteral>,
    stream: Slot<Flag>,
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

    /// Reads the attribute's `own` keys and the shared ones.
    pub(crate) fn parse<'s>(
        args: TokenStream,
        own: impl IntoIterator<Item = &'s mut dyn Fill>,
        errors: &mut Errors,
    ) -> Self {
        let mut shared = Self::new();
        let found = entries(args, errors);
        let mut slots: Vec<&mut dyn Fill> = Vec::new();
        for slot in own {
            slots.push(slot);
        }
        for slot in shared.slots() {
            slots.push(slot);
        }
        fill(&found, &mut slots, errors);
        drop(slots);
        shared
    }

    /// Reads the shared keys and gives back the rest.
    pub(crate) fn take<'e>(&mut self, found: &'e [Entry], errors: &mut Errors) -> Vec<&'e Entry> {
        fill_known(found, &mut self.slots(), errors)
    }

    /// The plan of a call, checked against the function; `subject` is given how the call's status is read.
    pub(crate) fn validate(
        self,
        function: &Function,
        errors: &mut Errors,
        subject: impl FnOnce(StatusSource) -> Subject,
    ) -> Plan {
        let Self { base, metrics, status, timeout, slo, docs, stream } = self;
        let streams = stream.value().is_some();
        let timeout = timeout.into_value();
        check_timeout(timeout.as_ref(), streams, function, errors);
        let kind = status
            .into_value()
            .map_or(StatusSource::ResultType, |Callback(read)| StatusSource::Closure(read));
        Plan {
            krate: crate_path(base.krate.into_value()),
            metrics: metrics.into_value(),
            timeout,
            slo: slo.into_value(),
            streams,
            docs: docs.into_value().map_or_else(docs::enabled_by_default, |BoolLiteral(docs)| docs),
            dimensions: None,
            purse: None,
            subject: subject(kind),
        }
    }
}

/// Nothing can end a synchronous call from outside, and nobody but its reader a stream.
fn check_timeout(timeout: Option<&DurationLiteral>, streams: bool, function: &Function, errors: &mut Errors) {
    let Some(timeout) = timeout else { return };
    if streams {
        errors.push(timeout.span, "`timeout` with `stream`: limit the stream where it is read");
    } else if !is_async(&function.sig) {
        errors.push(timeout.span, "`timeout` needs an async function: nothing can end a synchronous call");
    }
}
