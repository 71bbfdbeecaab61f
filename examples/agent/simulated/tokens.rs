//! Token counts from the text itself. Google's rule of thumb is four characters to a token
//! (<https://ai.google.dev/gemini-api/docs/tokens>); a real tokenizer differs by some ten percent in English.

use fastrand::Rng;
use serde_json::Value;

use super::service::Asked;

const CHARACTERS_PER_TOKEN: u64 = 4;
/// A repeated start shorter than this isn't served from the cache. The real services ask for a thousand or more; the
/// example's conversations are shorter.
pub(super) const LEAST_CACHED: u64 = 128;
/// Share of the answers before which the model thinks.
const THINKS: f64 = 0.4;

pub(super) struct Usage {
    /// The whole input.
    pub(super) prompt: u64,
    /// The part that was sent before and is long enough to be cached.
    pub(super) repeated: u64,
    /// The answer, without the thoughts.
    pub(super) output: u64,
    pub(super) thoughts: u64,
}

impl Usage {
    /// Returns the usage of an answer with this number of characters.
    pub(super) fn count(asked: &Asked, answer: u64, rng: &mut Rng) -> Self {
        let contents = || asked.turns.iter().map(|turn| turn.characters);
        // All but the last two turns was sent before, with the request that those two grew from.
        let repeated = contents().rev().skip(2).sum::<u64>();
        let repeated = if repeated == 0 { 0 } else { tokens(asked.fixed + repeated) };
        Self {
            prompt: tokens(asked.fixed + contents().sum::<u64>()),
            repeated: if repeated >= LEAST_CACHED { repeated } else { 0 },
            output: tokens(answer),
            thoughts: if rng.f64() < THINKS { rng.u64(30..300) } else { 0 },
        }
    }
}

fn tokens(characters: u64) -> u64 {
    characters.div_ceil(CHARACTERS_PER_TOKEN)
}

/// Characters of all texts and numbers in a piece of a request; JSON's own names and marks don't reach the model.
pub(super) fn characters(value: &Value) -> u64 {
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
    use super::{
        super::service::{Said, Turn},
        *,
    };

    #[test]
    fn the_whole_prompt_is_counted_and_its_repeated_start_is_cached() {
        let asked = |fixed, turns: &[u64]| Asked {
            fixed,
            turns: turns
                .iter()
                .map(|characters| Turn { said: Said::Model, characters: *characters })
                .collect(),
            ..Asked::default()
        };
        let usage = Usage::count(&asked(40, &[2_000, 400, 4]), 5, &mut Rng::with_seed(1));
        assert_eq!((usage.prompt, usage.repeated, usage.output), (611, 510, 2));
        assert_eq!(Usage::count(&asked(0, &[10]), 0, &mut Rng::with_seed(1)).repeated, 0);
    }
}
