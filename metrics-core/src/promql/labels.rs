//! The labels that the series of an expression may have.

use super::DISCOVERED;
use super::text::same;

/// A set of label names.
#[derive(Clone, Copy)]
pub(crate) struct Labels<'a> {
    /// Any label is possible, since the labels are unknown.
    any: bool,
    names: [&'a str; Labels::MOST],
    length: usize,
}

impl<'a> Labels<'a> {
    const MOST: usize = 32;

    pub(super) const NONE: Self = Self { any: false, names: [""; Self::MOST], length: 0 };
    pub(super) const ANY: Self = Self { any: true, ..Self::NONE };

    pub(super) const fn has(&self, label: &str) -> bool {
        let mut at = 0;
        while at < self.length {
            if same(self.names[at], label) {
                return true;
            }
            at += 1;
        }
        self.any
    }

    /// Adds a label; beyond the capacity the set allows any label.
    pub(super) const fn with(mut self, label: &'a str) -> Self {
        if self.has(label) {
            return self;
        }
        if self.length == Self::MOST {
            return Self::ANY;
        }
        self.names[self.length] = label;
        self.length += 1;
        self
    }

    pub(super) const fn with_all(mut self, labels: &[&'a str]) -> Self {
        let mut at = 0;
        while at < labels.len() {
            self = self.with(labels[at]);
            at += 1;
        }
        self
    }

    pub(super) const fn without(self, label: &str) -> Self {
        if self.any {
            return self;
        }
        let mut left = Self::NONE;
        let mut at = 0;
        while at < self.length {
            if !same(self.names[at], label) {
                left = left.with(self.names[at]);
            }
            at += 1;
        }
        left
    }

    pub(super) const fn or(self, other: &Self) -> Self {
        if self.any || other.any {
            return Self::ANY;
        }
        self.with_all(other.names())
    }

    /// Returns the labels that errors list.
    #[cfg(feature = "monitoring")]
    pub(crate) fn listed(&self) -> impl Iterator<Item = &'a str> {
        self.names().iter().copied().filter(|label| !is_discovered(label))
    }

    pub(crate) const fn names(&self) -> &[&'a str] {
        self.names.split_at(self.length).0
    }
}

/// Returns `true` for the labels of targets that errors do not list.
pub(super) const fn is_discovered(label: &str) -> bool {
    let mut at = 0;
    while at < DISCOVERED.len() {
        if same(DISCOVERED[at], label) {
            return true;
        }
        at += 1;
    }
    false
}
