//! User-defined call families: calls by status, durations and, on request, calls in flight.

use std::ops::Deref;
use std::sync::Arc;

use super::call::{CallRecorder, Elapsed, guard};
use super::global::InGlobal;
use crate::error::RegisterError;
use crate::faults::{FaultReporter, ReportsFaults};
use crate::instance::AgentMetrics;
use crate::label::{Interner, LabelSet, check_labels};
use crate::metric::{CallShape, SeriesTable, ZERO_HISTOGRAMS};
use crate::name::{self, MetricKind};
use crate::sample::{FamilyInfo, LabelValues, Source, Visitor};
use crate::status::{Status, TOOL};
use crate::storage::ShardHandle;

/// The labels of a call family, which names the family.
///
/// Derive it; the runtime adds the `status` label. The families are `{name}_calls_total`,
/// `{name}_call_duration_seconds` and, with `in_flight`, `{name}_calls_in_progress`.
///
/// ```
/// use agent_metrics::{CallLabels, LabelValue, Status};
///
/// #[derive(Clone, Copy, LabelValue)]
/// enum Index { Docs, Code }
///
/// #[derive(Clone, Copy, CallLabels)]
/// #[calls(name = "retrieval", buckets = [0.01, 0.1, 1.0], in_flight)]
/// struct Retrieval { index: Index }
///
/// let call = Retrieval::family().start(Retrieval { index: Index::Docs });
/// call.finish(Status::Success);
/// assert!(agent_metrics::global().to_text().contains(r#"retrieval_calls_total{index="docs",status="success"} 1"#));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the label set of a call family",
    label = "not `CallLabels`",
    note = "derive `CallLabels` on the struct and name the family: `#[calls(name = \"retrieval\")]`"
)]
pub trait CallLabels: LabelSet {
    /// The name of the family.
    const NAME: &'static str;
    /// The description of its calls, for the help text.
    const HELP: &'static str = "";
    /// The bucket bounds of the duration in seconds; by default those of tool calls.
    const BUCKETS: &'static [f64] = &[0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];
    /// True if the number of calls in flight is exposed.
    const IN_FLIGHT: bool = false;
    /// True if the durations have native buckets, with the options of the instance or, where it has none, the defaults.
    const NATIVE: bool = false;

    /// Returns the family in the global instance.
    fn family() -> &'static CallFamily<Self>;
}

/// A handle to a call family. A clone is another handle to the same family.
pub struct CallFamily<L>(Arc<Calls<L>>);

impl<L> Clone for CallFamily<L> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

struct Calls<L> {
    shape: CallShape,
    series: SeriesTable<L>,
    infos: Vec<FamilyInfo>,
    faults: Arc<FaultReporter>,
}

const ENDED: usize = 0;
const DURATIONS: usize = 1;

impl<L: CallLabels> CallFamily<L> {
    /// Creates the family without registering it. Its faults are reported to the hook of `metrics`.
    pub(crate) fn detached(metrics: &AgentMetrics) -> Self {
        let histogram_options = metrics.families_ref().histogram_options.for_user_family(L::NATIVE);
        let shape = CallShape::new(TOOL.names, L::BUCKETS, false).with(&histogram_options);
        let series = SeriesTable::new(shape.cells_per_series());
        series.start_at_zero(ZERO_HISTOGRAMS);
        let with_status: Vec<_> = L::NAMES.iter().copied().chain(["status"]).collect();
        let help = |what: &str| {
            let name = L::NAME;
            if L::HELP.is_empty() { format!("{name}: {what}") } else { format!("{} {what}", L::HELP) }
        };
        let family = |kind, suffix: &str, what: &str, labels: &[&'static str]| {
            FamilyInfo::new(kind, format!("{}_{suffix}", L::NAME), help(what), labels)
                .with_domains(L::DOMAINS)
                .with_values("status", LabelValues::Closed(TOOL.names))
        };
        let mut infos = vec![
            family(MetricKind::Counter, "calls_total", "Calls that ended.", &with_status),
            family(
                MetricKind::Histogram,
                "call_duration_seconds",
                "Time from a call's start to its end.",
                L::NAMES,
            )
            .with_buckets(histogram_options.bounds(L::BUCKETS)),
        ];
        if L::IN_FLIGHT {
            infos.push(family(MetricKind::Gauge, "calls_in_progress", "Calls that run now.", L::NAMES));
        }
        let faults = metrics.families_ref().faults.clone();
        Self(Arc::new(Calls { shape, series, infos, faults }))
    }

    /// Returns the family in an instance, and registers it there if it is new.
    ///
    /// # Errors
    /// When the instance has another family with one of its names, or when the name, a label or the buckets are invalid.
    pub fn of(metrics: &AgentMetrics) -> Result<Self, RegisterError> {
        metrics.extension(|| register(metrics))
    }

