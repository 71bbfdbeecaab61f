//! The optional parts of histograms: native buckets and exemplars.

use std::sync::Arc;

use super::exemplar_sampler::ExemplarSampler;
use super::histogram_cells::HistogramRef;
use super::native::{NativeHistograms, NativeShape, read_both};
use crate::faults::FaultReporter;
use crate::sample::{Bounds, Exemplar, HistogramSample, Number};
use crate::storage::{Cells, ShardHandle};

/// The optional parts that an instance or a user-defined family wants for its histograms.
#[derive(Clone, Default, Debug)]
pub(crate) struct HistogramOptions {
    pub(crate) native: Option<NativeHistograms>,
    pub(crate) exemplars: Option<ExemplarSampler>,
}

impl HistogramOptions {
    /// Returns the options of an instance whose builder sets none.
    pub(crate) fn crate_default() -> Self {
        #[cfg(feature = "tracing-opentelemetry")]
        let exemplars = Some(ExemplarSampler::new(Arc::new(super::exemplar_sampler::active_trace)));
        #[cfg(not(feature = "tracing-opentelemetry"))]
        let exemplars = None;
        Self { native: None, exemplars }
    }

    /// Returns the options of a user-defined family in an instance with these options. It has native buckets only if
    /// `native` is set, with the instance's settings or else the default ones.
    pub(crate) fn for_user_family(&self, native: bool) -> Self {
        let native = native.then(|| self.native.unwrap_or_default());
        Self { native, exemplars: self.exemplars.clone() }
    }

    /// Reports panics of the function that returns traces to `faults`.
    pub(crate) fn reporting_to(self, faults: &Arc<FaultReporter>) -> Self {
        Self { exemplars: self.exemplars.map(|sampler| sampler.reporting_to(faults)), ..self }
    }

    /// Returns the bounds of the classic buckets: `bounds`, or none where native buckets replace the classic ones.
    pub(crate) fn bounds<'a>(&self, bounds: &'a [f64]) -> &'a [f64] {
        if self.native.is_some_and(|native| !native.keeps_classic()) { &[] } else { bounds }
    }
}

/// The optional parts of a histogram's shape, made from its [`HistogramOptions`].
pub(crate) struct HistogramExtensions {
    native: Option<NativeShape>,
    exemplars: Option<ExemplarSampler>,
}

impl HistogramExtensions {
    /// Returns `None` for a plain histogram, so that an observation of it checks one pointer.
    pub(crate) fn new(histogram_options: &HistogramOptions) -> Option<Box<Self>> {
        let HistogramOptions { native, exemplars } = histogram_options;
        let is_plain = native.is_none() && exemplars.is_none();
        let native = native.as_ref().map(NativeShape::new);
        (!is_plain).then(|| Box::new(Self { native, exemplars: exemplars.clone() }))
    }

    /// Returns the number of cells that a histogram has for them.
    pub(crate) fn cells_per_series(extensions: Option<&Self>) -> usize {
        usize::from(extensions.is_some_and(|extensions| extensions.native.is_some()))
    }

    /// Counts an observation in the native buckets. The caller counts it in its classic bucket afterwards.
    /// `cells[window]` is the cell of [`Self::cells_per_series`].
    #[inline]
    pub(crate) fn observe(
        &self,
        histogram: HistogramRef<'_>,
        shard: ShardHandle,
        (cells, window): (impl Cells, usize),
        value: f64,
    ) {
        if let Some(native) = &self.native {
            native.observe(|| histogram.windows(), shard, (cells, window), value);
        }
    }

    /// Stores an exemplar of an observation, if it is sampled. An observation of something `long` is always sampled.
    #[inline]
    pub(crate) fn sample_exemplar(
        &self,
        histogram: HistogramRef<'_>,
        bounds: &Bounds,
        bucket: usize,
        value: f64,
        long: bool,
    ) {
        if let Some(sampler) = &self.exemplars {
            let exemplar = if long { sampler.capture(value) } else { sampler.sample(value) };
            if let Some(exemplar) = exemplar {
                store(histogram, bounds.buckets(), bucket, exemplar);
            }
        }
    }

    /// Shows a histogram. `read` adds its classic buckets up, `sum` reads its sum.
    pub(crate) fn show(
        extensions: Option<&Self>,
        histogram: HistogramRef<'_>,
        bounds: &Bounds,
        wants_native: bool,
        read: impl Fn(&mut [u64]),
        sum: impl FnOnce() -> Number,
        show: impl FnOnce(&HistogramSample<'_>),
    ) {
        let shape = extensions.and_then(|extensions| extensions.native.as_ref()).filter(|_| wants_native);
        Bounds::with_zeroed_counts(bounds.buckets(), |counts| {
            let native = if let Some(shape) = shape {
                read_both(counts, read, || shape.read(histogram))
            } else {
                read(counts);
                None
            };
            let exemplars = histogram.existing_exemplars().map(|slots| slots as _);
            show(&HistogramSample { bounds, counts, sum: sum(), native: native.as_ref(), exemplars });
        });
    }
}

#[cold]
fn store(histogram: HistogramRef<'_>, buckets: usize, bucket: usize, exemplar: Exemplar) {
    histogram.exemplars(buckets).put(bucket, exemplar);
}
