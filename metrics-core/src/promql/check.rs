//! Reads a query and checks its names on the way.
#![allow(clippy::result_large_err)] // A constant has no heap on which a mistake could be.

use super::Scope;
use super::labels::Labels;
use super::meaning::{find, has_colon, labels_of};
use super::mistake::{Mistake, What, nearest};
use super::reader::{Reader, is_letter};
use super::text::{is_one_of, is_word, part, same, starts_with};
use crate::name::MetricKind;

/// `?`, which constants don't have.
macro_rules! tri {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(mistake) => return Err(mistake),
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
    "limitk",
    "limit_ratio",
];
/// Aggregations that keep some of the series as they are.
const CHOICES: &[&str] = &["topk", "bottomk", "limitk", "limit_ratio"];
const OPERATORS: &[&str] = &["and", "or", "unless", "atan2"];

/// Refuses, at compile time, a query that names what is not there.
///
/// # Panics
/// When it does; in a `const` that is a compile error at the caller.
#[cfg(feature = "promql")]
#[track_caller]
pub const fn check_query<'a>(query: &'a str, families: &'a [&'a [super::Known<'a>]], extra: &'a [&'a str]) {
    if let Err(mistake) = check(query, &Scope { families, extra, any_recorded: true }) {
        let mut said = mistake.say(query);
        if mistake.is_far_from_all() {
            said.push("\n  families of your own are known by their struct, behind the query: `promql!(\"..\", MyMetrics)`");
        }
        panic!("{}", said.as_str());
    }
}

/// Reads a query to its end.
pub(crate) const fn check<'a>(query: &'a str, scope: &'a Scope<'a>) -> Result<(), Mistake<'a>> {
    let mut reader = Reader { query, at: 0, scope };
    tri!(reader.expression(false));
    if reader.peek() == 0 { Ok(()) } else { Err(reader.expected("an operator or the end")) }
}

type Result<T, E> = std::result::Result<T, E>;
type Read<'a> = Result<Labels<'a>, Mistake<'a>>;

impl<'a> Reader<'a> {
    /// Operands and what joins them. The labels are those of all: which of them are left is a matter of precedence,
    /// and too many are no false alarm. `in_histogram` is inside of a function of histograms.
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
                tri!(self.matchers("", &Labels::ANY));
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

    /// What begins with a word: an aggregation, a function, a number or a metric.
    const fn named(&mut self, in_histogram: bool) -> Read<'a> {
        let from = self.at;
        let name = self.word();
        self.eat_word();
        let is_called = self.peek() == b'(';
        if is_one_of(name, AGGREGATIONS) && (is_called || is_one_of(self.word(), &["by", "without"])) {
            self.aggregation(name, in_histogram)
        } else if is_called {
            self.function(name, in_histogram)
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

    const fn function(&mut self, name: &'a str, in_histogram: bool) -> Read<'a> {
        let before = self.at;
        let labels = tri!(self.arguments(in_histogram || starts_with(name, "histogram_")));
        Ok(if is_one_of(name, &["label_replace", "label_join"]) {
            labels.with(self.text_argument(before, 1))
        } else if is_one_of(name, &["absent", "absent_over_time", "info"]) {
            Labels::ANY
        } else if same(name, "histogram_quantile") {
            labels.without("le")
        } else if same(name, "scalar") {
            Labels::NONE
        } else {
            labels
        })
    }

    /// Expressions between parentheses. Their labels are those of all, since only one is a vector, as a rule.
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

    /// The text of an argument that is a string, read again from the parenthesis that begins the arguments.
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

    /// A word before a list of labels, and where that begins. The list is read over: what its labels are to be checked
    /// against comes later.
    const fn clause(&mut self, words: &[&str], has_list: bool) -> Result<Clause<'a>, Mistake<'a>> {
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

    /// `(label, ..)`, each of which is one of `labels`.
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
                        let what = What::Clause { word, labels: *labels };
                        return Err(Mistake { what, from, to: from + label.len() });
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
        let labels = match find(name, self.scope) {
            Some((family, suffix)) => {
                if matches!(family.kind, MetricKind::Histogram) && suffix.is_empty() && !in_histogram {
                    return Err(Mistake { what: What::BareHistogram, from, to });
                }
                labels_of(family, suffix, self.scope)
            }
            None if self.scope.any_recorded && has_colon(name) => Labels::ANY,
            None => {
                let nearest = nearest(name, self.scope);
                return Err(Mistake { what: What::Metric { nearest }, from, to });
            }
        };
        if self.peek() == b'{' {
            tri!(self.matchers(name, &labels));
        }
        Ok(labels)
    }

    /// `{label="text", ..}`
    const fn matchers(&mut self, metric: &'a str, labels: &Labels<'a>) -> Result<(), Mistake<'a>> {
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
                        let what = What::Label { metric, labels: *labels };
                        return Err(Mistake { what, from, to: from + label.len() });
                    }
                    let operator = self.peek();
                    if operator != b'=' && operator != b'!' {
                        return Err(self.expected("`=`, `!=`, `=~` or `!~`"));
                    }
                    self.at += 1;
                    if self.byte() == b'=' || self.byte() == b'~' {
                        self.at += 1;
                    }
                    self.peek();
                    tri!(self.string());
                }
            }
        }
    }

    const fn label_name(&mut self) -> Result<&'a str, Mistake<'a>> {
        let name = self.word();
        if name.is_empty() {
            return Err(self.expected("a label"));
        }
        self.eat_word();
        Ok(name)
    }

    /// Ranges, offsets and times behind an operand.
    const fn modifiers(&mut self) -> Result<(), Mistake<'a>> {
        loop {
            match self.peek() {
                b'[' => {
                    while self.byte() != b']' {
                        if self.byte() == 0 {
                            return Err(self.expected("`]`"));
                        }
                        self.at += 1;
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

/// The word of a clause, and where its list begins.
type Clause<'a> = Option<(&'a str, usize)>;
