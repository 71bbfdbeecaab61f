//! The tokens of a query: words, strings and numbers.
#![allow(clippy::result_large_err)] // A constant function has no heap for an error.

use super::QueryScope;
use super::error::{QueryError, QueryErrorKind};
use super::text::part;

/// A position in a query.
pub(super) struct Reader<'a> {
    pub(super) query: &'a str,
    pub(super) at: usize,
    pub(super) scope: &'a QueryScope<'a>,
    /// The innermost function around the position, or an empty name.
    pub(super) call: &'a str,
    /// The number of selected samples `_bucket` before the position.
    pub(super) buckets: usize,
}

impl<'a> Reader<'a> {
    /// Reads a string at the position.
    pub(super) const fn string(&mut self) -> Result<(), QueryError<'a>> {
        let quote = self.byte();
        if quote != b'"' && quote != b'\'' && quote != b'`' {
            return Err(self.expected("a string"));
        }
        self.at += 1;
        loop {
            match self.byte() {
                0 => return Err(self.expected("the end of the string")),
                byte if byte == quote => break,
                b'\\' if quote != b'`' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Ok(())
    }

    pub(super) const fn skip_signed(&mut self) {
        if matches!(self.peek(), b'-' | b'+') {
            self.at += 1;
        }
        if self.peek() == b'$' { self.skip_variable() } else { self.skip_number() }
    }

    /// Reads a number or a duration: `1.5`, `1e-3`, `0x1f`, `1h30m`.
    pub(super) const fn skip_number(&mut self) {
        loop {
            let byte = self.byte();
            let is_exponent = (byte == b'-' || byte == b'+')
                && self.at > 0
                && matches!(self.query.as_bytes()[self.at - 1], b'e' | b'E');
            if byte != b'.' && !byte.is_ascii_alphanumeric() && !is_exponent {
                return;
            }
            self.at += 1;
        }
    }

    /// Reads a Grafana variable: `$name` or `${name:format}`.
    pub(super) const fn skip_variable(&mut self) {
        self.at += 1;
        if self.byte() == b'{' {
            while self.byte() != b'}' && self.byte() != 0 {
                self.at += 1;
            }
            self.at += (self.byte() == b'}') as usize;
        } else {
            self.eat_word();
        }
    }

    /// Returns the word at the position after white space, or an empty one.
    pub(super) const fn word(&self) -> &'a str {
        let bytes = self.query.as_bytes();
        let mut end = self.at;
        while end < bytes.len() && (is_letter(bytes[end]) || (end > self.at && bytes[end].is_ascii_digit())) {
            end += 1;
        }
        part(self.query, self.at, end)
    }

    pub(super) const fn eat_word(&mut self) {
        self.at += self.word().len();
    }

    pub(super) const fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), QueryError<'a>> {
        if self.peek() != byte {
            return Err(self.expected(what));
        }
        self.at += 1;
        Ok(())
    }

    pub(super) const fn expected(&self, what: &'static str) -> QueryError<'a> {
        // An escape at the end of the query leads past it.
        let from = if self.at < self.query.len() { self.at } else { self.query.len() };
        let (what, mut to) = (QueryErrorKind::Expected(what), from);
        if to < self.query.len() {
            to += 1;
            while !self.query.is_char_boundary(to) {
                to += 1;
            }
        }
        QueryError { what, from, to }
    }

    /// Returns the byte at the position, or 0 at the end.
    pub(super) const fn byte(&self) -> u8 {
        if self.at < self.query.len() { self.query.as_bytes()[self.at] } else { 0 }
    }

    /// Skips white space and comments, and returns the next byte.
    pub(super) const fn peek(&mut self) -> u8 {
        loop {
            match self.byte() {
                b'#' => {
                    while !matches!(self.byte(), b'\n' | 0) {
                        self.at += 1;
                    }
                }
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                byte => return byte,
            }
        }
    }
}

/// Returns `true` for the characters of words; metric names may have colons.
pub(super) const fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte == b':'
}
