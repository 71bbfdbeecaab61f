//! What histograms keep beside their classic buckets.

use std::sync::Arc;

use super::exemplify::Exemplify;
use super::histogram_cells::HistogramRef;
use super::native::read_both;
use super::{NativeHistograms, NativeShape};
use crate::faults::FaultReporter;
use crate::sample::{Bounds, Exemplar, HistogramSample, Number};
use crate::storage::{Cells, ShardHandle};

/// What an instance, or a family of the user's, asks of its histograms.
#[derive(Clone, Default)]
pub(crate) struct HistogramOptions {
    pub(crate) native: Option<NativeHistograms>,
    pub(crate) exemplify: Option<Exemplify>,
}

impl HistogramOptions {
    /// Unless the builder says otherwise.
    pub(crate) fn of_crate() -> Self {
        #[cfg(feature = "tracing-opentelemetry")]
        let exemplify = Some(Exemplify::new(Arc::new(super::active_trace)));
        #[cfg(not(feature = "tracing-opentelemetry"))]
        let exemplify = None;
        Self { native: None, exemplify }
    }

    /// The same for a family of the user's, which has native buckets if it asks for them.
    pub(crate) fn of_family(&self, native: bool) -> Self {
        let native = native.then(|| self.native.unwrap_or_default());
        Self { native, exemplify: self.exemplify.clone() }
    }

    /// The same where panics of the user's function are counted.
    pub(crate) fn watched_by(self, faults: &Arc<FaultReporter>) -> Self {
        Self { exemplify: self.exemplify.map(|exemplify| exemplify.watched_by(faults)), ..self }
    }

    /// The classic bounds, if there are to be any.
    pub(crate) fn bounds<'a>(&self, bounds: &'a [f64]) -> &'a [f64] {
        if self.native.is_some_and(|native| !native.keeps_classic()) { &[] } else { bounds }
    }
}

/// The same as a histogram's shape has it.
pub(crate) struct Kept {
    native: Option<NativeShape>,
    exemplify: Option<Exemplify>,
}

impl Kept {
    /// `None` where nothing is asked for, which is all that most observations look at.
    pub(crate) fn new(histogram_options: &HistogramOptions) -> Option<Box<Self>> {
        let HistogramOptions { native, exemplify } = histogram_options;
        let is_asked = native.is_some() || exemplify.is_some();
        let native = native.as_ref().map(NativeShape::new);
        is_asked.then(|| Box::new(Self { native, exemplify: exemplify.clone() }))
    }

    /// How many words of a histogram it needs.
    pub(crate) fn words(kept: Option<&Self>) -> usize {
        usize::from(kept.is_some_and(|kept| kept.native.is_some()))
    }

    /// Counts an observation in native buckets, before it is in its classic one. `words[word]` is the word it needs.
    #[inline]
    pub(crate) fn observe(
        &self,
        of: HistogramRef<'_>,
        writer: ShardHandle,
        words: (impl Cells, usize),
        value: f64,
    ) {
        if let Some(native) = &self.native {
            native.observe(|| of.windows(), writer, words, value);
        }
    }

    /// Makes an exemplar of an observation, if it's its turn or if it took `long` anyway.
    #[inline]
    pub(crate) fn exemplify(
        &self,
        of: HistogramRef<'_>,
        bounds: &Bounds,
        bucket: usize,
        value: f64,
        long: bool,
    ) {
        if let Some(exemplify) = &self.exemplify {
            let exemplar = if long { exemplify.ask(value) } else { exemplify.sample(value) };
            if let Some(exemplar) = exemplar {
                put(of, bounds.buckets(), bucket, exemplar);
            }
        }
    }

    /// Shows a histogram whose classic buckets `read` adds up.
    pub(crate) fn show(
        kept: Option<&Self>,
        of: HistogramRef<'_>,
        bounds: &Bounds,
        wants_native: bool,
        read: impl Fn(&mut [u64]),
        sum: impl FnOnce() -> Number,
        show: impl FnOnce(&HistogramSample<'_>),
    ) {
        Bounds::with_words(bounds.buckets(), |counts| {
            let native =
                if let Some(native) = kept.and_then(|kept| kept.native.as_ref()).filter(|_| wants_native) {
                    read_both(counts, read, || native.read(of))
                } else {
                    read(counts);
                    None
                };
            let exemplars = of.existing_exemplars().map(|slots| slots as _);
            show(&HistogramSample { bounds, counts, sum: sum(), native: native.as_ref(), exemplars });
        });
    }
}

#[cold]
fn put(of: HistogramRef<'_>, buckets: usize, bucket: usize, exemplar: Exemplar) {
    of.exemplars(buckets).put(bucket, exemplar);
}
