//! A parser of server-sent events, as specified by the HTML standard.

use std::collections::VecDeque;

/// Accepts bytes in any pieces and returns the data of complete events. Event names, ids and comments are ignored.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// The incomplete last line.
    bytes: Vec<u8>,
    /// The data of the incomplete event.
    data: String,
    ready: VecDeque<String>,
}

impl Events {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        let mut taken = 0;
        while let Some(length) = self.bytes[taken..].iter().position(|byte| *byte == b'\n') {
            let line = &self.bytes[taken..taken + length];
            let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line));
            if line.is_empty() {
                self.ready.extend(Some(std::mem::take(&mut self.data)).filter(|data| !data.is_empty()));
            } else if let Some(data) = line.strip_prefix("data:") {
                if !self.data.is_empty() {
                    self.data.push('\n');
                }
                self.data.push_str(data.strip_prefix(' ').unwrap_or(data));
            }
            taken += length + 1;
        }
        self.bytes.drain(..taken);
    }

    pub(super) fn next(&mut self) -> Option<String> {
        self.ready.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_out_whole_wherever_the_bytes_are_cut() {
        let text =
            "event: a\ndata: {\"text\": \"né\"}\n\n: a comment\n\ndata:one\r\ndata: two\r\n\r\ndata: cut off";
        for cut in 0..=text.len() {
            let mut events = Events::default();
            events.push(&text.as_bytes()[..cut]);
            events.push(&text.as_bytes()[cut..]);
            let found: Vec<_> = std::iter::from_fn(|| events.next()).collect();
            assert_eq!(found, ["{\"text\": \"né\"}", "one\ntwo"], "cut at {cut}");
        }
    }
}
