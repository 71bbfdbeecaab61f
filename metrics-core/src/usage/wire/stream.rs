//! Facts from the events of a stream.

use serde_json::{Deserializer, Value};

use super::facts::Facts;
use super::format::WireFormat;
use super::framing::{Found, Framing, Lines};
use super::path::{find, is_there};
use super::reading::Readings;
use super::shape::Shape;
use crate::usage::ServiceTier;

/// Reads the events of a stream and returns, at any time, the facts reported so far.
///
/// The usages of a stream are cumulative, and some are partial, so they are merged count by count: the last one holds, and
/// a later 0 doesn't replace a known count. OpenAI sends a usage only if the request asked for it
/// (`stream_options.include_usage`). The usage of a stream that was cut off is marked as
/// [`incomplete`](crate::Usage::incomplete).
///
/// ```
/// use agent_metrics::Usage;
/// use agent_metrics::usage::wire::{WireFormat, WireStream};
///
/// let mut stream = WireStream::new(WireFormat::OpenAiChat);
/// stream.data(r#"{"model": "gpt-5", "choices": [{"index": 0, "delta": {"content": "Hi"}}], "usage": null}"#);
/// assert_eq!(stream.facts().usage, None);
///
/// stream.data(r#"{"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}}"#);
/// stream.data("[DONE]");
/// assert_eq!(stream.facts().usage, Some(Usage::new(9, 2)));
/// ```
///
/// A client that yields the bytes of the response passes each piece to [`bytes`](Self::bytes):
///
/// ```
/// # use agent_metrics::Usage;
/// # use agent_metrics::usage::wire::{WireFormat, WireStream};
/// let mut stream = WireStream::new(WireFormat::Anthropic);
/// stream.bytes(b"event: message_delta\r\ndata: {\"delta\": {\"stop_reason\": \"end_turn\"}, \"usage\": {\"input_to");
/// stream.bytes(b"kens\": 25, \"output_tokens\": 15}}\r\n\r\n");
/// assert_eq!(stream.facts().usage, Some(Usage::new(25, 15)));
/// ```
#[derive(Clone, Debug)]
pub struct WireStream {
    format: WireFormat,
    read: Read,
    framing: Framing,
}

/// What was read of the events so far.
#[derive(Clone, Default, Debug)]
struct Read {
    readings: Readings,
    facts: Facts,
    /// The service tiers by the path at which they were reported, and the tier of a batch.
    tiers: [Option<ServiceTier>; 4],
    unreadable: u64,
}

impl WireStream {
    /// Creates a reader that has seen no event yet.
    pub fn new(format: WireFormat) -> Self {
        Self { format, read: Read::default(), framing: Framing::default() }
    }

    /// Reads one event. An array is read as a list of events, since Gemini streams an array unless the request asks for
    /// server-sent events.
    pub fn event(&mut self, event: &Value) {
        self.read.event(self.format.shape(), event);
    }

    /// Reads the payload of one server-sent event, with or without its `data:`, whole server-sent events, or one or several
    /// lines of JSON. Text that is not JSON, such as `[DONE]` or an `event:` line, is ignored.
    ///
    /// The text ends where an event ends. For text that is split anywhere, use [`bytes`](Self::bytes).
    pub fn data(&mut self, data: &str) {
        let shape = self.format.shape();
        let payload = data.strip_prefix("data:").unwrap_or(data);
        let mut events = Deserializer::from_str(payload).into_iter::<Value>();
        let mut end = 0;
        while let Some(Ok(event)) = events.next() {
            self.read.event(shape, &event);
            end = events.byte_offset();
        }
        let mut lines = Lines::default();
        let mut found = |found| {
            if let Found::Event(event) = found {
                self.read.event(shape, &event);
            }
        };
        payload[end..].bytes().for_each(|byte| lines.push(byte, &mut found));
        lines.finish(&mut found);
    }

    /// Reads a piece of the response's body, which may begin and end anywhere: server-sent events, lines of JSON, Gemini's
    /// array of JSON, or Bedrock's binary event stream. The framing is recognised by itself.
    ///
    /// The memory is bounded: of a text inside of an event at most 16 KiB are kept, and an event that is larger than 1 MiB
    /// without such texts, or is no JSON, is skipped. The usage of a stream with a skipped event is counted in
    /// `agent_llm_usage_anomalies_total` under the kind `unreadable_event`.
    pub fn bytes(&mut self, piece: &[u8]) {
        let (read, shape) = (&mut self.read, self.format.shape());
        self.framing.push(piece, &mut |found| read.found(shape, found));
    }

    /// Returns the number of events that [`bytes`](Self::bytes) has skipped since they could not be read.
    pub fn unreadable_events(&self) -> u64 {
        self.read.unreadable
    }

    /// Returns the facts reported so far, also for a stream that was cut off.
    pub fn facts(&self) -> Facts {
        let mut last = Vec::new();
        self.framing.finish(&mut |found| last.push(found));
        if last.is_empty() {
            return self.read.facts();
        }
        // The last line may lack its end, or may go on in the next piece.
        let mut read = self.read.clone();
        for found in last {
            if let Found::Event(event) = found {
                read.event(self.format.shape(), &event);
            }
        }
        read.facts()
    }
}

impl Read {
    fn found(&mut self, shape: &Shape, found: Found) {
        match found {
            Found::Event(event) => self.event(shape, &event),
            Found::Unreadable => self.unreadable += 1,
        }
    }

    fn event(&mut self, shape: &Shape, event: &Value) {
        match event {
            Value::Array(items) => items.iter().for_each(|item| self.body(shape, item)),
            event => self.body(shape, event),
        }
    }

    fn body(&mut self, shape: &Shape, event: &Value) {
        for body in shape.bodies.iter().filter_map(|path| find(event, path, Some)) {
            self.readings.absorb(shape, body);
            self.facts.absorb(shape, body);
            shape.tiers_in(body).for_each(|(at, tier)| self.tiers[at] = Some(tier));
        }
        if shape.batch.is_some_and(|path| is_there(event, path)) {
            self.tiers[shape.tiers.len()] = Some(ServiceTier::BATCH);
        }
    }

    fn facts(&self) -> Facts {
        let finished = self.facts.finish_reason.is_some();
        let mut usage = self.readings.usage(finished);
        if let Some(usage) = usage.as_mut().filter(|_| self.unreadable > 0) {
            usage.check_inputs.had_unreadable = true;
        }
        let service_tier = self.tiers.iter().flatten().copied().reduce(ServiceTier::and);
        Facts { usage, service_tier, ..self.facts.clone() }
    }
}
