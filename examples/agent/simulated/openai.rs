//! OpenAI's side of its chat completions.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{
    replies::Reply,
    service::{Answer, Asked, Event, Refusal, Said, Service, Turn, items, pieces},
    tokens::{Usage, characters},
};

pub(super) struct OpenAi;

impl Service for OpenAi {
    fn read(&self, path: &str, body: &Value) -> Result<Asked, Refusal> {
        if path != "/v1/chat/completions" {
            return Err(Refusal::NotFound(format!("Invalid URL (POST {path})")));
        }
        let model = body["model"].as_str().unwrap_or_default().to_owned();
        if !model.starts_with("gpt-") {
            return Err(Refusal::NotFound(format!("The model `{model}` does not exist.")));
        }
        let (fixed, turns) = turns(&body["messages"]);
        if turns.is_empty() {
            return Err(Refusal::Invalid("Missing required parameter: 'messages'.".to_owned()));
        }
        let tools = items(&body["tools"]).filter_map(|tool| tool["function"]["name"].as_str());
        Ok(Asked {
            model,
            streams: body["stream"] == true,
            tools: tools.map(str::to_owned).collect(),
            turns,
            fixed: fixed + characters(&body["tools"]),
            wants_usage: body["stream_options"]["include_usage"] == true,
            is_marked: false,
        })
    }

    fn refuse(&self, refusal: &Refusal) -> (StatusCode, Value) {
        let (status, kind, code, message) = match refusal {
            Refusal::RateLimited(seconds) => (
                StatusCode::TOO_MANY_REQUESTS,
                "requests",
                Some("rate_limit_exceeded"),
                format!("Rate limit reached. Please try again in {seconds}s."),
            ),
            Refusal::Overloaded => (
                StatusCode::SERVICE_UNAVAILABLE,
                "service_unavailable_error",
                None,
                "The engine is currently overloaded, please try again later.".to_owned(),
            ),
            Refusal::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "server_error",
                None,
                "The server had an error while processing your request.".to_owned(),
            ),
            Refusal::NotFound(message) => {
                (StatusCode::NOT_FOUND, "invalid_request_error", Some("model_not_found"), message.clone())
            }
            Refusal::Invalid(message) => {
                (StatusCode::BAD_REQUEST, "invalid_request_error", None, message.clone())
            }
        };
        (status, json!({ "error": { "message": message, "type": kind, "param": null, "code": code } }))
    }

    fn whole(&self, asked: &Asked, answer: &Answer) -> Value {
        let mut message = json!({ "role": "assistant", "content": null, "refusal": null });
        let reason = match &answer.reply {
            Reply::Text(text) => {
                message["content"] = json!(text);
                "stop"
            }
            Reply::Call { name, args } => {
                let id = format!("call_{:016x}", answer.id);
                let function = json!({ "name": name, "arguments": args.to_string() });
                message["tool_calls"] = json!([{ "id": id, "type": "function", "function": function }]);
                "tool_calls"
            }
            Reply::Withheld => "content_filter",
        };
        let choice = json!({ "index": 0, "message": message, "logprobs": null, "finish_reason": reason });
        let mut response = envelope("chat.completion", asked, answer, &json!([choice]));
        response["usage"] = usage(&answer.usage);
        response
    }

    /// The usage comes after the end of the answer, in a chunk without choices.
    fn events(&self, asked: &Asked, answer: &Answer) -> Vec<Event> {
        let chunk = |delta: Value, reason: Value| {
            let choice = json!({ "index": 0, "delta": delta, "logprobs": null, "finish_reason": reason });
            let mut chunk = envelope("chat.completion.chunk", asked, answer, &json!([choice]));
            if asked.wants_usage {
                chunk["usage"] = Value::Null;
            }
            (None, chunk.to_string())
        };
        let mut events = vec![chunk(json!({ "role": "assistant", "content": "" }), Value::Null)];
        let reason = match &answer.reply {
            Reply::Text(text) => {
                let pieces = pieces(text);
                events
                    .extend(pieces.into_iter().map(|piece| chunk(json!({ "content": piece }), Value::Null)));
                "stop"
            }
            Reply::Call { name, args } => {
                let id = format!("call_{:016x}", answer.id);
                let function = json!({ "name": name, "arguments": args.to_string() });
                let call = json!({ "index": 0, "id": id, "type": "function", "function": function });
                events.push(chunk(json!({ "tool_calls": [call] }), Value::Null));
                "tool_calls"
            }
            Reply::Withheld => "content_filter",
        };
        events.push(chunk(json!({}), json!(reason)));
        if asked.wants_usage {
            let mut last = envelope("chat.completion.chunk", asked, answer, &json!([]));
            last["usage"] = usage(&answer.usage);
            events.push((None, last.to_string()));
        }
        events.push((None, "[DONE]".to_owned()));
        events
    }

    fn limit_header(&self) -> Option<&'static str> {
        Some("x-ratelimit-remaining-requests")
    }
}

/// The characters of the instruction, and the turns. Results of one turn's calls come in a message each.
fn turns(messages: &Value) -> (u64, Vec<Turn>) {
    let (mut fixed, mut turns) = (0, Vec::new());
    for message in items(messages) {
        let content = message["content"].as_str().unwrap_or_default();
        let length = characters(&message["content"]) + characters(&message["tool_calls"]);
        match message["role"].as_str() {
            Some("system" | "developer") => fixed += length,
            Some("assistant") => turns.push(Turn { said: Said::Model, characters: length }),
            Some("tool") => {
                let result = serde_json::from_str(content).unwrap_or_default();
                match turns.last_mut() {
                    Some(Turn { said: Said::Results(results), characters }) => {
                        results.push(result);
                        *characters += length;
                    }
                    _ => turns.push(Turn { said: Said::Results(vec![result]), characters: length }),
                }
            }
            _ => turns.push(Turn { said: Said::Text(content.to_owned()), characters: length }),
        }
    }
    (fixed, turns)
}

/// A name of a model without a date is answered by the one of some date.
fn envelope(object: &str, asked: &Asked, answer: &Answer, choices: &Value) -> Value {
    json!({
        "id": format!("chatcmpl-{:016x}", answer.id),
        "object": object,
        "created": 1_760_000_000,
        "model": format!("{}-2025-04-14", asked.model),
        "choices": choices,
    })
}

fn usage(usage: &Usage) -> Value {
    let output = usage.output + usage.thoughts;
    json!({
        "prompt_tokens": usage.prompt,
        "completion_tokens": output,
        "total_tokens": usage.prompt + output,
        "prompt_tokens_details": { "cached_tokens": usage.repeated, "audio_tokens": 0 },
        "completion_tokens_details": { "reasoning_tokens": usage.thoughts, "audio_tokens": 0 },
    })
}
