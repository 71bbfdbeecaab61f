//! Bundles by several texts at once.

use std::cell::RefCell;
use std::sync::Arc;

use crate::builtin::Table;
use crate::label::{Interner, OTHER};

/// Bundles by `N` texts, each of which is a small number first: whatever is in them, two tuples are two keys.
pub(super) struct Keyed<S, const N: usize> {
    texts: Arc<Interner>,
    table: Table<S>,
}

/// Texts, and combinations of them, that have series of their own; further ones are `__other__`.
const CAP: usize = 2048;

thread_local! {
    /// Where keys are put together.
    static KEY: RefCell<String> = const { RefCell::new(String::new()) };
}

/// A number as a letter, from where on all are letters.
const FIRST: u32 = 0x1000;

fn letter(number: usize) -> char {
    char::from_u32(FIRST + number as u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

impl<S, const N: usize> Keyed<S, N> {
    pub(super) fn new() -> Self {
        Self { texts: Arc::new(Interner::new(CAP)), table: Table::new(CAP) }
    }

    /// The bundle of these texts, made of them if it is new. Where there is no more room for a combination, the texts from
    /// `kept` on are `__other__`.
    pub(super) fn get(&self, texts: [&str; N], kept: usize, make: impl Fn([&str; N]) -> S) -> &S {
        let numbers = texts.map(|text| self.texts.slot(text));
        let slot = self.slot(numbers, kept);
        self.table.bundle(slot, |key| {
            let mut numbers = key.chars().map(|letter| (letter as u32).saturating_sub(FIRST) as usize);
            let known = key != OTHER;
            make(std::array::from_fn(|_| {
                let number = numbers.next().filter(|_| known).unwrap_or(0);
                self.texts.name(number).unwrap_or(OTHER)
            }))
        })
    }

    fn slot(&self, numbers: [usize; N], kept: usize) -> usize {
        let look = |key: &mut String| {
            let values = &self.table.values;
            let write = |key: &mut String, kept: usize| {
                key.clear();
                key.extend(
                    numbers
                        .iter()
                        .enumerate()
                        .map(|(place, number)| letter(if place < kept { *number } else { 0 })),
                );
            };
            write(key, N);
            if let Some(slot) = values.get(key) {
                return slot;
            }
            // Taken before any of its kind, so that it's there when there is no more room.
            write(key, kept);
            let rest = values.slot(key);
            write(key, N);
            match values.slot(key) {
                0 => rest,
                slot => slot,
            }
        };
        // Out of reach only while the thread's locals are being destroyed.
        KEY.try_with(|key| look(&mut key.borrow_mut())).unwrap_or_else(|_| look(&mut String::new()))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &S> {
        self.table.iter()
    }

    /// What may be full.
    pub(super) fn interners(&self) -> [&Arc<Interner>; 2] {
        [&self.texts, &self.table.values]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tuples_are_two_keys() {
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
    fn past_the_cap_the_first_texts_are_kept() {
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
