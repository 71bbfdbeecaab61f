//! A streamed answer.

use agent_metrics::{Call, usage::wire::WireStream};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use reqwest::Response;
use serde_json::Value;

use super::{error::ModelError, events::Events, provider::Dialect};

struct Reading {
    dialect: &'static dyn Dialect,
    response: Response,
    events: Events,
    facts: WireStream,
}

/// A stream of the pieces of an answer's text. It fails when the answer is blocked or interrupted.
pub(super) fn pieces(
    dialect: &'static dyn Dialect,
    response: Response,
) -> BoxStream<'static, Result<String, ModelError>> {
    let facts = WireStream::new(dialect.format());
    let reading = Reading { dialect, response, events: Events::default(), facts };
    let next = async |mut reading: Reading| {
        let piece = reading.next().await?;
        Ok(piece.map(|piece| (piece, reading)))
    };
    stream::try_unfold(reading, next).boxed()
}

impl Reading {
    async fn next(&mut self) -> Result<Option<String>, ModelError> {
        loop {
            while let Some(data) = self.events.next() {
                // OpenAI's `[DONE]` is not JSON.
                let Ok(event) = serde_json::from_str::<Value>(&data) else { continue };
                self.facts.event(&event);
                // Reported immediately: the consumer may drop the stream early, and the usage so far is billed.
                Call::current().usage(&self.facts.facts());
                let text = self.dialect.text_of_event(&event);
                if !text.is_empty() {
                    return Ok(Some(text));
                }
            }
            match self.response.chunk().await? {
                Some(bytes) => self.events.push(&bytes),
                None => return ModelError::check_ended(&self.facts.facts()).map(|()| None),
            }
        }
    }
}
