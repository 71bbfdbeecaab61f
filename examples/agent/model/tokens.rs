//! An answer that comes in pieces.

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

/// The pieces of the answer's text. It fails where the answer is withheld or breaks off.
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
                // OpenAI's `[DONE]` is no JSON.
                let Ok(event) = serde_json::from_str::<Value>(&data) else { continue };
                self.facts.event(&event);
                // Said at once: whoever reads may leave before the end, and what was used until then is billed.
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
