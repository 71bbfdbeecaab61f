//! OpenAI's chat completions, <https://platform.openai.com/docs/api-reference/chat>, also offered by many other servers.

use agent_metrics::usage::wire::WireFormat;
use serde_json::{Value, json};

use super::{
    Declaration, MOST_OUTPUT_TOKENS, Reply, Request, ToolCall, ToolResult, Turn, items, provider::Dialect,
};

#[derive(Debug)]
pub(super) struct OpenAi;

impl Dialect for OpenAi {
    fn format(&self) -> WireFormat {
        WireFormat::OpenAiChat
    }

    fn path(&self, _: &str, _: bool) -> String {
        "/chat/completions".to_owned()
    }

    fn key_header(&self) -> (&'static str, &'static str) {
        ("authorization", "Bearer ")
    }

    /// The request has no temperature, which reasoning models refuse.
    fn body(&self, model: &str, request: &Request<'_>, streams: bool) -> Value {
        let instruction = json!({ "role": "system", "content": request.instruction });
        let messages: Vec<_> =
            std::iter::once(instruction).chain(request.turns.iter().flat_map(messages)).collect();
        let mut body =
            json!({ "model": model, "messages": messages, "max_completion_tokens": MOST_OUTPUT_TOKENS });
        if !request.tools.is_empty() {
            body["tools"] = request.tools.iter().map(function).collect();
        }
        if streams {
            body["stream"] = json!(true);
            // Without this option a stream has no usage.
            body["stream_options"] = json!({ "include_usage": true });
        }
        body
    }

    fn reply(&self, response: &Value) -> Reply {
        let message = &response["choices"][0]["message"];
        let text = message["content"].as_str().unwrap_or_default().to_owned();
        let calls: Vec<_> = items(&message["tool_calls"]).filter_map(call).collect();
        let mut turn = json!({ "role": "assistant", "content": message["content"] });
        if !calls.is_empty() {
            turn["tool_calls"] = message["tool_calls"].clone();
        }
        Reply { text, calls, turn }
    }

    fn text_of_event(&self, event: &Value) -> String {
        event["choices"][0]["delta"]["content"].as_str().unwrap_or_default().to_owned()
    }
}

fn messages(turn: &Turn) -> Vec<Value> {
    match turn {
        Turn::User(text) => vec![json!({ "role": "user", "content": text })],
        Turn::Model(message) => vec![message.clone()],
        Turn::Results(results) => results.iter().map(message).collect(),
    }
}

fn message(result: &ToolResult) -> Value {
    json!({ "role": "tool", "tool_call_id": result.call.id, "content": result.as_object().to_string() })
}

fn function(tool: &Declaration) -> Value {
    let Declaration { name, description, .. } = tool;
    let parameters = tool.schema("object", "string");
    json!({ "type": "function", "function": { "name": name, "description": description, "parameters": parameters } })
}

fn call(call: &Value) -> Option<ToolCall> {
    let function = &call["function"];
    // The model writes the arguments as text. The tool refuses invalid JSON.
    let args = function["arguments"].as_str().unwrap_or_default();
    Some(ToolCall {
        id: call["id"].as_str().map(str::to_owned),
        name: function["name"].as_str()?.to_owned(),
        args: serde_json::from_str(args).unwrap_or_else(|_| json!(args)),
    })
}

#[cfg(test)]
mod tests {
    use super::{
        super::{SAMPLE_TOOL, sample_turns},
        *,
    };

    #[test]
    fn a_request_has_the_documented_shape() {
        let request = Request { instruction: "be brief", turns: &sample_turns(), tools: &[SAMPLE_TOOL] };
        let mut wanted = json!({
            "model": "gpt-4.1-mini",
            "messages": [
                {"role": "system", "content": "be brief"},
                {"role": "user", "content": "what time is it?"},
                {"as": "it came"},
                {"role": "tool", "tool_call_id": "c7", "content": "{\"result\":12}"},
                {"role": "tool", "tool_call_id": "c7", "content": "{\"error\":\"it stands\"}"},
            ],
            "max_completion_tokens": 4096,
            "tools": [{"type": "function", "function": {
                "name": "clock", "description": "tells the time",
                "parameters": {
                    "type": "object", "required": ["zone"],
                    "properties": {"zone": {"type": "string", "description": "where"}},
                },
            }}],
        });
        assert_eq!(OpenAi.body("gpt-4.1-mini", &request, false), wanted);
        wanted["stream"] = json!(true);
        wanted["stream_options"] = json!({"include_usage": true});
        assert_eq!(OpenAi.body("gpt-4.1-mini", &request, true), wanted);
    }

    #[test]
    fn an_answer_is_read() {
        let calls = json!([{
            "id": "call_1", "type": "function",
            "function": {"name": "calculator", "arguments": "{\"expression\": \"1 + 1\"}"},
        }]);
        let message = json!({"role": "assistant", "content": null, "tool_calls": calls, "refusal": null});
        let reply = OpenAi.reply(&json!({"choices": [{"message": message}]}));
        assert_eq!(reply.calls[0].args, json!({"expression": "1 + 1"}));
        assert_eq!(reply.turn, json!({"role": "assistant", "content": null, "tool_calls": calls}));

        let message = json!({"role": "assistant", "content": "Half past nine."});
        assert_eq!(OpenAi.reply(&json!({"choices": [{"message": message}]})).text, "Half past nine.");
        assert!(OpenAi.reply(&json!({})).is_empty());
        assert_eq!(OpenAi.text_of_event(&json!({"choices": [{"delta": {"content": "Ha"}}]})), "Ha");
        assert_eq!(OpenAi.text_of_event(&json!({"choices": [], "usage": {}})), "");
    }

    #[test]
    fn arguments_that_are_no_json_go_to_the_tool_as_text() {
        let function = json!({"name": "calculator", "arguments": "1 + 1"});
        assert_eq!(call(&json!({"id": "1", "function": function})).unwrap().args, json!("1 + 1"));
    }
}
