//! Server-sent events.

use super::text::{Found, Text, parse};

/// Splits server-sent events ("Server-sent events" in the HTML standard). Events need no blank line between them, and a
/// line of JSON without a field name is an event, too.
#[derive(Clone, Default, Debug)]
pub(in super::super) struct Lines {
    line: Text,
    /// The lines of data that are not JSON by themselves.
    data: Text,
    /// True after a carriage return, whose line feed ends no line.
    returned: bool,
}

impl Lines {
    pub(in super::super) fn push(&mut self, byte: u8, found: &mut dyn FnMut(Found)) {
        let returned = std::mem::replace(&mut self.returned, byte == b'\r');
        match byte {
            b'\n' if returned => {}
            b'\n' | b'\r' => self.end_line(found),
            byte => {
                self.line.push(byte);
            }
        }
    }

    /// Ends the last line.
    pub(in super::super) fn finish(&mut self, found: &mut dyn FnMut(Found)) {
        if !self.line.is_empty() {
            self.end_line(found);
        }
    }

    fn end_line(&mut self, found: &mut dyn FnMut(Found)) {
        let line = std::mem::take(&mut self.line);
        let bytes = line.bytes();
        if bytes.is_empty() {
            // A blank line ends an event.
            if self.data.bytes().first() == Some(&b'{') {
                found(Found::Unreadable);
            }
            self.data.clear();
        } else if let Some(data) = bytes.strip_prefix(b"data:") {
            if line.is_too_large() {
                found(Found::Unreadable);
            } else {
                self.end_data(data.trim_ascii(), found);
            }
        } else if bytes.first() == Some(&b'{') && !line.is_too_large() {
            emit(parse(bytes), found);
        }
        self.line = line;
        self.line.clear();
    }

    /// Emits the JSON of a line of data, or together with the lines before. A line may have several fields if a line end is
    /// missing between them.
    fn end_data(&mut self, data: &[u8], found: &mut dyn FnMut(Found)) {
        if data == b"[DONE]" {
            return;
        }
        if let Some(at) = find(data, b"}data:") {
            self.end_data(&data[..=at], found);
            return self.end_data(data[at + b"}data:".len()..].trim_ascii(), found);
        }
        let alone = parse(data);
        if alone.is_some() {
            self.data.clear();
            return emit(alone, found);
        }
        self.data.add_line(data);
        let together = parse(self.data.bytes());
        if together.is_some() || self.data.is_too_large() {
            emit(together, found);
            self.data.clear();
        }
    }
}

fn emit(values: Option<Vec<serde_json::Value>>, found: &mut dyn FnMut(Found)) {
    match values {
        Some(values) => values.into_iter().for_each(|value| found(Found::Event(value))),
        None => found(Found::Unreadable),
    }
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}
