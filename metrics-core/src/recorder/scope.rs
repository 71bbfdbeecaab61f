//! The instance in which a tracked function records: the global instance, whose series are looked up once, or another.

use std::ops::Deref;

use super::global::{as_global, resolve};
use super::held::{BundleHandle, HoldsBundle};
use super::{Cached, CallFamily, CallLabel, CallLabels, FamilyCall, OwnFamily, Site};
use crate::builtin::{Bundle, LabelText, find};
use crate::instance::AgentMetrics;

/// An instance to record in.
pub trait Scope {
    /// A handle to a bundle of series, as the call holds it.
    type BundleHandle<S: Bundle>: HoldsBundle<S>;
    /// A handle to a call family, as the call holds it.
    type Family<L: CallLabels>: Deref<Target = CallFamily<L>>;

    /// Returns the bundle of a label value.
    fn hold<S: Bundle>(
        self,
        site: &'static Site,
        cached: &'static Cached<S>,
        label: CallLabel<'_>,
    ) -> Self::BundleHandle<S>;
    /// Returns the call family.
    fn family<L: CallLabels>(self) -> Self::Family<L>;
}

/// The global instance.
#[derive(Clone, Copy, Debug)]
pub struct Global;

impl Scope for Global {
    type BundleHandle<S: Bundle> = &'static S;
    type Family<L: CallLabels> = &'static CallFamily<L>;

    #[inline]
    fn hold<S: Bundle>(
        self,
        site: &'static Site,
        cached: &'static Cached<S>,
        label: CallLabel<'_>,
    ) -> &'static S {
        resolve(site, cached, label)
    }

    #[inline]
    fn family<L: CallLabels>(self) -> &'static CallFamily<L> {
        L::family()
    }
}

/// A call family that an instance could not register: it records, and is not exposed.
struct Refused<L>(CallFamily<L>);

impl<L> Clone for Refused<L> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl Scope for &AgentMetrics {
    type BundleHandle<S: Bundle> = BundleHandle<S>;
    type Family<L: CallLabels> = OwnFamily<L>;

    fn hold<S: Bundle>(
        self,
        _: &'static Site,
        _: &'static Cached<S>,
        label: CallLabel<'_>,
    ) -> BundleHandle<S> {
        held(self, label.value())
    }

    fn family<L: CallLabels>(self) -> Self::Family<L> {
        match self.found::<Refused<L>>() {
            Some(Refused(family)) => OwnFamily(family),
            None => OwnFamily(
                CallFamily::of(self)
                    .unwrap_or_else(|error| self.keep_refused(Refused(CallFamily::detached(self)), error).0),
            ),
        }
    }
}

/// Returns a handle to the bundle of a label value in an instance that may be dropped before the call ends.
pub(super) fn held<S: Bundle>(metrics: &AgentMetrics, value: LabelText<'_>) -> BundleHandle<S> {
    match as_global(metrics) {
        Some(global) => BundleHandle::Static(find(global.families_ref(), value)),
        None => BundleHandle::shared(metrics.families_ref(), value),
    }
}

/// Creates the call of a function with `#[track(..)]`.
#[inline]
#[track_caller]
pub fn family_call<M: Scope, L: CallLabels>(metrics: M, labels: &L) -> FamilyCall<M::Family<L>> {
    FamilyCall::new(metrics.family::<L>(), labels)
}
