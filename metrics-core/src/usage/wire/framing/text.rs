//! A buffer for JSON text, and the events that are found in it.

use serde_json::{Deserializer, Value};

/// The number of bytes of one string that are kept. Facts are short, and long strings are content.
const MAX_STRING: usize = 16 * 1024;
/// The number of bytes of one event that are kept.
const MAX_EVENT: usize = 1024 * 1024;

/// A result of a splitter.
pub(in super::super) enum Found {
    Event(Value),
    /// An event that isn't JSON or is too large.
    Unreadable,
}

/// JSON text of bounded size: of a long string only the beginning is kept.
#[derive(Clone, Default, Debug)]
pub(super) struct Text {
    bytes: Vec<u8>,
    in_string: bool,
    /// The number of bytes of the current string.
    string: usize,
    /// True while the rest of the current string is dropped.
    cuts: bool,
    escape: Escape,
    is_too_large: bool,
}

/// The position in an escape sequence.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
enum Escape {
    #[default]
    None,
    /// After a backslash.
    Begun,
    /// Before the last digits of `\uXXXX`.
    Digits(u8),
    /// After the first of two escape sequences that make up one character.
    HalfPair,
}

impl Text {
    /// Adds a byte. Returns true if the byte is not part of a string.
    pub(super) fn push(&mut self, byte: u8) -> bool {
        if !self.in_string {
            (self.in_string, self.string) = (byte == b'"', 0);
            self.keep(byte);
            return true;
        }
        self.string += 1;
        // A character is kept or dropped as a whole.
        let begins_character = self.escape == Escape::None && byte & 0xc0 != 0x80;
        self.cuts |= begins_character && self.string > MAX_STRING;
        let ends = self.escape == Escape::None && byte == b'"';
        if ends {
            (self.in_string, self.cuts) = (false, false);
        }
        if !self.cuts {
            self.keep(byte);
        }
        self.escape = match (self.escape, byte) {
            (Escape::None | Escape::HalfPair, b'\\') => Escape::Begun,
            (Escape::Begun, b'u') => Escape::Digits(4),
            (Escape::Digits(1), _) if self.ends_with_half_pair() => Escape::HalfPair,
            (Escape::Digits(left @ 2..), _) => Escape::Digits(left - 1),
            _ => Escape::None,
        };
        false
    }

    /// Returns true if the last escape sequence is a high surrogate.
    fn ends_with_half_pair(&self) -> bool {
        let digits = self.bytes.last_chunk::<4>();
        !self.cuts && digits.is_some_and(|[one, two, ..]| b"dD".contains(one) && b"89abAB".contains(two))
    }

    fn keep(&mut self, byte: u8) {
        if self.bytes.len() < MAX_EVENT {
            self.bytes.push(byte);
        } else {
            self.is_too_large = true;
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn is_too_large(&self) -> bool {
        self.is_too_large
    }

    /// Adds a line of another text.
    pub(super) fn add_line(&mut self, line: &[u8]) {
        if self.bytes.len() + line.len() < MAX_EVENT {
            self.bytes.extend(line);
            self.bytes.push(b'\n');
        } else {
            self.is_too_large = true;
        }
    }

    /// Removes the text and keeps a small buffer.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(MAX_STRING);
        *self = Self { bytes: std::mem::take(&mut self.bytes), ..Self::default() };
    }
}

/// Parses JSON values. Invalid UTF-8 is replaced, since it can only be in content. Returns `None` if anything else is there.
pub(super) fn parse(bytes: &[u8]) -> Option<Vec<Value>> {
    let text = String::from_utf8_lossy(bytes);
    Deserializer::from_str(&text).into_iter().collect::<Result<_, _>>().ok()
}
