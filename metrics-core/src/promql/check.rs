//! The parser of queries, which checks names while it reads.
#![allow(clippy::result_large_err)] // A constant function has no heap for an error.

use super::error::{QueryError, QueryErrorKind, nearest};
use super::labels::Labels;
use super::reader::{Reader, is_letter};
use super::resolve::{find, has_colon, is_other, labels_of};
use super::text::{is_one_of, is_word, part, same, starts_with};
use super::values;
use super::{FamilyShape, QueryScope};
use crate::name::MetricKind;

/// The operator `?`, which constant functions don't support.
macro_rules! tri {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(error) => return Err(error),
        }
    };
}

const AGGREGATIONS: &[&str] = &[
    "sum",
    "avg",
    "min",
    "max",
    "count",
    "group",
    "stddev",
    "stdvar",
    "quantile",
    "count_values",
    "topk",
    "bottomk",
];
/// Aggregations that keep some of the series unchanged.
const CHOICES: &[&str] = &["topk", "bottomk"];
/// Functions of counters, which return nonsense for gauges.
const COUNTING: &[&str] = &["rate", "irate", "increase"];
/// The functions of Prometheus 2.42, the oldest version that the generated files support.
const FUNCTIONS: &str = " abs absent absent_over_time acos acosh asin asinh atan atanh avg_over_time ceil changes clamp \
    clamp_max clamp_min cos cosh count_over_time day_of_month day_of_week day_of_year days_in_month deg delta deriv exp floor \
    histogram_count histogram_fraction histogram_quantile histogram_sum holt_winters hour idelta increase irate label_join \
    label_replace last_over_time ln log10 log2 max_over_time min_over_time minute month pi predict_linear present_over_time \
    quantile_over_time rad rate resets round scalar sgn sin sinh sort sort_desc sqrt stddev_over_time stdvar_over_time \
    sum_over_time tan tanh time timestamp vector year ";

/// Returns `true` for a function of Prometheus 2.42; other than keywords, functions are written in lower case.
const fn is_function(name: &str) -> bool {
    let (mut at, mut begin) = (0, 0);
    let bytes = FUNCTIONS.as_bytes();
    while at < bytes.len() {
        if bytes[at] == b' ' {
            if same(part(FUNCTIONS, begin, at), name) {
                return true;
            }
            begin = at + 1;
        }
        at += 1;
    }
    false
}

const OPERATORS: &[&str] = &["and", "or", "unless", "atan2"];

/// Refuses, at compile time, a query with an unknown metric or label.
///
/// # Panics
/// Panics on an error in the query; in a `const` that is a compile error at the caller.
#[cfg(feature = "promql")]
#[track_caller]
pub const fn check_query<'a>(
    query: &'a str,
    families: &'a [&'a [super::FamilyShape<'a>]],
    extra: &'a [&'a str],
    others: &'a [&'a str],
) {
    if let Err(error) = check(query, &QueryScope { families, extra, others, any_recorded: true }) {
        let mut said = error.say(query);
        if error.is_far_from_all() {
            said.push("\n  families of your own are known by their struct, behind the query: `promql!(\"..\", MyMetrics)`, and those of other programs by `other_metrics = [\"node_*\"]`");
        }
        panic!("{}", said.as_str());
    }
}

/// Checks a whole query.
pub(crate) const fn check<'a>(query: &'a str, scope: &'a QueryScope<'a>) -> Result<(), QueryError<'a>> {
    let mut reader = Reader { query, at: 0, scope, call: "", buckets: 0 };
    tri!(reader.expression(false));
    if reader.peek() == 0 { Ok(()) } else { Err(reader.expected("an operator or the end")) }
}

type Result<T, E> = std::result::Result<T, E>;
type Read<'a> = Result<Labels<'a>, QueryError<'a>>;

