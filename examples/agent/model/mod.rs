//! A model, whoever serves it: what the agent says to it and hears from it, apart from any provider's JSON.

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

/// Of one answer; reasoning counts too.
const MOST_OUTPUT_TOKENS: u32 = 4096;

/// What a model is asked.
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
    /// The model's as it came, since services want it back as it was, signatures and all.
    Model(Value),
    /// What the tools gave that the model's turn asked for.
    Results(Vec<ToolResult>),
}

/// How the model sees a tool. Each of ours takes one text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Declaration {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) argument: &'static str,
    /// Of the argument.
    pub(crate) meaning: &'static str,
}

impl Declaration {
    /// The schema of the arguments, with the provider's words for an object and a text.
    fn schema(&self, object: &str, text: &str) -> Value {
        json!({
            "type": object,
            "properties": { self.argument: { "type": text, "description": self.meaning } },
            "required": [self.argument],
        })
    }
}

/// The model asks for a tool.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ToolCall {
    /// What ties the result to the call, where the provider has such a thing.
    pub(crate) id: Option<String>,
    /// As the model gave it: there need not be such a tool.
    pub(crate) name: String,
    pub(crate) args: Value,
}

#[derive(Debug, Clone)]
pub(crate) struct ToolResult {
    pub(crate) call: ToolCall,
    /// The result, or what went wrong in words for the model.
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

/// What a model answered.
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

/// The items of a list, none of what is no list.
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
