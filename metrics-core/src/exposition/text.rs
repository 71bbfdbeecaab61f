//! The two text formats: Prometheus 0.0.4 and OpenMetrics 1.0.0.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::negotiate::Format;
use super::open_names;
use super::writer::{FamilyVisitor, FamilyWriter, Head};
use crate::label::{Labels, RenderedLabels};
use crate::name::MetricKind;
use crate::sample::{Exemplar, HistogramSample, Number, Visitor, bound_text};

/// Writes families as text.
pub(super) struct TextWriter {
    out: String,
    /// The initial capacity of `out`, in bytes.
    capacity: usize,
    format: Format,
    /// The labels that the registry adds to every sample, rendered.
    registry_labels: Box<str>,
    names: SampleNames,
    /// The OpenMetrics names that more than one family would have.
    clashes: HashSet<String>,
    /// The time of the next samples if they have one, in milliseconds since 1970.
    timestamp: Option<i64>,
    family: OpenFamily,
}

/// The family that is being written.
#[derive(Default)]
struct OpenFamily {
    /// The position in `out` at which the family begins.
    head: usize,
    /// The position in `out` at which its samples begin.
    samples: usize,
    /// A part of the family was taken.
    is_begun: bool,
    /// The registry has already added its labels to the samples.
    gathered: bool,
}

/// The names of the samples of a family, each with the brace that follows it.
#[derive(Default)]
struct SampleNames {
    plain: String,
    bucket: String,
    sum: String,
    count: String,
}

impl SampleNames {
    fn set(&mut self, name: &str) {
        let Self { plain, bucket, sum, count } = self;
        for (text, suffix) in [(plain, "{"), (bucket, "_bucket{"), (sum, "_sum{"), (count, "_count{")] {
            text.clear();
            text.push_str(name);
            text.push_str(suffix);
        }
    }
}

impl TextWriter {
    /// Creates a writer whose buffer has room for `bytes`.
    pub(super) fn new(format: Format, registry_labels: &RenderedLabels, bytes: usize) -> Self {
        Self {
            out: String::with_capacity(bytes),
            capacity: bytes,
            format,
            registry_labels: registry_labels.text().into(),
            names: SampleNames::default(),
            clashes: HashSet::new(),
            timestamp: None,
            family: OpenFamily::default(),
        }
    }

