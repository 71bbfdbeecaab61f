//! Bundles by several label values at once.

use std::cell::RefCell;
use std::sync::Arc;

use crate::builtin::Table;
use crate::label::{Interner, OTHER};

/// One bundle for each tuple of `N` texts. A key consists of the interned numbers of the texts, so that two different tuples
/// have different keys whatever characters they contain.
pub(super) struct Keyed<S, const N: usize> {
    texts: Arc<Interner>,
    table: Table<S>,
}

/// The number of texts, and of tuples, that have their own series. Further ones count as `__other__`.
const CAP: usize = 2048;

thread_local! {
    /// The buffer in which keys are composed, so that a lookup does not allocate.
    static KEY: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The code point that stands for the number 0 in a key. All numbers below the cap map to valid code points from here on.
const FIRST: u32 = 0x1000;

fn letter(number: usize) -> char {
    char::from_u32(FIRST + number as u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

impl<S, const N: usize> Keyed<S, N> {
    pub(super) fn new() -> Self {
        Self { texts: Arc::new(Interner::new(CAP)), table: Table::new(CAP) }
    }

    /// Returns the bundle of a tuple, created on first use. When the cap of tuples is reached, a new tuple keeps its first `kept`
    /// texts, and the others become `__other__`.
    pub(super) fn get(&self, texts: [&str; N], kept: usize, create: impl Fn([&str; N]) -> S) -> &S {
        let numbers = texts.map(|text| self.texts.slot(text));
        let slot = self.slot(numbers, kept);
        self.table.bundle(slot, |key| {
            let mut numbers = key.chars().map(|letter| (letter as u32).saturating_sub(FIRST) as usize);
            let known = key != OTHER;
            create(std::array::from_fn(|_| {
                let number = numbers.next().filter(|_| known).unwrap_or(0);
                self.texts.name(number).unwrap_or(OTHER)
            }))
        })
    }

    fn slot(&self, numbers: [usize; N], kept: usize) -> usize {
        let find = |key: &mut String| {
            let values = &self.table.values;
            let write = |key: &mut String, kept: usize| {
                key.clear();
                key.extend(
                    numbers
                        .iter()
                        .enumerate()
                        .map(|(at, number)| letter(if at < kept { *number } else { 0 })),
                );
            };
            write(key, N);
            if let Some(slot) = values.get(key) {
                return slot;
            }
            // The fallback tuple takes its slot before the first tuple that could need it, so that it exists when the cap is
            // reached.
            write(key, kept);
            let rest = values.slot(key);
            write(key, N);
            match values.slot(key) {
                0 => rest,
                slot => slot,
            }
        };
        // The buffer is unavailable only while the thread's locals are being destroyed.
        KEY.try_with(|key| find(&mut key.borrow_mut())).unwrap_or_else(|_| find(&mut String::new()))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &S> {
        self.table.iter()
    }

    /// Returns the interners whose caps can be reached.
    pub(super) fn interners(&self) -> [&Arc<Interner>; 2] {
        [&self.texts, &self.table.values]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_tuples_have_different_bundles() {
        let keyed = Keyed::<[String; 2], 2>::new();
        let make = |texts: [&str; 2]| texts.map(str::to_owned);
        for texts in
            [["a", "b"], ["ab", ""], ["", "ab"], ["a\u{1f}b", ""], ["\u{1000}", "\u{1001}"], [OTHER, "x"]]
        {
            assert_eq!(*keyed.get(texts, 1, make), texts.map(str::to_owned));
            assert_eq!(*keyed.get(texts, 1, make), texts.map(str::to_owned));
        }
        assert_eq!(keyed.iter().count(), 6);
    }

    #[test]
    fn tuples_past_the_cap_keep_their_first_texts() {
        let keyed = Keyed::<[String; 2], 2>::new();
        let make = |texts: [&str; 2]| texts.map(str::to_owned);
        keyed.get(["chat", "first"], 1, make);
        for n in 0..CAP + 10 {
            keyed.get(["chat", &format!("model-{n}")], 1, make);
        }
        assert_eq!(*keyed.get(["chat", "one more"], 1, make), ["chat", OTHER].map(str::to_owned));
        assert_eq!(*keyed.get(["chat", "first"], 1, make), ["chat", "first"].map(str::to_owned));
        assert!(keyed.interners().iter().any(|interner| interner.overflows() > 0));
    }
}
