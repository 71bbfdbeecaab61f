//! Where a tracked function records: in the global, whose series it looks up once, or in an instance.

use std::ops::Deref;

use super::global::{as_global, resolve};
use super::held::{BundleHandle, HoldsBundle};
use super::{Cached, CallFamily, CallLabel, CallLabels, OwnFamily, Site};
use crate::builtin::{Bundle, LabelText, find};
use crate::instance::AgentMetrics;

/// Where to record.
pub trait Scope {
    /// A bundle of series as the call holds it.
    type BundleHandle<S: Bundle>: HoldsBundle<S>;
    /// A call family as the call holds it.
    type Family<L: CallLabels>: Deref<Target = CallFamily<L>>;

    /// The bundle of a label value.
    fn hold<S: Bundle>(
        self,
        site: &'static Site,
        cached: &'static Cached<S>,
        label: CallLabel<'_>,
    ) -> Self::BundleHandle<S>;
    /// The call family.
    fn family<L: CallLabels>(self) -> Self::Family<L>;
}

/// The global metrics.
#[derive(Clone, Copy)]
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

/// A call family that an instance has refused: it records, and is exposed nowhere.
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

/// Holds the bundle of a label value in an instance that may end before the call does.
pub(super) fn held<S: Bundle>(metrics: &AgentMetrics, value: LabelText<'_>) -> BundleHandle<S> {
    match as_global(metrics) {
        Some(global) => BundleHandle::Static(find(global.families_ref(), value)),
        None => BundleHandle::keeping(metrics.families_ref(), value),
    }
}
