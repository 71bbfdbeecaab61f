//! Token counts from the text itself. Google's rule of thumb is four characters to a token
//! (<https://ai.google.dev/gemini-api/docs/tokens>); a real tokenizer differs by some ten percent in English.

use fastrand::Rng;
use serde_json::{Value, json};

const CHARACTERS_PER_TOKEN: u64 = 4;
/// A repeated start shorter than this isn't served from the cache. The real services ask for a thousand or more; the
/// example's conversations are shorter.
const LEAST_CACHED: u64 = 256;
/// Share of the answers before which the model thinks.
const THINKS: f64 = 0.4;

pub(super) struct Usage {
    prompt: u64,
    cached: Option<u64>,
    candidates: u64,
    pub(super) thoughts: Option<u64>,
}

impl Usage {
    pub(super) fn count(request: &Value, answer: &Value, rng: &mut Rng) -> Self {
        let fixed = characters(&request["systemInstruction"]) + characters(&request["tools"]);
        let contents: Vec<u64> = request["contents"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|turn| characters(&turn["parts"]))
            .collect();
        // All but the last two turns was sent before, with the request that those two grew from.
        let repeated = contents.iter().rev().skip(2).sum::<u64>();
        let repeated = if repeated == 0 { 0 } else { tokens(fixed + repeated) };
        Self {
            prompt: tokens(fixed + contents.iter().sum::<u64>()),
            cached: (repeated >= LEAST_CACHED).then_some(repeated),
            candidates: tokens(characters(answer)),
            thoughts: (rng.f64() < THINKS).then(|| rng.u64(30..300)),
        }
    }

    /// As protobuf's JSON does, a count that is nothing is left out.
    pub(super) fn to_json(&self) -> Value {
        let mut usage = json!({
            "promptTokenCount": self.prompt,
            "candidatesTokenCount": self.candidates,
            "totalTokenCount": self.prompt + self.candidates + self.thoughts.unwrap_or(0),
        });
        if let Some(cached) = self.cached {
            usage["cachedContentTokenCount"] = json!(cached);
        }
        if let Some(thoughts) = self.thoughts {
            usage["thoughtsTokenCount"] = json!(thoughts);
        }
        usage
    }
}

fn tokens(characters: u64) -> u64 {
    characters.div_ceil(CHARACTERS_PER_TOKEN)
}

/// Characters of all texts and numbers in a piece of a request; JSON's own names and marks don't reach the model.
fn characters(value: &Value) -> u64 {
    match value {
        Value::Null => 0,
        Value::Bool(_) | Value::Number(_) => value.to_string().len() as u64,
        Value::String(text) => text.chars().count() as u64,
        Value::Array(items) => items.iter().map(characters).sum(),
        Value::Object(fields) => fields.values().map(characters).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_prompt_is_counted_and_its_repeated_start_is_cached() {
        let turn = |length| json!({"role": "user", "parts": [{"text": "x".repeat(length)}]});
        let request = json!({
            "systemInstruction": {"parts": [{"text": "x".repeat(40)}]},
            "contents": [turn(2_000), turn(400), turn(4)],
        });
        let usage = Usage::count(&request, &json!({"text": "12345"}), &mut Rng::with_seed(1));
        assert_eq!((usage.prompt, usage.cached, usage.candidates), (611, Some(510), 2));

        let short = json!({"contents": [turn(10)]});
        assert_eq!(Usage::count(&short, &json!({}), &mut Rng::with_seed(1)).cached, None);
    }

    #[test]
    fn the_total_holds_the_thoughts() {
        let usage = Usage { prompt: 10, cached: None, candidates: 5, thoughts: Some(7) }.to_json();
        assert_eq!(usage["totalTokenCount"], 22);
        assert!(usage.get("cachedContentTokenCount").is_none());
    }
}
