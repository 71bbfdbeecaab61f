//! Events from the bytes of a response, however they are split.

mod event_stream;
mod json;
mod lines;
mod text;

use event_stream::EventStream;
use json::Values;
pub(super) use lines::Lines;
pub(super) use text::Found;

/// Splits bytes into events. The framing is recognised by the first byte: server-sent events, JSON values (lines of JSON,
/// or Gemini's array), or Amazon's event stream.
///
/// A text inside of an event is kept up to 16 KiB, and an event up to 1 MiB, so that the memory is bounded whatever is sent.
#[derive(Clone, Default, Debug)]
pub(super) enum Framing {
    #[default]
    Unknown,
    Lines(Lines),
    Values(Values),
    EventStream(EventStream),
}

impl Framing {
    /// Adds bytes, and calls `found` for each event that they complete.
    pub(super) fn push(&mut self, bytes: &[u8], found: &mut dyn FnMut(Found)) {
        let mut bytes = bytes;
        if let Self::Unknown = self {
            // A byte order mark and white space say nothing about the framing.
            let is_blank = |byte: &u8| byte.is_ascii_whitespace() || [0xef, 0xbb, 0xbf].contains(byte);
            let blanks = bytes.iter().take_while(|byte| is_blank(byte)).count();
            bytes = &bytes[blanks..];
            *self = match bytes.first() {
                None => return,
                Some(b'{' | b'[') => Self::Values(Values::default()),
                // An event stream begins with the length of a message, which is less than 16 MiB.
                Some(0) => Self::EventStream(EventStream::default()),
                Some(_) => Self::Lines(Lines::default()),
            };
        }
        match self {
            Self::Unknown => {}
            Self::Lines(lines) => bytes.iter().for_each(|byte| lines.push(*byte, found)),
            Self::Values(values) => bytes.iter().for_each(|byte| values.push(*byte, found)),
            Self::EventStream(events) => bytes.iter().for_each(|byte| events.push(*byte, found)),
        }
    }

    /// Calls `found` for each event that is complete but for the end of its line.
    pub(super) fn finish(&self, found: &mut dyn FnMut(Found)) {
        if let Self::Lines(lines) = self {
            lines.clone().finish(found);
        }
    }
}
