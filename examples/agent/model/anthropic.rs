//! Anthropic's messages, <https://docs.anthropic.com/en/api/messages>.

use agent_metrics::usage::wire::WireFormat;
use serde_json::{Value, json};

use super::{
    Declaration, MOST_OUTPUT_TOKENS, Reply, Request, ToolCall, ToolResult, Turn, items, provider::Dialect,
};

#[derive(Debug)]
pub(super) struct Anthropic;

impl Dialect for Anthropic {
    fn format(&self) -> WireFormat {
        WireFormat::Anthropic
    }

    fn path(&self, _: &str, _: bool) -> String {
        "/v1/messages".to_owned()
    }

    fn key_header(&self) -> (&'static str, &'static str) {
        ("x-api-key", "")
    }

    fn version_header(&self) -> Option<(&'static str, &'static str)> {
        Some(("anthropic-version", "2023-06-01"))
    }

    fn body(&self, model: &str, request: &Request<'_>, streams: bool) -> Value {
        let mut messages: Vec<_> = request.turns.iter().map(message).collect();
        // Caching is opt-in: the next request can reuse the prompt up to this mark.
        if let Some(block) = messages.last_mut().and_then(|last| last["content"].as_array_mut()?.last_mut()) {
            block["cache_control"] = json!({ "type": "ephemeral" });
        }
        let mut body = json!({
            "model": model,
            "system": request.instruction,
            "messages": messages,
            "max_tokens": MOST_OUTPUT_TOKENS,
        });
        if !request.tools.is_empty() {
            body["tools"] = request.tools.iter().map(tool).collect();
        }
        if streams {
            body["stream"] = json!(true);
        }
        body
    }

    fn reply(&self, response: &Value) -> Reply {
        let content = &response["content"];
        let text = items(content).filter_map(|block| block["text"].as_str()).collect();
        let calls = items(content).filter(|block| block["type"] == "tool_use").filter_map(call);
        Reply { text, calls: calls.collect(), turn: json!({ "role": "assistant", "content": content }) }
    }

    fn text_of_event(&self, event: &Value) -> String {
        event["delta"]["text"].as_str().unwrap_or_default().to_owned()
    }
}

fn message(turn: &Turn) -> Value {
    match turn {
        Turn::User(text) => json!({ "role": "user", "content": [{ "type": "text", "text": text }] }),
        Turn::Model(message) => message.clone(),
        Turn::Results(results) => {
            json!({ "role": "user", "content": results.iter().map(block).collect::<Vec<_>>() })
        }
    }
}

fn block(result: &ToolResult) -> Value {
    json!({
        "type": "tool_result",
        "tool_use_id": result.call.id,
        "content": result.as_object().to_string(),
        "is_error": result.outcome.is_err(),
    })
}

fn tool(tool: &Declaration) -> Value {
    let Declaration { name, description, .. } = tool;
    json!({ "name": name, "description": description, "input_schema": tool.schema("object", "string") })
}

fn call(block: &Value) -> Option<ToolCall> {
    let id = block["id"].as_str().map(str::to_owned);
    Some(ToolCall { id, name: block["name"].as_str()?.to_owned(), args: block["input"].clone() })
}

#[cfg(test)]
mod tests {
    use super::{
        super::{SAMPLE_TOOL, sample_turns},
        *,
    };

    #[test]
    fn a_request_has_the_documented_shape_and_a_mark_to_cache_up_to() {
        let request = Request { instruction: "be brief", turns: &sample_turns(), tools: &[SAMPLE_TOOL] };
        let result = |content: &str, is_error: bool| json!({"type": "tool_result", "tool_use_id": "c7", "content": content, "is_error": is_error});
        let mut last = result("{\"error\":\"it stands\"}", true);
        last["cache_control"] = json!({"type": "ephemeral"});
        let mut wanted = json!({
            "model": "claude-haiku-4-5",
            "system": "be brief",
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "what time is it?"}]},
                {"as": "it came"},
                {"role": "user", "content": [result("{\"result\":12}", false), last]},
            ],
            "max_tokens": 4096,
            "tools": [{
                "name": "clock", "description": "tells the time",
                "input_schema": {
                    "type": "object", "required": ["zone"],
                    "properties": {"zone": {"type": "string", "description": "where"}},
                },
            }],
        });
        assert_eq!(Anthropic.body("claude-haiku-4-5", &request, false), wanted);
        wanted["stream"] = json!(true);
        assert_eq!(Anthropic.body("claude-haiku-4-5", &request, true), wanted);
    }

    #[test]
    fn an_answer_is_read() {
        let content = json!([
            {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
            {"type": "text", "text": "I calculate."},
            {"type": "tool_use", "id": "toolu_1", "name": "calculator", "input": {"expression": "1 + 1"}},
        ]);
        let reply = Anthropic.reply(&json!({"type": "message", "content": content}));
        assert_eq!((reply.text.as_str(), reply.calls[0].name.as_str()), ("I calculate.", "calculator"));
        assert_eq!(reply.turn, json!({"role": "assistant", "content": content}));
        assert!(Anthropic.reply(&json!({})).is_empty());

        let delta = json!({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Ha"}});
        assert_eq!(Anthropic.text_of_event(&delta), "Ha");
        let thinking =
            json!({"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "Hm"}});
        assert_eq!(Anthropic.text_of_event(&thinking), "");
    }
}