    /// Announces the families that will be written, whose OpenMetrics names may clash.
    pub(super) fn expect<'f>(&mut self, families: impl Iterator<Item = (MetricKind, &'f str)>) {
        if self.format == Format::OpenMetrics {
            self.clashes = open_names::clashes(families);
        }
    }

    /// Returns the output that was not taken.
    pub(super) fn into_string(self) -> String {
        self.out
    }

    fn is_empty_family(&self) -> bool {
        !self.family.is_begun && self.out.len() == self.family.samples
    }

    fn header(&mut self, name: &str, kind: MetricKind, unit: Option<&str>, help: &str) {
        let open = self.format == Format::OpenMetrics;
        let (kind, family) =
            if open { open_names::open_family(kind, name, &self.clashes) } else { (kind, name) };
        let kind = match kind {
            MetricKind::Info if open => "info",
            MetricKind::Unknown if open => "unknown",
            MetricKind::Counter => "counter",
            MetricKind::Gauge | MetricKind::Info => "gauge",
            MetricKind::Histogram => "histogram",
            MetricKind::Summary => "summary",
            MetricKind::Unknown => "untyped",
        };
        self.put(&["# HELP ", family, " "]);
        escape_help(help, open, &mut self.out);
        self.put(&["\n# TYPE ", family, " ", kind, "\n"]);
        if let Some(unit) = unit.filter(|unit| open && family.ends_with(unit)) {
            self.put(&["# UNIT ", family, " ", unit, "\n"]);
        }
    }

    fn put(&mut self, parts: &[&str]) {
        for part in parts {
            self.out.push_str(part);
        }
    }

    /// Writes one sample.
    #[inline]
    fn line(
        &mut self,
        name: impl Fn(&SampleNames) -> &String,
        labels: Labels<'_>,
        last: Option<(&str, &str)>,
        value: Number,
    ) {
        self.out.push_str(name(&self.names));
        self.end_labels(labels, last);
        self.end_sample(value);
    }

    /// Writes the labels, up to the space before the value.
    #[inline]
    fn end_labels(&mut self, labels: Labels<'_>, last: Option<(&str, &str)>) {
        let series = labels.series_text();
        self.out.push_str(series);
        let registry = if self.family.gathered { "" } else { &*self.registry_labels };
        if registry.is_empty() && labels.extra.is_empty() && last.is_none() {
            if series.is_empty() {
                self.out.pop();
                self.out.push(' ');
            } else {
                self.out.push_str("} ");
            }
            return;
        }
        let mut first = series.is_empty();
        let mut put = |parts: &[&str]| {
            self.out.push_str(if std::mem::take(&mut first) { "" } else { "," });
            for part in parts {
                self.out.push_str(part);
            }
        };
        if !registry.is_empty() {
            put(&[registry]);
        }
        for (name, value) in labels.extra.iter().copied().chain(last) {
            put(&[name, "=\"", value, "\""]);
        }
        self.out.push_str("} ");
    }

    #[inline]
    fn end_sample(&mut self, value: Number) {
        value.write(&mut self.out);
        if self.timestamp.is_some() {
            self.write_timestamp();
        }
        self.out.push('\n');
    }

    /// Adds an exemplar to the last written sample. Its labels have 63 characters; OpenMetrics allows 128.
    #[cold]
    fn add_exemplar(&mut self, exemplar: &Exemplar) {
        let Exemplar { trace_id, span_id, value, time } = *exemplar;
        self.out.pop();
        let labels = format_args!("trace_id=\"{trace_id:032x}\",span_id=\"{span_id:016x}\"");
        // Writing to a string cannot fail.
        let _ = write!(self.out, " # {{{labels}}} ");
        Number::Float(value).write(&mut self.out);
        self.out.push(' ');
        Number::Nanos(time * 1_000_000).write(&mut self.out);
        self.out.push('\n');
    }

    #[cold]
    fn write_timestamp(&mut self) {
        let milliseconds = self.timestamp.unwrap_or_default() as f64;
        self.out.push(' ');
        let unit = if self.format == Format::OpenMetrics { 1e3 } else { 1.0 };
        Number::Float(milliseconds / unit).write(&mut self.out);
    }
}

impl FamilyVisitor for TextWriter {
    fn open(&mut self, head: &Head<'_>) {
        let begin = self.out.len();
        self.header(head.name, head.kind, head.unit, head.help);
        self.names.set(head.name);
        let samples = self.out.len();
        self.family = OpenFamily { head: begin, samples, is_begun: false, gathered: head.gathered };
    }

    fn set_timestamp(&mut self, milliseconds: Option<i64>) {
        self.timestamp = milliseconds;
    }

    fn close(&mut self) {
        if self.is_empty_family() {
            self.out.truncate(self.family.head);
        }
        self.family.is_begun = true;
    }
}

impl FamilyWriter for TextWriter {
    fn finish(&mut self) {
        if self.format == Format::OpenMetrics {
            self.out.push_str("# EOF\n");
        }
    }

    fn ready(&self) -> usize {
        // A family without samples is removed again when it is closed, so its head cannot be taken yet.
        if self.is_empty_family() { 0 } else { self.out.len() }
    }

    fn take(&mut self) -> Vec<u8> {
        self.family.is_begun = true;
        std::mem::replace(&mut self.out, String::with_capacity(self.capacity)).into_bytes()
    }

    fn into_bytes(self: Box<Self>) -> Vec<u8> {
        self.out.into_bytes()
    }
}

impl Visitor for TextWriter {
    #[inline]
    fn sample(&mut self, labels: Labels<'_>, value: Number) {
        self.line(|names| &names.plain, labels, None, value);
    }

