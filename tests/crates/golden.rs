//! The golden files of the wire formats. A crate's type must report the same facts as the wire format.

use agent_metrics::usage::wire::{Facts, WireFormat, WireStream};
use agent_metrics::{Classify, Status, TokenUsage};
use serde::de::DeserializeOwned;

macro_rules! golden {
    ($path:literal) => {
        include_str!(concat!("../../metrics-core/src/usage/wire/golden/", $path))
    };
}

pub(crate) use golden;

/// Returns the data of each event of a stream.
pub fn events(body: &str) -> impl Iterator<Item = &str> {
    body.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|data| *data != "[DONE]")
}

/// Adds the fields of a chat completion that the golden bodies of bug reports leave out, and that clients require.
pub fn completed(body: &str) -> String {
    body.replacen("\"object\"", "\"created\": 1, \"object\"", 1)
}

/// Checks that a whole response reports the same facts through the crate's type and through the wire format.
pub fn check_whole<T: DeserializeOwned + TokenUsage + Classify>(format: WireFormat, body: &str) {
    let typed: T = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"));
    check(&typed, typed.classify(), &format.facts_of_slice(body.as_bytes()), body);
}

fn check(typed: &impl TokenUsage, status: Status, facts: &Facts, body: &str) {
    assert_eq!(typed.token_usage(), facts.usage, "{body}");
    assert_eq!(typed.served_model(), facts.served_model.as_deref(), "{body}");
    assert_eq!(typed.finish_reason(), facts.finish_reason.as_deref(), "{body}");
    assert_eq!(typed.service_tier(), facts.service_tier, "{body}");
    assert_eq!(status, facts.status, "{body}");
}

/// Returns the facts of a stream, read with the wire format.
pub fn facts_of_stream(format: WireFormat, body: &str) -> Facts {
    let mut stream = WireStream::new(format);
    events(body).for_each(|data| stream.data(data));
    stream.facts()
}
