//! Gemini's REST format, <https://ai.google.dev/api/generate-content>.

use std::time::Duration;

use agent_metrics::usage::wire::WireFormat;
use serde_json::{Value, json};

use super::{
    Declaration, MOST_OUTPUT_TOKENS, Reply, Request, ToolCall, ToolResult, Turn, error::seconds, items,
    provider::Dialect,
};

/// The suffix of the type of an error detail with the wait before a retry.
const RETRY_INFO: &str = "google.rpc.RetryInfo";

#[derive(Debug)]
pub(super) struct Gemini;

impl Dialect for Gemini {
    fn format(&self) -> WireFormat {
        WireFormat::Gemini
    }

    fn path(&self, model: &str, streams: bool) -> String {
        let call = if streams { "streamGenerateContent?alt=sse" } else { "generateContent" };
        format!("/v1beta/models/{model}:{call}")
    }

    fn key_header(&self) -> (&'static str, &'static str) {
        ("x-goog-api-key", "")
    }

    fn body(&self, _: &str, request: &Request<'_>, _: bool) -> Value {
        let mut body = json!({
            "systemInstruction": { "parts": [{ "text": request.instruction }] },
            "contents": request.turns.iter().map(turn).collect::<Vec<_>>(),
            "generationConfig": { "temperature": 0.2, "maxOutputTokens": MOST_OUTPUT_TOKENS },
        });
        if !request.tools.is_empty() {
            let functions: Vec<_> = request.tools.iter().map(function).collect();
            body["tools"] = json!([{ "functionDeclarations": functions }]);
        }
        body
    }

    fn reply(&self, response: &Value) -> Reply {
        let turn = &response["candidates"][0]["content"];
        let calls = items(&turn["parts"]).filter_map(|part| call(part.get("functionCall")?));
        Reply { text: text(&turn["parts"]), calls: calls.collect(), turn: turn.clone() }
    }

    fn text_of_event(&self, event: &Value) -> String {
        text(&event["candidates"][0]["content"]["parts"])
    }

    fn retry_delay(&self, error: &Value) -> Option<Duration> {
        let is_retry_info =
            |detail: &&Value| detail["@type"].as_str().is_some_and(|name| name.ends_with(RETRY_INFO));
        let delay = items(&error["details"]).find(is_retry_info)?["retryDelay"].as_str()?;
        seconds(delay.strip_suffix('s')?)
    }
}

fn turn(turn: &Turn) -> Value {
    match turn {
        Turn::User(text) => json!({ "role": "user", "parts": [{ "text": text }] }),
        Turn::Model(turn) => turn.clone(),
        Turn::Results(results) => {
            json!({ "role": "user", "parts": results.iter().map(response).collect::<Vec<_>>() })
        }
    }
}

fn response(result: &ToolResult) -> Value {
    let mut response = json!({ "name": result.call.name, "response": result.as_object() });
    if let Some(id) = &result.call.id {
        response["id"] = json!(id);
    }
    json!({ "functionResponse": response })
}

fn function(tool: &Declaration) -> Value {
    let Declaration { name, description, .. } = tool;
    json!({ "name": name, "description": description, "parameters": tool.schema("OBJECT", "STRING") })
}

fn call(call: &Value) -> Option<ToolCall> {
    let id = call["id"].as_str().map(str::to_owned);
    Some(ToolCall { id, name: call["name"].as_str()?.to_owned(), args: call["args"].clone() })
}

/// A thought is a summary of the model's reasoning and not a part of its answer.
fn text(parts: &Value) -> String {
    items(parts).filter(|part| part["thought"] != true).filter_map(|part| part["text"].as_str()).collect()
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
        let wanted = json!({
            "systemInstruction": {"parts": [{"text": "be brief"}]},
            "contents": [
                {"role": "user", "parts": [{"text": "what time is it?"}]},
                {"as": "it came"},
                {"role": "user", "parts": [
                    {"functionResponse": {"id": "c7", "name": "clock", "response": {"result": 12}}},
                    {"functionResponse": {"id": "c7", "name": "clock", "response": {"error": "it stands"}}},
                ]},
            ],
            "tools": [{"functionDeclarations": [{
                "name": "clock", "description": "tells the time",
                "parameters": {
                    "type": "OBJECT", "required": ["zone"],
                    "properties": {"zone": {"type": "STRING", "description": "where"}},
                },
            }]}],
            "generationConfig": {"temperature": 0.2, "maxOutputTokens": 4096},
        });
        assert_eq!(Gemini.body("gemini-2.0-flash", &request, false), wanted);
        let bare = Gemini.body("gemini-2.0-flash", &Request { tools: &[], ..request }, true);
        assert!(bare.get("tools").is_none());
        assert_eq!(Gemini.path("m", true), "/v1beta/models/m:streamGenerateContent?alt=sse");
    }

    #[test]
    fn an_answer_is_read_without_its_thoughts() {
        let answer = json!({"candidates": [{"content": {"role": "model", "parts": [
            {"text": "Let me think.", "thought": true}, {"text": "Half past "}, {"text": "nine."},
        ]}}]});
        assert_eq!(Gemini.reply(&answer).text, "Half past nine.");
        assert_eq!(Gemini.text_of_event(&answer), "Half past nine.");
        assert!(Gemini.reply(&json!({})).is_empty());
    }

    #[test]
    fn a_function_call_goes_back_as_it_came() {
        let turn = json!({"role": "model", "parts": [{
            "functionCall": {"id": "7", "name": "calculator", "args": {"expression": "1 + 1"}},
            "thoughtSignature": "c2lnbmF0dXJl",
        }]});
        let reply = Gemini.reply(&json!({"candidates": [{"content": turn}]}));
        assert_eq!((reply.calls[0].name.as_str(), reply.calls[0].id.as_deref()), ("calculator", Some("7")));
        assert_eq!(reply.turn, turn);
    }

    #[test]
    fn an_error_may_say_when_to_come_back() {
        let error = json!({"details": [
            {"@type": "type.googleapis.com/google.rpc.Help", "links": []},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"},
        ]});
        assert_eq!(Gemini.retry_delay(&error), Some(Duration::from_millis(34_500)));
        assert_eq!(Gemini.retry_delay(&json!({})), None);
    }
}