    fn histogram(&mut self, labels: Labels<'_>, histogram: &HistogramSample<'_>) {
        const END: &str = "\"} ";
        let HistogramSample { bounds, counts, sum, .. } = *histogram;
        // All bucket samples of a series begin with the same text, up to the value of `le`.
        let begin = self.out.len();
        self.out.push_str(&self.names.bucket);
        self.end_labels(labels, Some(("le", "")));
        self.out.truncate(self.out.len() - END.len());
        let head = begin..self.out.len();
        let mut cumulative = 0;
        for (bucket, (count, le)) in counts.iter().zip(bounds.le()).enumerate() {
            cumulative += count;
            if bucket > 0 {
                self.out.extend_from_within(head.clone());
            }
            self.out.push_str(le);
            self.out.push_str(END);
            self.end_sample(Number::Integer(cumulative));
            if let Some(exemplar) = histogram.exemplar(bucket)
                && self.format == Format::OpenMetrics
            {
                self.add_exemplar(&exemplar);
            }
        }
        self.line(|names| &names.sum, labels, None, sum);
        self.line(|names| &names.count, labels, None, Number::Integer(cumulative));
    }

    fn quantile(&mut self, labels: Labels<'_>, quantile: f64, value: f64) {
        let quantile = bound_text(quantile);
        self.line(|names| &names.plain, labels, Some(("quantile", &quantile)), Number::Float(value));
    }

    fn summary(&mut self, labels: Labels<'_>, count: u64, sum: Number) {
        self.line(|names| &names.sum, labels, None, sum);
        self.line(|names| &names.count, labels, None, Number::Integer(count));
    }
}

fn escape_help(help: &str, quotes: bool, out: &mut String) {
    for character in help.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '"' if quotes => out.push_str("\\\""),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Bounds;

    const HEAD: Head<'_> = Head {
        name: "a",
        kind: MetricKind::Histogram,
        unit: None,
        help: "he\\lp\n",
        otel: None,
        gathered: false,
    };

    #[test]
    fn a_family_without_samples_is_not_written() {
        let mut writer = TextWriter::new(Format::Text, &RenderedLabels::default(), 0);
        writer.open(&HEAD);
        assert_eq!(writer.ready(), 0);
        writer.close();
        assert!(writer.into_string().is_empty());
    }

    #[test]
    fn a_family_that_is_taken_in_parts_has_one_head() {
        let mut writer = TextWriter::new(Format::Text, &RenderedLabels::default(), 0);
        writer.open(&HEAD);
        writer.sample(Labels::NONE, Number::Integer(1));
        let first = String::from_utf8(writer.take()).unwrap();
        assert!(first.starts_with("# HELP a ") && first.ends_with("\na 1\n"), "{first}");
        writer.close();
        assert!(writer.into_string().is_empty());
    }

    #[test]
    fn labels_of_series_registry_and_sample_are_written_in_this_order() {
        let mut writer = TextWriter::new(Format::Text, &RenderedLabels::new([("region", "eu")]), 0);
        writer.open(&HEAD);
        let series = RenderedLabels::new([("x", "1")]);
        let labels = Labels::with(&series, &[("status", "ok")]);
        writer.histogram(labels, &HistogramSample::new(&Bounds::new(&[1.0]), &[2, 1], Number::Float(3.5)));
        writer.close();
        let expected = "# HELP a he\\\\lp\\n\n# TYPE a histogram\n\
                        a_bucket{x=\"1\",region=\"eu\",status=\"ok\",le=\"1.0\"} 2\n\
                        a_bucket{x=\"1\",region=\"eu\",status=\"ok\",le=\"+Inf\"} 3\n\
                        a_sum{x=\"1\",region=\"eu\",status=\"ok\"} 3.5\n\
                        a_count{x=\"1\",region=\"eu\",status=\"ok\"} 3\n";
        assert_eq!(writer.into_string(), expected);
    }
}
