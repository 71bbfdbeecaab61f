//! The evaluation of queries in the process: each tick reads the series once, adds them up by group, and keeps the sums of
//! the last minutes, so that rates and quantiles have their window.

use std::collections::VecDeque;
use std::hash::{Hash as _, Hasher as _};

use rustc_hash::{FxHashMap, FxHasher};

use crate::boards::{
    Aggregate, Expression, Function, Operation, Part, Query, Selection, bucket_names, bucket_quantile,
};
use crate::label::{Labels, OTHER};
use crate::registry::Registry;
use crate::sample::{FamilyInfo, HistogramSample, Number, Visitor};

/// The largest number of groups of one selection. The samples of further groups are added to one group whose label values are
/// `__other__`.
const MAX_GROUPS: usize = 128;
/// The number of groups of a selection of buckets, each of which has a number for each bucket.
const MAX_BUCKET_GROUPS: usize = 48;
/// The number of earlier sums that a selection with a window keeps.
const SNAPSHOTS: usize = 31;

/// The time in seconds by which a tick may come early and still end a step.
const SLACK: f64 = 0.1;

/// A group of samples: the values of the labels by which a query is grouped.
pub(super) type GroupId = u32;

/// The groups of all selections, each with an identifier.
#[derive(Default)]
pub(super) struct Groups {
    ids: FxHashMap<Box<str>, GroupId>,
    texts: Vec<Box<str>>,
}

/// Separates the label values of a group. Label values may contain it, and two groups are then added up.
const SEPARATOR: char = '\u{1f}';

impl Groups {
    fn id(&mut self, key: &str) -> GroupId {
        if let Some(id) = self.ids.get(key) {
            return *id;
        }
        let id = self.texts.len() as GroupId;
        self.texts.push(key.into());
        self.ids.insert(key.into(), id);
        id
    }

    /// The label values of a group, joined for a reader.
    pub(super) fn name(&self, group: GroupId) -> String {
        self.texts.get(group as usize).map_or_else(String::new, |text| text.replace(SEPARATOR, ", "))
    }

    /// Returns the group with these label values, if it exists.
    pub(super) fn find(&self, key: &str) -> Option<GroupId> {
        self.ids.get(key).copied()
    }
}

/// The values of a query, one for each group.
pub(super) type Vector = Vec<(GroupId, f64)>;

/// A compiled query: its selections are numbers of an evaluator's leaves.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Series(usize),
    Quantile(f64, usize),
    Number(f64),
    Binary(Operation, Box<Node>, Box<Node>),
    Ratio(Box<Node>, Box<Node>),
}

/// The sums of one selection.
struct Leaf {
    selection: Selection,
    /// The groups in the order in which they were first seen.
    groups: Vec<GroupId>,
    /// The position of a group by a hash of its label values, which saves building a key for each sample.
    positions: FxHashMap<u64, usize>,
    /// The bounds of the buckets, for a selection of buckets.
    bounds: Vec<f64>,
    /// The sums of the current tick: `width` numbers for each group; NaN in a group without samples.
    current: Vec<f64>,
    /// The number of samples in each group of the current tick.
    samples: Vec<u32>,
    /// The sums as they were read last, and the amounts by which resets have reduced them since the start.
    raw: Vec<f64>,
    lost: Vec<f64>,
    /// Earlier sums, corrected for resets, each with its time.
    earlier: VecDeque<(f64, Vec<f64>)>,
    /// The text of the group that is looked up.
    key: String,
}

impl Leaf {
    fn new(selection: Selection) -> Self {
        Self {
            selection,
            groups: Vec::new(),
            positions: FxHashMap::default(),
            bounds: Vec::new(),
            current: Vec::new(),
            samples: Vec::new(),
            raw: Vec::new(),
            lost: Vec::new(),
            earlier: VecDeque::new(),
            key: String::new(),
        }
    }

    /// The numbers of one group.
    fn width(&self) -> usize {
        if self.selection.part == Part::Buckets { self.bounds.len() + 1 } else { 1 }
    }

    /// Begins a tick.
    fn clear(&mut self) {
        self.current.fill(f64::NAN);
        self.samples.fill(0);
    }

