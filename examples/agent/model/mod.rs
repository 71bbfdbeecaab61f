//! A model of any provider: conversations and answers, independent of the wire format.

mod anthropic;
mod client;
mod error;
mod events;
mod gemini;
mod openai;
mod provider;
mod retry;
mod tokens;

use serde_json::{Value, json};

pub(crate) use client::{Model, ModelConfig, http_client};
pub(crate) use error::ModelError;
pub(crate) use provider::Provider;
pub(crate) use retry::RetryPolicy;

/// The largest number of output tokens of one answer, including reasoning.
const MOST_OUTPUT_TOKENS: u32 = 4096;

/// A request to a model.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) instruction: &'a str,
    pub(crate) turns: &'a [Turn],
    pub(crate) tools: &'a [Declaration],
}

/// One turn of a conversation.
#[derive(Debug, Clone)]
pub(crate) enum Turn {
    User(String),
    /// The model's turn, unchanged, since services expect it back with its signatures.
    Model(Value),
    /// The results of the tools that the model's turn requested.
    Results(Vec<ToolResult>),
}

/// The declaration of a tool. Every tool takes one text argument.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Declaration {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) argument: &'static str,
    /// The description of the argument.
    pub(crate) meaning: &'static str,
}

impl Declaration {
    /// Returns the schema of the arguments, with the provider's names for the types object and string.
    fn schema(&self, object: &str, text: &str) -> Value {
        json!({
            "type": object,
            "properties": { self.argument: { "type": text, "description": self.meaning } },
            "required": [self.argument],
        })
    }
}

/// A tool call requested by the model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ToolCall {
    /// The id that links the result to the call, if the provider has one.
    pub(crate) id: Option<String>,
    /// The name given by the model; such a tool may not exist.
    pub(crate) name: String,
    pub(crate) args: Value,
}

#[derive(Debug, Clone)]
pub(crate) struct ToolResult {
    pub(crate) call: ToolCall,
    /// The result, or an error text for the model.
    pub(crate) outcome: Result<Value, String>,
}

impl ToolResult {
    /// `{"result": ..}` or `{"error": ".."}`.
    fn as_object(&self) -> Value {
        match &self.outcome {
            Ok(result) => json!({ "result": result }),
            Err(error) => json!({ "error": error }),
        }
    }
}

/// The answer of a model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) text: String,
    pub(crate) calls: Vec<ToolCall>,
    /// For [`Turn::Model`].
    pub(crate) turn: Value,
}

impl Reply {
    fn is_empty(&self) -> bool {
        self.text.is_empty() && self.calls.is_empty()
    }
}

/// Returns the items of a list, or none if the value is not a list.
fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

#[cfg(test)]
fn sample_turns() -> [Turn; 3] {
    let call = ToolCall { id: Some("c7".into()), name: "clock".into(), args: json!({"zone": "UTC"}) };
    let failed = ToolResult { call: call.clone(), outcome: Err("it stands".into()) };
    [
        Turn::User("what time is it?".into()),
        Turn::Model(json!({"as": "it came"})),
        Turn::Results(vec![ToolResult { call, outcome: Ok(json!(12)) }, failed]),
    ]
}

#[cfg(test)]
const SAMPLE_TOOL: Declaration =
    Declaration { name: "clock", description: "tells the time", argument: "zone", meaning: "where" };