    /// Starts a call that is recorded by hand.
    #[allow(clippy::needless_pass_by_value)] // Labels are small and made on the spot.
    pub fn start(&self, labels: L) -> CallGuard<L> {
        let index = self.0.series.index(&labels);
        CallGuard::start(FamilyCall { family: OwnFamily(self.clone()), index })
    }
}

impl<L: CallLabels> Source for Calls<L> {
    fn families(&self) -> &[FamilyInfo] {
        &self.infos
    }

    fn parts(&self, _: usize) -> usize {
        self.series.parts()
    }

    fn visit_part(&self, family: usize, part: usize, visitor: &mut dyn Visitor) {
        self.series.for_each_in(part, |labels, slot| {
            let Some((row, at)) = slot.cells() else { return };
            match family {
                ENDED => self.shape.show_ended(row, at, labels, visitor),
                DURATIONS => self.shape.show_durations(row, at, labels, visitor),
                _ => self.shape.show_in_flight(row, at, labels, visitor),
            }
        });
    }

    fn interners(&self) -> Vec<(&str, &str, &Arc<Interner>)> {
        let domains = self.series.domains();
        domains
            .interners()
            .map(|(at, interner)| (self.infos[0].name.as_str(), L::NAMES[at], interner))
            .collect()
    }
}

/// Creates and registers the family of `L`.
fn register<L: CallLabels>(metrics: &AgentMetrics) -> Result<CallFamily<L>, RegisterError> {
    let invalid =
        |fault: name::InvalidName| RegisterError::Invalid { family: L::NAME.to_owned(), why: fault.0 };
    name::call_labels(L::NAMES)
        .and_then(|()| check_labels::<L>())
        .and_then(|()| name::buckets(L::BUCKETS))
        .map_err(invalid)?;
    let family = CallFamily::<L>::detached(metrics);
    let source: Arc<dyn Source> = family.0.clone();
    metrics.register(&[source])?;
    Ok(family)
}

/// A call family that a call owns a handle to.
pub struct OwnFamily<L>(pub(super) CallFamily<L>);

impl<L> Deref for OwnFamily<L> {
    type Target = CallFamily<L>;

    fn deref(&self) -> &CallFamily<L> {
        &self.0
    }
}

/// A call family that is registered in the global instance at its first use.
pub struct GlobalFamily<L: 'static>(InGlobal<CallFamily<L>>);

impl<L: CallLabels> GlobalFamily<L> {
    /// Creates the value; nothing is registered yet.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self(InGlobal::new())
    }

    /// Returns the family, and registers it if this is the first use. If that fails, the fault hook gets the error, and the
    /// family records without being exposed.
    #[inline]
    #[track_caller]
    pub fn get(&'static self) -> &'static CallFamily<L> {
        self.0.get(register, CallFamily::detached)
    }
}

/// A call of a call family.
pub struct FamilyCall<F> {
    family: F,
    index: usize,
}

impl<L: CallLabels, F: Deref<Target = CallFamily<L>>> FamilyCall<F> {
    /// Creates a call with these labels.
    #[inline]
    pub(super) fn new(family: F, labels: &L) -> Self {
        let index = family.0.series.index(labels);
        Self { family, index }
    }
}

impl<L: CallLabels, F: Deref<Target = CallFamily<L>>> ReportsFaults for FamilyCall<F> {
    #[inline]
    fn faults(&self) -> &FaultReporter {
        &self.family.0.faults
    }
}

impl<L: CallLabels, F: Deref<Target = CallFamily<L>>> CallRecorder for FamilyCall<F> {
    #[inline]
    fn start(&mut self, writer: ShardHandle) {
        let calls = &*self.family.0;
        if let Some((row, at)) = calls.series.at(self.index).cells() {
            CallShape::start(writer, row, at);
        }
    }

    #[inline]
    fn end(&mut self, writer: ShardHandle, status: Status, elapsed: Elapsed) {
        let calls = &*self.family.0;
        if let Some((row, at)) = calls.series.at(self.index).cells() {
            calls.shape.end(writer, row, at, TOOL.place(status), elapsed.ticks());
        }
    }
}

guard! {
    /// A call of a user-defined call family that is recorded by hand: it lasts from [`CallFamily::start`] to
    /// [`finish`](Self::finish).
    CallGuard [L: CallLabels] [L] FamilyCall<OwnFamily<L>>
}

debug_by_name! {
    CallFamily [L] [L];
    OwnFamily [L] [L];
    GlobalFamily [L] [L];
    FamilyCall [F] [F];
}
