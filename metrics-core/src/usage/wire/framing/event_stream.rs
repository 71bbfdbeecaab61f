//! Amazon's event stream, in which Bedrock sends its streams.

use serde_json::{Map, Value};

use super::text::{Found, Text, parse};

/// Splits messages of the binary format "Event stream encoding" (Amazon Transcribe's developer guide, and Smithy's
/// specification of `application/vnd.amazon.eventstream`). The checksums are not verified: TCP has its own.
///
/// An event is an object whose one field has the name of the event's type, as SDKs show it. The payload of
/// `InvokeModelWithResponseStream` is the model's own event, encoded by Base64.
#[derive(Clone, Default, Debug)]
pub(in super::super) struct EventStream {
    /// The prelude and the headers of the current message.
    head: Vec<u8>,
    payload: Text,
    /// The number of bytes of the current message so far.
    position: usize,
    /// True after a prelude that can't be one. Nothing says where the next message begins.
    is_broken: bool,
}

/// The size of the prelude: the length of the message, the length of its headers and a checksum.
const PRELUDE: usize = 12;
/// The size of the checksum at the end of a message.
const CHECKSUM: usize = 4;
/// The largest sizes that the format allows, with room for the prelude.
const MAX_HEADERS: usize = 128 * 1024;
const MAX_MESSAGE: usize = 24 * 1024 * 1024;

impl EventStream {
    pub(super) fn push(&mut self, byte: u8, found: &mut dyn FnMut(Found)) {
        if self.is_broken {
            return;
        }
        self.position += 1;
        if self.position <= PRELUDE {
            self.head.push(byte);
            if self.position == PRELUDE && !self.is_plausible() {
                self.is_broken = true;
                found(Found::Unreadable);
            }
            return;
        }
        let (length, headers) = self.lengths();
        if self.position <= PRELUDE + headers {
            self.head.push(byte);
        } else if self.position <= length - CHECKSUM {
            self.payload.push(byte);
        }
        if self.position == length {
            match self.event() {
                Some(event) => found(Found::Event(event)),
                None => found(Found::Unreadable),
            }
            self.head.clear();
            self.payload.clear();
            self.position = 0;
        }
    }

    /// Returns the lengths of the message and of its headers.
    fn lengths(&self) -> (usize, usize) {
        let number =
            |at: usize| self.head[at..at + 4].iter().fold(0, |number, byte| number << 8 | usize::from(*byte));
        (number(0), number(4))
    }

    fn is_plausible(&self) -> bool {
        let (length, headers) = self.lengths();
        headers <= MAX_HEADERS && (PRELUDE + headers + CHECKSUM..=MAX_MESSAGE).contains(&length)
    }

    /// Returns the event of a complete message.
    fn event(&self) -> Option<Value> {
        if self.payload.is_too_large() {
            return None;
        }
        let payload = match self.payload.bytes() {
            [] => Value::Object(Map::new()),
            bytes => parse(bytes)?.pop()?,
        };
        if let Some(encoded) = payload.get("bytes").and_then(Value::as_str) {
            return parse(&base64(encoded)?)?.pop();
        }
        let headers = self.head.get(PRELUDE..).unwrap_or_default();
        let kind = [":exception-type", ":event-type"].into_iter().find_map(|name| header(headers, name))?;
        Some(Value::Object(Map::from_iter([(kind, payload)])))
    }
}

/// Returns the text of a header.
fn header(mut headers: &[u8], name: &str) -> Option<String> {
    fn take<'b>(bytes: &mut &'b [u8], count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = bytes.split_at_checked(count)?;
        *bytes = rest;
        Some(taken)
    }
    while let [length, ..] = *headers {
        take(&mut headers, 1)?;
        let found = take(&mut headers, usize::from(length))?;
        let kind = *take(&mut headers, 1)?.first()?;
        let size = match kind {
            0 | 1 => 0,
            2 => 1,
            3 => 2,
            4 => 4,
            5 | 8 => 8,
            9 => 16,
            // Bytes and texts have their length before them.
            _ => take(&mut headers, 2)?.iter().fold(0, |size, byte| size << 8 | usize::from(*byte)),
        };
        let value = take(&mut headers, size)?;
        if found == name.as_bytes() && kind == 7 {
            return Some(String::from_utf8_lossy(value).into_owned());
        }
    }
    None
}

/// Decodes Base64 with its standard alphabet (RFC 4648).
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        (bits, count) = (bits << 6 | u32::from(digit), count + 6);
        if count >= 8 {
            count -= 8;
            decoded.push((bits >> count) as u8);
        }
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_decoded_with_and_without_padding() {
        for (text, decoded) in [("", ""), ("Zg==", "f"), ("Zm8", "fo"), ("Zm9v", "foo"), ("Pz8/", "???")] {
            assert_eq!(base64(text).as_deref(), Some(decoded.as_bytes()), "{text}");
        }
        assert_eq!(base64("Zm9v\n"), None);
    }
}
