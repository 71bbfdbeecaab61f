//! The two text formats: Prometheus 0.0.4 and OpenMetrics 1.0.0.

use std::collections::HashSet;

use super::negotiate::Format;
use super::open_names;
use crate::label::Labels;
use crate::metric::{Bounds, Number, bound_text};
use crate::name::Kind;
use crate::visit::Visitor;

/// Writes families one after another.
pub(crate) struct TextWriter<'a> {
    out: String,
    format: Format,
    /// The registry's labels, rendered: on every sample that we write.
    outer_labels: &'a str,
    names: Names,
    /// OpenMetrics names that more than one family would have.
    clashes: HashSet<String>,
    /// In milliseconds, for the next samples.
    timestamp: Option<i64>,
}

/// The names of a family's samples, each with the brace that follows it.
#[derive(Default)]
struct Names {
    plain: String,
    bucket: String,
    sum: String,
    count: String,
}

impl Names {
    fn set(&mut self, name: &str) {
        let Self { plain, bucket, sum, count } = self;
        for (text, suffix) in [(plain, "{"), (bucket, "_bucket{"), (sum, "_sum{"), (count, "_count{")] {
            text.clear();
            text.push_str(name);
            text.push_str(suffix);
        }
    }
}

impl<'a> TextWriter<'a> {
    /// A writer that expects to write some `bytes`.
    pub(crate) fn new(format: Format, outer_labels: &'a str, bytes: usize) -> Self {
        let out = String::with_capacity(bytes);
        let (names, clashes) = (Names::default(), HashSet::new());
        Self { out, format, outer_labels, names, clashes, timestamp: None }
    }

    /// Tells which families will be written.
    pub(crate) fn expect<'f>(&mut self, families: impl Iterator<Item = (Kind, &'f str)>) {
        if self.format == Format::OpenMetrics {
            self.clashes = open_names::clashes(families);
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
        self.names.set(name);
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

    pub(crate) fn finish(mut self) -> String {
        if self.format == Format::OpenMetrics {
            self.out.push_str("# EOF\n");
        }
        self.out
    }

    fn header(&mut self, name: &str, kind: Kind, unit: Option<&str>, help: &str) {
        let open = self.format == Format::OpenMetrics;
        let (kind, family) =
            if open { open_names::open_family(kind, name, &self.clashes) } else { (kind, name) };
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
        if let Some(unit) = unit.filter(|unit| open && family.ends_with(unit)) {
            self.put(&["# UNIT ", family, " ", unit, "\n"]);
        }
    }

    fn put(&mut self, parts: &[&str]) {
        for part in parts {
            self.out.push_str(part);
        }
    }

    pub(crate) fn quantile(&mut self, labels: Labels<'_>, quantile: f64, value: f64) {
        self.line(
            |names| &names.plain,
            labels,
            Some(("quantile", &bound_text(quantile))),
            Number::Float(value),
        );
    }

    /// Writes one sample.
    #[inline]
    fn line(
        &mut self,
        name: impl Fn(&Names) -> &String,
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
        self.out.push_str(labels.series);
        if self.outer_labels.is_empty() && labels.more.is_empty() && last.is_none() {
            if labels.series.is_empty() {
                self.out.pop();
                self.out.push(' ');
            } else {
                self.out.push_str("} ");
            }
            return;
        }
        let mut first = labels.series.is_empty();
        if !self.outer_labels.is_empty() {
            self.put(&[if first { "" } else { "," }, self.outer_labels]);
            first = false;
        }
        for (name, value) in labels.more.iter().copied().chain(last) {
            self.put(&[if first { "" } else { "," }, name, "=\"", value, "\""]);
            first = false;
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

    #[cold]
    fn write_timestamp(&mut self) {
        let milliseconds = self.timestamp.unwrap_or_default() as f64;
        self.out.push(' ');
        let unit = if self.format == Format::OpenMetrics { 1e3 } else { 1.0 };
        Number::Float(milliseconds / unit).write(&mut self.out);
    }
}

impl Visitor for TextWriter<'_> {
    #[inline]
    fn sample(&mut self, labels: Labels<'_>, value: Number) {
        self.line(|names| &names.plain, labels, None, value);
    }

    fn histogram(&mut self, labels: Labels<'_>, bounds: &Bounds, counts: &[u64], sum: Number) {
        const END: &str = "\"} ";
        // All bucket samples of a series begin with the same text, up to the value of `le`.
        let begin = self.out.len();
        self.out.push_str(&self.names.bucket);
        self.end_labels(labels, Some(("le", "")));
        self.out.truncate(self.out.len() - END.len());
        let head = begin..self.out.len();
        let mut cumulative = 0;
        for (place, (count, le)) in counts.iter().zip(bounds.le()).enumerate() {
            cumulative += count;
            if place > 0 {
                self.out.extend_from_within(head.clone());
            }
            self.out.push_str(le);
            self.out.push_str(END);
            self.end_sample(Number::Integer(cumulative));
        }
        self.line(|names| &names.sum, labels, None, sum);
        self.line(|names| &names.count, labels, None, Number::Integer(cumulative));
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

    #[test]
    fn a_family_without_samples_is_not_written() {
        let mut writer = TextWriter::new(Format::Text, "", 0);
        writer.family("a_total", Kind::Counter, None, "help", |_| {});
        assert!(writer.finish().is_empty());
    }

    #[test]
    fn labels_are_joined_in_order() {
        let mut writer = TextWriter::new(Format::Text, "region=\"eu\"", 0);
        writer.family("a", Kind::Histogram, None, "he\\lp\n", |visitor| {
            let labels = Labels::with("x=\"1\"", &[("status", "ok")]);
            visitor.histogram(labels, &Bounds::new(&[1.0]), &[2, 1], Number::Float(3.5));
        });
        let expected = "# HELP a he\\\\lp\\n\n# TYPE a histogram\n\
                        a_bucket{x=\"1\",region=\"eu\",status=\"ok\",le=\"1.0\"} 2\n\
                        a_bucket{x=\"1\",region=\"eu\",status=\"ok\",le=\"+Inf\"} 3\n\
                        a_sum{x=\"1\",region=\"eu\",status=\"ok\"} 3.5\n\
                        a_count{x=\"1\",region=\"eu\",status=\"ok\"} 3\n";
        assert_eq!(writer.finish(), expected);
    }
}
