//! JSON values one after another: lines of JSON, or an array that is sent item by item.

use super::text::{Found, Text, parse};

/// Finds the objects in a sequence of JSON values. Brackets and commas around them are skipped, as is everything else.
#[derive(Clone, Default, Debug)]
pub(in super::super) struct Values {
    object: Text,
    depth: u32,
}

impl Values {
    pub(super) fn push(&mut self, byte: u8, found: &mut dyn FnMut(Found)) {
        if self.depth == 0 && byte != b'{' {
            return;
        }
        if !self.object.push(byte) {
            return;
        }
        match byte {
            b'{' | b'[' => self.depth = self.depth.saturating_add(1),
            b'}' | b']' => self.depth -= 1,
            _ => {}
        }
        if self.depth == 0 {
            let parsed = parse(self.object.bytes()).filter(|_| !self.object.is_too_large());
            match parsed {
                Some(values) => values.into_iter().for_each(|value| found(Found::Event(value))),
                None => found(Found::Unreadable),
            }
            self.object.clear();
        }
    }
}
