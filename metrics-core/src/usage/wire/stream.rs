//! Facts from the events of a stream.

use serde_json::{Deserializer, Value};

use super::facts::Facts;
use super::format::WireFormat;
use super::path::find;
use super::reading::Readings;

/// Reads the events of a stream and returns, at any time, the facts reported so far.
///
/// Anthropic's counts are cumulative and partial, so the largest value of each is taken; for the other formats the last
/// usage counts. OpenAI sends a usage only if the request asked for it (`stream_options.include_usage`).
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
#[derive(Clone, Debug)]
pub struct WireStream {
    format: WireFormat,
    readings: Readings,
    facts: Facts,
}

impl WireStream {
    /// Creates a reader that has seen no event yet.
    pub fn new(format: WireFormat) -> Self {
        Self { format, readings: Readings::default(), facts: Facts::default() }
    }

    /// Reads one event. An array is read as a list of events, since Gemini streams an array unless the request asks for
    /// server-sent events.
    pub fn event(&mut self, event: &Value) {
        match event {
            Value::Array(items) => items.iter().for_each(|item| self.body(item)),
            event => self.body(event),
        }
    }

    /// Reads the payload of one server-sent event, with or without its `data:`, or one or several lines of JSON. Text
    /// that is not JSON, such as `[DONE]` or an `event:` line, is ignored.
    pub fn data(&mut self, data: &str) {
        let data = data.strip_prefix("data:").unwrap_or(data);
        let events = Deserializer::from_str(data).into_iter::<Value>();
        events.map_while(Result::ok).for_each(|event| self.event(&event));
    }

    /// Returns the facts reported so far, also for a stream that was cut off.
    pub fn facts(&self) -> Facts {
        Facts { usage: self.readings.usage(self.format.shape()), ..self.facts.clone() }
    }

    fn body(&mut self, event: &Value) {
        let shape = self.format.shape();
        for body in shape.bodies.iter().filter_map(|path| find(event, path, Some)) {
            self.readings.absorb(shape, body);
            self.facts.absorb(shape, body);
        }
    }
}
