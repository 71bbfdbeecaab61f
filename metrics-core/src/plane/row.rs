//! A row: the words of one series, or of a block of them.

use super::column::{self, Any, Own, Words, Writer};
use super::rows;
use crate::sync::Ordering;

/// Words that belong to the holder until it is dropped.
pub(crate) struct Row {
    at: u32,
    words: u32,
}

/// Where rows go that found no room; nothing reads it.
const SPARE: u32 = 1;

impl Row {
    /// Takes a row of `words` words, all 0. When the plane is full it is one that nobody reads:
    /// recording goes on, the numbers are not exposed; [`Row::is_real`] tells.
    pub(crate) fn new(words: usize) -> Self {
        Self { at: rows::take(words).unwrap_or(SPARE), words: u32::try_from(words).unwrap_or(u32::MAX) }
    }

    pub(crate) fn is_real(&self) -> bool {
        self.at != SPARE
    }

    /// The words from `from` on, in this thread's column.
    pub(crate) fn words(&self, from: usize) -> Any {
        self.any(column::writer(), from)
    }

    /// The words from `from` on, in the column of a writer, if they are its thread's alone and near.
    #[inline]
    pub(crate) fn own(&self, writer: Writer, from: usize) -> Option<Own> {
        writer.own(self.at + from as u32)
    }

    /// The words from `from` on, in the column of a writer.
    pub(crate) fn any(&self, writer: Writer, from: usize) -> Any {
        writer.any(self.at + from as u32)
    }

    /// Adds to one word.
    #[inline]
    pub(crate) fn add(&self, writer: Writer, word: usize, amount: u64) {
        match self.own(writer, word) {
            Some(words) => words.add(0, amount),
            None => self.add_any(writer, word, amount),
        }
    }

    #[cold]
    #[inline(never)]
    fn add_any(&self, writer: Writer, word: usize, amount: u64) {
        self.any(writer, word).add(0, amount);
    }

    /// Adds the words `from..from + out.len()` of every column to `out`.
    pub(crate) fn read_into(&self, from: usize, out: &mut [u64]) {
        self.for_each(from, out.len(), |word, value| out[word] = out[word].wrapping_add(value));
    }

    /// The sum of one word over all columns.
    pub(crate) fn read(&self, word: usize) -> u64 {
        let mut sum = [0];
        self.read_into(word, &mut sum);
        sum[0]
    }

    /// The sum of one word that holds the bits of an `f64`.
    pub(crate) fn read_f64(&self, word: usize) -> f64 {
        let mut sum = 0.0;
        self.for_each(word, 1, |_, value| sum += f64::from_bits(value));
        sum
    }

    /// The largest of one word over all columns.
    pub(crate) fn read_max(&self, word: usize) -> u64 {
        let mut max = 0;
        self.for_each(word, 1, |_, value| max = max.max(value));
        max
    }

    #[inline]
    fn for_each(&self, from: usize, count: usize, mut see: impl FnMut(usize, u64)) {
        if !self.is_real() {
            return;
        }
        for column in column::columns() {
            if let Some(words) = column.recorded(self.at + from as u32) {
                for (word, cell) in words[..count].iter().enumerate() {
                    see(word, cell.load(Ordering::Acquire));
                }
            }
        }
    }
}

impl Drop for Row {
    fn drop(&mut self) {
        if !self.is_real() {
            return;
        }
        for column in column::columns() {
            if let Some(words) = column.recorded(self.at) {
                for cell in &words[..self.words as usize] {
                    cell.store(0, Ordering::Release);
                }
            }
        }
        rows::give_back(self.at, self.words as usize);
    }
}