impl<'a> Reader<'a> {
    /// Reads operands and operators. Returns the labels of all operands: the exact set would require operator precedence,
    /// and too many labels cause no false error. `in_histogram` is set inside a histogram function.
    const fn expression(&mut self, in_histogram: bool) -> Read<'a> {
        let mut labels = tri!(self.operand(in_histogram));
        while self.eat_operator() {
            self.peek();
            if is_word(self.word(), "bool") {
                self.eat_word();
            }
            let matching = tri!(self.clause(&["on", "ignoring"], true));
            let grouping = tri!(self.clause(&["group_left", "group_right"], false));
            let right = tri!(self.operand(in_histogram));
            labels = labels.or(&right);
            tri!(self.check_clause(matching, &labels));
            tri!(self.check_clause(grouping, &labels));
        }
        Ok(labels)
    }

    const fn operand(&mut self, in_histogram: bool) -> Read<'a> {
        let labels = match self.peek() {
            b'+' | b'-' => {
                self.at += 1;
                return self.operand(in_histogram);
            }
            b'(' => {
                self.at += 1;
                let labels = tri!(self.expression(in_histogram));
                tri!(self.expect(b')', "`)`"));
                labels
            }
            b'{' => {
                tri!(self.matchers("", &Labels::ANY, None));
                Labels::ANY
            }
            b'"' | b'\'' | b'`' => {
                tri!(self.string());
                Labels::NONE
            }
            b'0'..=b'9' | b'.' => {
                self.skip_number();
                Labels::NONE
            }
            b'$' => {
                self.skip_variable();
                Labels::ANY
            }
            byte if is_letter(byte) => tri!(self.named(in_histogram)),
            _ => return Err(self.expected("an expression")),
        };
        tri!(self.modifiers());
        Ok(labels)
    }

    /// Reads an operand that begins with a word: an aggregation, a function, a number or a metric.
    const fn named(&mut self, in_histogram: bool) -> Read<'a> {
        let from = self.at;
        let name = self.word();
        self.eat_word();
        let is_called = self.peek() == b'(';
        if is_one_of(name, AGGREGATIONS) && (is_called || is_one_of(self.word(), &["by", "without"])) {
            self.aggregation(name, in_histogram)
        } else if is_called {
            self.function(name, from, in_histogram)
        } else if is_one_of(name, &["inf", "nan"]) {
            Ok(Labels::NONE)
        } else {
            self.selector(name, from, in_histogram)
        }
    }

    const fn aggregation(&mut self, name: &'a str, in_histogram: bool) -> Read<'a> {
        let mut clause = tri!(self.clause(&["by", "without"], true));
        let before = self.at;
        let labels = tri!(self.arguments(in_histogram));
        if clause.is_none() {
            clause = tri!(self.clause(&["by", "without"], true));
        }
        let listed = tri!(self.check_clause(clause, &labels));
        let left = match clause {
            _ if is_one_of(name, CHOICES) => labels,
            None => Labels::NONE,
            Some((word, _)) if is_word(word, "by") => listed,
            Some(_) => {
                let mut left = labels;
                let mut at = 0;
                while at < listed.names().len() {
                    left = left.without(listed.names()[at]);
                    at += 1;
                }
                left
            }
        };
        if is_word(name, "count_values") {
            return Ok(left.with(self.text_argument(before, 0)));
        }
        Ok(left)
    }

    const fn function(&mut self, name: &'a str, from: usize, in_histogram: bool) -> Read<'a> {
        let to = from + name.len();
        if !is_function(name) {
            return Err(QueryError { what: QueryErrorKind::Function, from, to });
        }
        let (before, around, buckets) = (self.at, self.call, self.buckets);
        self.call = name;
        let labels = tri!(self.arguments(in_histogram || starts_with(name, "histogram_")));
        self.call = around;
        if same(name, "histogram_quantile") && self.buckets > buckets && !labels.has("le") {
            return Err(QueryError { what: QueryErrorKind::QuantileWithoutLe, from, to });
        }
        Ok(if is_one_of(name, &["label_replace", "label_join"]) {
            labels.with(self.text_argument(before, 1))
        } else if is_one_of(name, &["absent", "absent_over_time"]) {
            Labels::ANY
        } else if same(name, "histogram_quantile") {
            labels.without("le")
        } else if same(name, "scalar") {
            Labels::NONE
        } else {
            labels
        })
    }

    /// Reads expressions in parentheses. Returns the labels of all, since usually only one of them is a vector.
    const fn arguments(&mut self, in_histogram: bool) -> Read<'a> {
        tri!(self.expect(b'(', "`(`"));
        let mut labels = Labels::NONE;
        while self.peek() != b')' {
            labels = labels.or(&tri!(self.expression(in_histogram)));
            if self.peek() != b',' {
                break;
            }
            self.at += 1;
        }
        tri!(self.expect(b')', "`)` or `,`"));
        Ok(labels)
    }

    /// Returns the text of a string argument, read again from the opening parenthesis.
    const fn text_argument(&self, begin: usize, number: usize) -> &'a str {
        let mut again = Self { at: begin, ..*self };
        again.peek();
        again.at += 1;
        let mut skipped = 0;
        while skipped < number {
            if again.expression(true).is_err() || again.peek() != b',' {
                return "";
            }
            again.at += 1;
            skipped += 1;
        }
        again.peek();
        let from = again.at + 1;
        match again.string() {
            Ok(()) => part(self.query, from, again.at - 1),
            Err(_) => "",
        }
    }

    /// Reads the keyword before a list of labels, and returns the position of the list. The list is skipped, since the series
    /// to check its labels against come later.
    const fn clause(&mut self, words: &[&str], has_list: bool) -> Result<Clause<'a>, QueryError<'a>> {
        self.peek();
        let word = self.word();
        if word.is_empty() || !is_one_of(word, words) {
            return Ok(None);
        }
        self.eat_word();
        if !has_list && self.peek() != b'(' {
            return Ok(None);
        }
        let begin = self.at;
        tri!(self.list(word, &Labels::ANY));
        Ok(Some((word, begin)))
    }

    const fn check_clause(&self, clause: Clause<'a>, labels: &Labels<'a>) -> Read<'a> {
        match clause {
            None => Ok(Labels::NONE),
            Some((word, begin)) => Self { at: begin, ..*self }.list(word, labels),
        }
    }

    /// Reads `(label, ..)` and checks that each is one of `labels`.
    const fn list(&mut self, word: &'a str, labels: &Labels<'a>) -> Read<'a> {
        tri!(self.expect(b'(', "`(`"));
        let mut listed = Labels::NONE;
        loop {
            match self.peek() {
                b')' => break,
                b',' => self.at += 1,
                b'$' => {
                    self.skip_variable();
                    listed = Labels::ANY;
                }
                _ => {
                    let from = self.at;
                    let label = tri!(self.label_name());
                    if !labels.has(label) {
                        let what = QueryErrorKind::Clause { word, labels: *labels };
                        return Err(QueryError { what, from, to: from + label.len() });
                    }
                    listed = listed.with(label);
                }
            }
        }
        self.at += 1;
        Ok(listed)
    }

    const fn selector(&mut self, name: &'a str, from: usize, in_histogram: bool) -> Read<'a> {
        let to = from + name.len();
        let found = find(name, self.scope);
        let labels = match found {
            Some((family, suffix)) => {
                self.buckets += same(suffix, "_bucket") as usize;
                if matches!(family.kind, MetricKind::Gauge) && is_one_of(self.call, COUNTING) {
                    let what = QueryErrorKind::CountedGauge { function: self.call };
                    return Err(QueryError { what, from, to });
                }
                if matches!(family.kind, MetricKind::Histogram) && suffix.is_empty() && !in_histogram {
                    return Err(QueryError { what: QueryErrorKind::BareHistogram, from, to });
                }
                labels_of(family, suffix, self.scope)
            }
            None if self.scope.any_recorded && has_colon(name) => Labels::ANY,
            None if is_other(name, self.scope.others) => Labels::ANY,
            None => {
                let nearest = nearest(name, self.scope);
                return Err(QueryError { what: QueryErrorKind::Metric { nearest }, from, to });
            }
        };
        if self.peek() == b'{' {
            tri!(self.matchers(name, &labels, found));
        }
        Ok(labels)
    }

    /// Reads the matchers `{label="text", ..}`.
    const fn matchers(
        &mut self,
        metric: &'a str,
        labels: &Labels<'a>,
        family: Option<(&'a FamilyShape<'a>, &'static str)>,
    ) -> Result<(), QueryError<'a>> {
        self.at += 1;
        loop {
            match self.peek() {
                b'}' => {
                    self.at += 1;
                    return Ok(());
                }
                b',' => self.at += 1,
                _ => {
                    let from = self.at;
                    let label = tri!(self.label_name());
                    if !labels.has(label) && !same(label, "__name__") {
                        let what = QueryErrorKind::Label { metric, labels: *labels };
                        return Err(QueryError { what, from, to: from + label.len() });
                    }
                    let operator = self.peek();
                    if operator != b'=' && operator != b'!' {
                        return Err(self.expected("`=`, `!=`, `=~` or `!~`"));
                    }
                    self.at += 1;
                    let is_regex = self.byte() == b'~';
                    if self.byte() == b'=' || is_regex {
                        self.at += 1;
                    }
                    self.peek();
                    let begin = self.at + 1;
                    tri!(self.string());
                    if let Some((family, suffix)) = family {
                        tri!(values::check(self.query, begin, self.at - 1, family, suffix, label, is_regex));
                    }
                }
            }
        }
    }

    const fn label_name(&mut self) -> Result<&'a str, QueryError<'a>> {
        let name = self.word();
        if name.is_empty() {
            return Err(self.expected("a label"));
        }
        self.eat_word();
        Ok(name)
    }

    /// Reads ranges, offsets and `@` modifiers after an operand.
    const fn modifiers(&mut self) -> Result<(), QueryError<'a>> {
        loop {
            match self.peek() {
                b'[' => {
                    self.at += 1;
                    self.peek();
                    let from = self.at;
                    while self.byte() != b']' {
                        if self.byte() == 0 {
                            return Err(self.expected("`]`"));
                        }
                        self.at += 1;
                    }
                    if from < self.at && values::is_integer(part(self.query, from, self.at)) {
                        return Err(QueryError { what: QueryErrorKind::NoUnit, from, to: self.at });
                    }
                    self.at += 1;
                }
                b'@' => {
                    self.at += 1;
                    if is_letter(self.peek()) {
                        self.eat_word();
                        tri!(self.expect(b'(', "`(`"));
                        tri!(self.expect(b')', "`)`"));
                    } else {
                        self.skip_signed();
                    }
                }
                _ if is_word(self.word(), "offset") => {
                    self.eat_word();
                    self.skip_signed();
                }
                _ => return Ok(()),
            }
        }
    }

    const fn eat_operator(&mut self) -> bool {
        let first = self.peek();
        match first {
            b'+' | b'-' | b'*' | b'/' | b'%' | b'^' => self.at += 1,
            b'=' | b'!' | b'<' | b'>' => {
                self.at += 1;
                if self.byte() == b'=' {
                    self.at += 1;
                }
            }
            _ if is_one_of(self.word(), OPERATORS) => self.eat_word(),
            _ => return false,
        }
        true
    }
}

/// The keyword of a clause, and the position of its list.
type Clause<'a> = Option<(&'a str, usize)>;
