//! Anthropic's side of its messages.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{
    replies::Reply,
    service::{Answer, Asked, Event, Refusal, Said, Service, Turn, items, pieces, text_of},
    tokens::{LEAST_CACHED, Usage, characters},
};

/// The part after the cache mark of a request.
const AFTER_THE_MARK: u64 = 3;

pub(super) struct Anthropic;

impl Service for Anthropic {
    fn read(&self, path: &str, body: &Value) -> Result<Asked, Refusal> {
        if path != "/v1/messages" {
            return Err(Refusal::NotFound("Not found".to_owned()));
        }
        let model = body["model"].as_str().unwrap_or_default().to_owned();
        if !model.starts_with("claude-") {
            return Err(Refusal::NotFound(format!("model: {model}")));
        }
        let turns: Vec<Turn> = items(&body["messages"]).map(turn).collect();
        if turns.is_empty() {
            return Err(Refusal::Invalid("messages: at least one message is required".to_owned()));
        }
        if body["max_tokens"].as_u64().is_none() {
            return Err(Refusal::Invalid("max_tokens: Field required".to_owned()));
        }
        let blocks = items(&body["messages"]).flat_map(|message| items(&message["content"]));
        let is_marked = blocks.into_iter().any(|block| block.get("cache_control").is_some());
        let tools = items(&body["tools"]).filter_map(|tool| tool["name"].as_str());
        Ok(Asked {
            model,
            streams: body["stream"] == true,
            tools: tools.map(str::to_owned).collect(),
            turns,
            fixed: characters(&body["system"]) + characters(&body["tools"]),
            wants_usage: true,
            is_marked,
        })
    }

    fn refuse(&self, refusal: &Refusal) -> (StatusCode, Value) {
        let (status, kind, message) = match refusal {
            Refusal::RateLimited(_) => {
                (429, "rate_limit_error", "This request would exceed your rate limit.".to_owned())
            }
            Refusal::Overloaded => (529, "overloaded_error", "Overloaded".to_owned()),
            Refusal::Internal => (500, "api_error", "Internal server error".to_owned()),
            Refusal::NotFound(message) => (404, "not_found_error", message.clone()),
            Refusal::Invalid(message) => (400, "invalid_request_error", message.clone()),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, json!({ "type": "error", "error": { "type": kind, "message": message } }))
    }

    fn whole(&self, asked: &Asked, answer: &Answer) -> Value {
        let mut message = message(asked, answer);
        message["stop_reason"] = json!(stop_reason(&answer.reply));
        message["content"] = block(answer).into_iter().collect();
        message["usage"]["output_tokens"] = json!(answer.usage.output + answer.usage.thoughts);
        message
    }

    /// The start reports the input and the first output token; the end reports the whole output.
    fn events(&self, asked: &Asked, answer: &Answer) -> Vec<Event> {
        let event = |name: &'static str, mut data: Value| {
            data["type"] = json!(name);
            (Some(name), data.to_string())
        };
        let mut events = vec![event("message_start", json!({ "message": message(asked, answer) }))];
        if let Some(mut block) = block(answer) {
            let deltas = deltas(answer);
            // A block starts empty.
            for key in ["text", "input"] {
                if let Some(content) = block.get_mut(key) {
                    *content = if key == "text" { json!("") } else { json!({}) };
                }
            }
            events.push(event("content_block_start", json!({ "index": 0, "content_block": block })));
            events.push(event("ping", json!({})));
            let delta = |delta| event("content_block_delta", json!({ "index": 0, "delta": delta }));
            events.extend(deltas.into_iter().map(delta));
            events.push(event("content_block_stop", json!({ "index": 0 })));
        }
        let end = json!({
            "delta": { "stop_reason": stop_reason(&answer.reply), "stop_sequence": null },
            "usage": { "output_tokens": answer.usage.output + answer.usage.thoughts },
        });
        events.push(event("message_delta", end));
        events.push(event("message_stop", json!({})));
        events
    }

    fn limit_header(&self) -> Option<&'static str> {
        Some("anthropic-ratelimit-requests-remaining")
    }
}

fn turn(message: &Value) -> Turn {
    let content = &message["content"];
    let result = |block: &Value| {
        let text = block["content"].as_str().unwrap_or_default();
        serde_json::from_str(text).unwrap_or_default()
    };
    let results: Vec<_> = items(content).filter(|block| block["type"] == "tool_result").map(result).collect();
    let said = match message["role"].as_str() {
        Some("assistant") => Said::Model,
        _ if !results.is_empty() => Said::Results(results),
        _ => Said::Text(text_of(content)),
    };
    Turn { said, characters: characters(content) }
}

/// A message that has just begun. A name of a model without a date is answered by the one of some date.
fn message(asked: &Asked, answer: &Answer) -> Value {
    json!({
        "id": format!("msg_{:016x}", answer.id),
        "type": "message",
        "role": "assistant",
        "model": format!("{}-20251001", asked.model),
        "content": [],
        "stop_reason": null,
        "stop_sequence": null,
        "usage": usage(asked, &answer.usage),
    })
}

fn block(answer: &Answer) -> Option<Value> {
    match &answer.reply {
        Reply::Text(text) => Some(json!({ "type": "text", "text": text })),
        Reply::Call { name, args } => {
            let id = format!("toolu_{:016x}", answer.id);
            Some(json!({ "type": "tool_use", "id": id, "name": name, "input": args }))
        }
        Reply::Withheld => None,
    }
}

fn deltas(answer: &Answer) -> Vec<Value> {
    match &answer.reply {
        Reply::Text(text) => {
            pieces(text).into_iter().map(|piece| json!({ "type": "text_delta", "text": piece })).collect()
        }
        Reply::Call { args, .. } => {
            vec![json!({ "type": "input_json_delta", "partial_json": args.to_string() })]
        }
        Reply::Withheld => Vec::new(),
    }
}

fn stop_reason(reply: &Reply) -> &'static str {
    match reply {
        Reply::Text(_) => "end_turn",
        Reply::Call { .. } => "tool_use",
        Reply::Withheld => "refusal",
    }
}

/// `input_tokens` holds neither what the cache gave nor what was written to it.
fn usage(asked: &Asked, usage: &Usage) -> Value {
    let (read, written) = if asked.is_marked && usage.prompt >= LEAST_CACHED + AFTER_THE_MARK {
        (usage.repeated, usage.prompt.saturating_sub(usage.repeated + AFTER_THE_MARK))
    } else {
        (0, 0)
    };
    json!({
        "input_tokens": usage.prompt - read - written,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": written,
        "cache_creation": { "ephemeral_5m_input_tokens": written, "ephemeral_1h_input_tokens": 0 },
        "output_tokens": usage.output.min(1),
        "service_tier": "standard",
    })
}