    /// Returns the position of the group of a sample, or `None` if the sample is not selected.
    fn position(&mut self, labels: Labels<'_>, groups: &mut Groups) -> Option<usize> {
        let value_of =
            |wanted: &str| labels.pairs().find(|(name, _)| *name == wanted).map_or("", |(_, value)| value);
        let selection = &self.selection;
        if !selection
            .matchers
            .iter()
            .all(|matcher| (value_of(matcher.label) == matcher.value) == matcher.is_equal)
        {
            return None;
        }
        let mut hasher = FxHasher::default();
        for label in &selection.by {
            value_of(label).hash(&mut hasher);
        }
        let hash = hasher.finish();
        if let Some(position) = self.positions.get(&hash) {
            return Some(*position);
        }
        self.key.clear();
        let max = if selection.part == Part::Buckets { MAX_BUCKET_GROUPS } else { MAX_GROUPS };
        let is_full = self.groups.len() >= max;
        for (at, label) in selection.by.iter().enumerate() {
            if at > 0 {
                self.key.push(SEPARATOR);
            }
            self.key.push_str(if is_full { OTHER } else { value_of(label) });
        }
        let group = groups.id(&self.key);
        let position = self.groups.iter().position(|known| *known == group).unwrap_or_else(|| {
            self.groups.push(group);
            self.groups.len() - 1
        });
        // The hashes of groups beyond the limit are not stored, so that the table is bounded too.
        if !is_full {
            self.positions.insert(hash, position);
        }
        let numbers = self.groups.len() * self.width();
        self.current.resize(numbers, f64::NAN);
        self.raw.resize(numbers, 0.0);
        self.lost.resize(numbers, 0.0);
        self.samples.resize(self.groups.len(), 0);
        Some(position)
    }

    fn add(&mut self, labels: Labels<'_>, value: f64, groups: &mut Groups) {
        let Some(position) = self.position(labels, groups) else { return };
        let (is_max, sum) = (self.selection.aggregate == Aggregate::Max, &mut self.current[position]);
        *sum = match (sum.is_nan(), is_max) {
            (true, _) => value,
            (false, true) => sum.max(value),
            (false, false) => *sum + value,
        };
        self.samples[position] += 1;
    }

    fn add_buckets(&mut self, labels: Labels<'_>, histogram: &HistogramSample<'_>, groups: &mut Groups) {
        if self.groups.is_empty() {
            self.bounds = histogram.bounds.values().to_vec();
        }
        if histogram.counts.len() != self.width() {
            return;
        }
        let Some(position) = self.position(labels, groups) else { return };
        let width = self.width();
        let sums = &mut self.current[position * width..(position + 1) * width];
        for (sum, count) in sums.iter_mut().zip(histogram.counts) {
            *sum = if sum.is_nan() { 0.0 } else { *sum } + *count as f64;
        }
        self.samples[position] += 1;
    }

    /// Ends a tick: divides averages, corrects for resets, and keeps the sums if a step of the window has passed.
    fn finish(&mut self, now: f64) {
        if self.selection.aggregate == Aggregate::Avg {
            for (sum, samples) in self.current.iter_mut().zip(&self.samples) {
                *sum /= f64::from(*samples);
            }
        }
        let Some(window) = self.selection.function.window() else { return };
        for ((current, raw), lost) in self.current.iter_mut().zip(&mut self.raw).zip(&mut self.lost) {
            // A group without samples has not changed. A sum that has decreased was reset to 0 in between.
            let read = if current.is_nan() { *raw } else { *current };
            if read < *raw {
                *lost += *raw;
            }
            *raw = read;
            *current = read + *lost;
        }
        let window = f64::from(window);
        let step = window / (SNAPSHOTS - 1) as f64;
        let is_due = self.earlier.back().is_none_or(|(at, _)| now - at >= step - SLACK);
        // The oldest is dropped once the next one covers the window.
        while self.earlier.len() > 1 && self.earlier.get(1).is_some_and(|(at, _)| now - at >= window - SLACK)
        {
            self.earlier.pop_front();
        }
        if is_due {
            // Reuses nothing: a snapshot has as many numbers as there are groups by now.
            self.earlier.push_back((now, self.current.clone()));
            if self.earlier.len() > SNAPSHOTS + 1 {
                self.earlier.pop_front();
            }
        }
    }

    /// The values of the current tick, with the function over time applied.
    fn values(&self, now: f64) -> Option<Vec<f64>> {
        let function = self.selection.function;
        if function == Function::Last {
            return Some(self.current.clone());
        }
        let (then, earlier) = self.earlier.front()?;
        let elapsed = now - then;
        if elapsed <= 0.0 {
            return None;
        }
        let divisor = if matches!(function, Function::Rate(_)) { elapsed } else { 1.0 };
        // A group that is newer than the earlier sums began at 0.
        let before = earlier.iter().copied().chain(std::iter::repeat(0.0));
        Some(self.current.iter().zip(before).map(|(current, before)| (current - before) / divisor).collect())
    }

