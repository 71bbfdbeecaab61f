//! The two text formats: Prometheus 0.0.4 and OpenMetrics 1.0.0.

use super::negotiate::Format;
use crate::label::Labels;
use crate::metric::{Bounds, Number, bound_text};
use crate::name::Kind;
use crate::visit::Visitor;

/// Writes families one after another.
pub(crate) struct TextWriter<'a> {
    out: Vec<u8>,
    format: Format,
    /// The registry's labels, rendered: on every sample that we write.
    outer_labels: &'a str,
    /// The name of the family's samples, with the suffix of their kind but for histograms and summaries.
    name: String,
    /// In milliseconds, for the next samples.
    timestamp: Option<i64>,
}

/// The content of an exposition is seldom smaller.
const FIRST_CAPACITY: usize = 64 * 1024;

impl<'a> TextWriter<'a> {
    pub(crate) fn new(format: Format, outer_labels: &'a str) -> Self {
        Self {
            out: Vec::with_capacity(FIRST_CAPACITY),
            format,
            outer_labels,
            name: String::new(),
            timestamp: None,
        }
    }

    /// Writes one family: `show` is given a visitor for its samples. Without samples nothing is written.
    pub(crate) fn family(
        &mut self,
        name: &str,
        kind: Kind,
        unit: Option<&str>,
        help: &str,
        show: impl FnOnce(&mut dyn Visitor),
    ) {
        let begin = self.out.len();
        self.open_family(name, kind, unit, help);
        let samples = self.out.len();
        show(self);
        if self.out.len() == samples {
            self.out.truncate(begin);
        }
    }

    /// Writes a family's head; its samples follow.
    pub(crate) fn open_family(&mut self, name: &str, kind: Kind, unit: Option<&str>, help: &str) {
        self.header(name, kind, unit, help);
        name.clone_into(&mut self.name);
    }

    /// The registry's labels were already added to the samples of this writer's next families.
    pub(crate) fn without_outer_labels(&mut self, write: impl FnOnce(&mut Self)) {
        let outer = std::mem::take(&mut self.outer_labels);
        write(self);
        self.outer_labels = outer;
    }

    pub(crate) fn set_timestamp(&mut self, milliseconds: Option<i64>) {
        self.timestamp = milliseconds;
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        if self.format == Format::OpenMetrics {
            self.out.extend_from_slice(b"# EOF\n");
        }
        self.out
    }

    fn header(&mut self, name: &str, kind: Kind, unit: Option<&str>, help: &str) {
        let open = self.format == Format::OpenMetrics;
        // In OpenMetrics the suffix belongs to the samples, not to the family.
        let family = match kind {
            Kind::Counter if open => name.strip_suffix("_total").unwrap_or(name),
            Kind::Info if open => name.strip_suffix("_info").unwrap_or(name),
            _ => name,
        };
        let kind = match kind {
            Kind::Info if open => "info",
            Kind::Unknown if open => "unknown",
            Kind::Counter => "counter",
            Kind::Gauge | Kind::Info => "gauge",
            Kind::Histogram => "histogram",
            Kind::Summary => "summary",
            Kind::Unknown => "untyped",
        };
        self.put(&["# HELP ", family, " "]);
        escape_help(help, open, &mut self.out);
        self.put(&["\n# TYPE ", family, " ", kind, "\n"]);
        if let (true, Some(unit)) = (open, unit) {
            self.put(&["# UNIT ", family, " ", unit, "\n"]);
        }
    }

    #[inline]
    fn put(&mut self, parts: &[&str]) {
        for part in parts {
            self.out.extend_from_slice(part.as_bytes());
        }
    }