    fn bytes(&self) -> usize {
        let kept: usize = self.earlier.iter().map(|(_, sums)| sums.capacity()).sum();
        let numbers = self.current.capacity() + self.raw.capacity() + self.lost.capacity() + kept;
        numbers * size_of::<f64>() + self.groups.capacity() * (size_of::<GroupId>() + 24)
    }
}

/// Reads the series of a registry and evaluates queries over them.
#[derive(Default)]
pub(super) struct Evaluator {
    leaves: Vec<Leaf>,
    by_family: FxHashMap<String, Vec<usize>>,
    pub(super) groups: Groups,
    now: f64,
}

impl Evaluator {
    /// Compiles a query. Equal selections of several queries share a leaf.
    pub(super) fn compile(&mut self, query: &Query) -> Node {
        self.node(query.expression())
    }

    fn node(&mut self, expression: &Expression) -> Node {
        match expression {
            Expression::Series(selection) => Node::Series(self.leaf(selection)),
            Expression::Quantile(quantile, selection) => Node::Quantile(*quantile, self.leaf(selection)),
            Expression::Number(number) => Node::Number(*number),
            Expression::Binary(operation, left, right) => {
                Node::Binary(*operation, Box::new(self.node(left)), Box::new(self.node(right)))
            }
            Expression::Ratio(part, whole) => {
                Node::Ratio(Box::new(self.node(part)), Box::new(self.node(whole)))
            }
        }
    }

    fn leaf(&mut self, selection: &Selection) -> usize {
        if let Some(known) = self.leaves.iter().position(|leaf| leaf.selection == *selection) {
            return known;
        }
        self.leaves.push(Leaf::new(selection.clone()));
        let number = self.leaves.len() - 1;
        self.by_family.entry(selection.family.clone()).or_default().push(number);
        number
    }

    /// Reads all series once. `now` is a monotonic time in seconds.
    pub(super) fn read(&mut self, registry: &Registry, now: f64) {
        self.begin();
        for source in registry.sources() {
            for (number, info) in source.families().iter().enumerate() {
                if let Some(mut reader) = self.reader(info) {
                    source.visit(number, &mut reader);
                }
            }
        }
        self.end(now);
    }

    fn begin(&mut self) {
        self.leaves.iter_mut().for_each(Leaf::clear);
    }

    fn end(&mut self, now: f64) {
        self.now = now;
        self.leaves.iter_mut().for_each(|leaf| leaf.finish(now));
    }

    /// Returns the visitor of a family, or `None` if no query selects it.
    fn reader(&mut self, info: &FamilyInfo) -> Option<Reader<'_>> {
        let numbers = self.by_family.get(&info.name)?;
        Some(Reader { numbers, leaves: &mut self.leaves, groups: &mut self.groups })
    }

    /// Evaluates a compiled query over the series that were read last.
    pub(super) fn evaluate(&mut self, node: &Node) -> Vector {
        match node {
            Node::Series(number) => self.series(*number),
            Node::Quantile(quantile, number) => self.quantiles(*quantile, *number),
            // A constant alone has no groups.
            Node::Number(_) => Vector::new(),
            Node::Binary(operation, left, right) => {
                let apply = |left: f64, right: f64| match operation {
                    Operation::Subtract => left - right,
                    Operation::Multiply => left * right,
                };
                match (&**left, &**right) {
                    (Node::Number(number), other) => {
                        let values = self.evaluate(other);
                        values.into_iter().map(|(group, value)| (group, apply(*number, value))).collect()
                    }
                    (other, Node::Number(number)) => {
                        let values = self.evaluate(other);
                        values.into_iter().map(|(group, value)| (group, apply(value, *number))).collect()
                    }
                    (left, right) => {
                        let (left, right) = (self.evaluate(left), self.evaluate(right));
                        let with = |(group, value): (GroupId, f64)| {
                            Some((group, apply(value, value_of(&right, group)?)))
                        };
                        left.into_iter().filter_map(with).collect()
                    }
                }
            }
            Node::Ratio(part, whole) => {
                let (part, whole) = (self.evaluate(part), self.evaluate(whole));
                let ratio = |(group, whole): (GroupId, f64)| {
                    (whole > 0.0).then(|| (group, value_of(&part, group).unwrap_or(0.0) / whole))
                };
                whole.into_iter().filter_map(ratio).collect()
            }
        }
    }

    /// The values of a selection. A selection of buckets has the name of a bucket in place of a group.
    fn series(&mut self, number: usize) -> Vector {
        let leaf = &self.leaves[number];
        let Some(values) = leaf.values(self.now) else { return Vector::new() };
        if leaf.selection.part == Part::Buckets {
            let names = bucket_names(&leaf.bounds);
            let width = leaf.width();
            let mut sums = vec![0.0; width];
            for (at, value) in values.iter().enumerate() {
                sums[at % width] += value;
            }
            return names.iter().zip(sums).map(|(name, sum)| (self.groups.id(name), sum)).collect();
        }
        let pairs = leaf.groups.iter().copied().zip(values);
        pairs.filter(|(_, value)| !value.is_nan()).collect()
    }

    fn quantiles(&self, quantile: f64, number: usize) -> Vector {
        let leaf = &self.leaves[number];
        let Some(values) = leaf.values(self.now) else { return Vector::new() };
        let of_groups = leaf.groups.iter().zip(values.chunks(leaf.width().max(1)));
        let quantiles =
            of_groups.map(|(group, counts)| (*group, bucket_quantile(quantile, &leaf.bounds, counts)));
        quantiles.filter(|(_, value)| !value.is_nan()).collect()
    }

    /// The memory of the sums, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.leaves.iter().map(Leaf::bytes).sum()
    }

    /// The share of the observations of a selection of buckets that are at most `limit`, in one group; `None` without
    /// observations. Within a bucket the observations are taken to be spread evenly.
    pub(super) fn share_up_to(&self, limit: f64, node: &Node, group: GroupId) -> Option<f64> {
        let Node::Series(number) = node else { return None };
        let leaf = &self.leaves[*number];
        let values = leaf.values(self.now)?;
        let at = leaf.groups.iter().position(|known| *known == group)?;
        let counts = values.chunks(leaf.width()).nth(at)?;
        let total: f64 = counts.iter().sum();
        if total.is_nan() || total <= 0.0 {
            return None;
        }
        let mut lower = 0.0;
        let mut within = 0.0;
        for (bound, count) in leaf.bounds.iter().zip(counts) {
            if *bound <= limit {
                within += count;
            } else {
                if limit > lower {
                    within += count * (limit - lower) / (bound - lower);
                }
                break;
            }
            lower = *bound;
        }
        Some(within / total)
    }
}

/// Returns the value of a group.
pub(super) fn value_of(vector: &Vector, group: GroupId) -> Option<f64> {
    vector.iter().find(|(other, _)| *other == group).map(|(_, value)| *value)
}

/// Adds the samples of one family to the leaves that select it.
struct Reader<'a> {
    numbers: &'a [usize],
    leaves: &'a mut [Leaf],
    groups: &'a mut Groups,
}

impl Reader<'_> {
    fn count_and_sum(&mut self, labels: Labels<'_>, count: u64, sum: Number) {
        for number in self.numbers {
            let leaf = &mut self.leaves[*number];
            match leaf.selection.part {
                Part::Count => leaf.add(labels, count as f64, self.groups),
                Part::Sum => leaf.add(labels, sum.to_f64(), self.groups),
                Part::Value | Part::Buckets => {}
            }
        }
    }
}

impl Visitor for Reader<'_> {
    fn sample(&mut self, labels: Labels<'_>, value: Number) {
        for number in self.numbers {
            let leaf = &mut self.leaves[*number];
            if leaf.selection.part == Part::Value {
                leaf.add(labels, value.to_f64(), self.groups);
            }
        }
    }

    fn histogram(&mut self, labels: Labels<'_>, histogram: &HistogramSample<'_>) {
        for number in self.numbers {
            let leaf = &mut self.leaves[*number];
            if leaf.selection.part == Part::Buckets {
                leaf.add_buckets(labels, histogram, self.groups);
            }
        }
        self.count_and_sum(labels, histogram.counts.iter().sum(), histogram.sum);
    }

    fn summary(&mut self, labels: Labels<'_>, count: u64, sum: Number) {
        self.count_and_sum(labels, count, sum);
    }
}

#[cfg(test)]
mod tests;