    /// Writes `name_suffix{labels}`.
    #[inline]
    fn begin_sample(&mut self, suffix: &str, labels: Labels<'_>, last: Option<(&str, &str)>) {
        self.out.extend_from_slice(self.name.as_bytes());
        self.out.extend_from_slice(suffix.as_bytes());
        if labels.is_empty() && self.outer_labels.is_empty() && last.is_none() {
            return;
        }
        let mut separator = b'{';
        for rendered in [labels.series, self.outer_labels] {
            if !rendered.is_empty() {
                self.out.push(separator);
                self.out.extend_from_slice(rendered.as_bytes());
                separator = b',';
            }
        }
        for (name, value) in labels.more.iter().copied().chain(last) {
            self.out.push(separator);
            self.put(&[name, "=\"", value, "\""]);
            separator = b',';
        }
        self.out.push(b'}');
    }

    #[inline]
    fn end_sample(&mut self, value: Number) {
        self.out.push(b' ');
        value.write(&mut self.out);
        if let Some(milliseconds) = self.timestamp {
            self.out.push(b' ');
            match self.format {
                Format::Text => Number::Float(milliseconds as f64).write(&mut self.out),
                Format::OpenMetrics => Number::Float(milliseconds as f64 / 1e3).write(&mut self.out),
            }
        }
        self.out.push(b'\n');
    }

    pub(crate) fn quantile(&mut self, labels: Labels<'_>, quantile: f64, value: f64) {
        self.begin_sample("", labels, Some(("quantile", &bound_text(quantile))));
        self.end_sample(Number::Float(value));
    }
}

impl Visitor for TextWriter<'_> {
    #[inline]
    fn sample(&mut self, labels: Labels<'_>, value: Number) {
        self.begin_sample("", labels, None);
        self.end_sample(value);
    }

    fn histogram(&mut self, labels: Labels<'_>, bounds: &Bounds, counts: &[u64], sum: Number) {
        let mut cumulative = 0;
        // All bucket samples of a series begin with the same text.
        let begin = self.out.len();
        let mut head = 0..0;
        for (count, le) in counts.iter().zip(bounds.le()) {
            cumulative += count;
            if head.is_empty() {
                self.begin_sample("_bucket", labels, Some(("le", "")));
                // Without `"}`.
                self.out.truncate(self.out.len() - 2);
                head = begin..self.out.len();
            } else {
                self.out.extend_from_within(head.clone());
            }
            self.put(&[le, "\"}"]);
            self.end_sample(Number::Integer(cumulative));
        }
        self.begin_sample("_sum", labels, None);
        self.end_sample(sum);
        self.begin_sample("_count", labels, None);
        self.end_sample(Number::Integer(cumulative));
    }

    fn summary(&mut self, labels: Labels<'_>, count: u64, sum: Number) {
        self.begin_sample("_sum", labels, None);
        self.end_sample(sum);
        self.begin_sample("_count", labels, None);
        self.end_sample(Number::Integer(count));
    }
}

fn escape_help(help: &str, quotes: bool, out: &mut Vec<u8>) {
    for byte in help.bytes() {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'"' if quotes => out.extend_from_slice(b"\\\""),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_without_samples_is_not_written() {
        let mut writer = TextWriter::new(Format::Text, "");
        writer.family("a_total", Kind::Counter, None, "help", |_| {});
        assert!(writer.finish().is_empty());
    }

    #[test]
    fn labels_are_joined_in_order() {
        let mut writer = TextWriter::new(Format::Text, "region=\"eu\"");
        writer.family("a", Kind::Histogram, None, "he\\lp\n", |visitor| {
            let labels = Labels::with("x=\"1\"", &[("status", "ok")]);
            visitor.histogram(labels, &Bounds::new(&[1.0]), &[2, 1], Number::Float(3.5));
        });
        let expected = "# HELP a he\\\\lp\\n\n# TYPE a histogram\n\
                        a_bucket{x=\"1\",region=\"eu\",status=\"ok\",le=\"1.0\"} 2\n\
                        a_bucket{x=\"1\",region=\"eu\",status=\"ok\",le=\"+Inf\"} 3\n\
                        a_sum{x=\"1\",region=\"eu\",status=\"ok\"} 3.5\n\
                        a_count{x=\"1\",region=\"eu\",status=\"ok\"} 3\n";
        assert_eq!(String::from_utf8(writer.finish()).unwrap(), expected);
    }
}
