//! Gemini's side of its format.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{
    replies::Reply,
    service::{Answer, Asked, Event, Refusal, Said, Service, Turn, items, pieces, text_of},
    tokens::{Usage, characters},
};

pub(super) struct Gemini;

impl Service for Gemini {
    fn read(&self, path: &str, body: &Value) -> Result<Asked, Refusal> {
        let call = path.strip_prefix("/v1beta/models/").unwrap_or(path);
        let (model, streams) = match call.split_once(':') {
            Some((model, "generateContent")) if model.starts_with("gemini-") => (model, false),
            Some((model, "streamGenerateContent")) if model.starts_with("gemini-") => (model, true),
            _ => return Err(Refusal::NotFound(format!("{call} is not found for API version v1beta"))),
        };
        let turns: Vec<Turn> = items(&body["contents"]).map(turn).collect();
        if turns.is_empty() {
            let message = "* GenerateContentRequest.contents: contents is not specified";
            return Err(Refusal::Invalid(message.to_owned()));
        }
        let functions = items(&body["tools"]).flat_map(|tool| items(&tool["functionDeclarations"]));
        let tools = functions.filter_map(|function| function["name"].as_str().map(str::to_owned)).collect();
        let fixed = characters(&body["systemInstruction"]) + characters(&body["tools"]);
        Ok(Asked { model: model.to_owned(), streams, tools, turns, fixed, ..Asked::default() })
    }

    /// `{"error": {"code", "message", "status", "details"}}`, as every Google API reports errors.
    fn refuse(&self, refusal: &Refusal) -> (StatusCode, Value) {
        let (status, code, message) = match refusal {
            Refusal::RateLimited(seconds) => (
                StatusCode::TOO_MANY_REQUESTS,
                "RESOURCE_EXHAUSTED",
                format!("You exceeded your current quota. Please retry in {seconds}s."),
            ),
            Refusal::Overloaded => (
                StatusCode::SERVICE_UNAVAILABLE,
                "UNAVAILABLE",
                "The model is overloaded. Please try again later.".to_owned(),
            ),
            Refusal::Internal => {
                (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "An internal error has occurred.".to_owned())
            }
            Refusal::NotFound(message) => (StatusCode::NOT_FOUND, "NOT_FOUND", message.clone()),
            Refusal::Invalid(message) => (StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", message.clone()),
        };
        let mut error = json!({ "code": status.as_u16(), "message": message, "status": code });
        if let Refusal::RateLimited(seconds) = refusal {
            error["details"] = json!([{
                "@type": "type.googleapis.com/google.rpc.RetryInfo",
                "retryDelay": format!("{seconds}s"),
            }]);
        }
        (status, json!({ "error": error }))
    }

    fn whole(&self, asked: &Asked, answer: &Answer) -> Value {
        let mut response = json!({
            "usageMetadata": usage(&answer.usage, answer.usage.output),
            "modelVersion": asked.model,
            "responseId": format!("{:016x}", answer.id),
        });
        let mut part = match &answer.reply {
            Reply::Call { name, args } => json!({ "functionCall": { "name": name, "args": args } }),
            Reply::Text(text) => json!({ "text": text }),
            // The service says so in a successful response: the prompt was blocked, or the answer was.
            Reply::Withheld if answer.id.is_multiple_of(2) => {
                response["promptFeedback"] = json!({ "blockReason": "PROHIBITED_CONTENT" });
                return response;
            }
            Reply::Withheld => {
                response["candidates"] = json!([{ "finishReason": "SAFETY", "index": 0 }]);
                return response;
            }
        };
        if answer.usage.thoughts > 0 {
            part["thoughtSignature"] = json!(format!("{:016x}", answer.id));
        }
        response["candidates"] = json!([candidate(&part, true)]);
        response
    }

    /// Each chunk is a complete response, whose counts include everything up to its end.
    fn events(&self, asked: &Asked, answer: &Answer) -> Vec<Event> {
        let Reply::Text(text) = &answer.reply else {
            return vec![(None, self.whole(asked, answer).to_string())];
        };
        let pieces = pieces(text);
        let count = pieces.len() as u64;
        let chunk = |(number, piece): (u64, &String)| {
            let chunk = json!({
                "candidates": [candidate(&json!({ "text": piece }), number == count)],
                "usageMetadata": usage(&answer.usage, answer.usage.output * number / count),
                "modelVersion": asked.model,
                "responseId": format!("{:016x}", answer.id),
            });
            (None, chunk.to_string())
        };
        (1..).zip(&pieces).map(chunk).collect()
    }
}

fn turn(turn: &Value) -> Turn {
    let parts = &turn["parts"];
    let results: Vec<_> = items(parts)
        .filter_map(|part| part.get("functionResponse"))
        .map(|response| response["response"].clone())
        .collect();
    let said = match turn["role"].as_str() {
        Some("model") => Said::Model,
        _ if !results.is_empty() => Said::Results(results),
        _ => Said::Text(text_of(parts)),
    };
    Turn { said, characters: characters(parts) }
}

fn candidate(part: &Value, is_last: bool) -> Value {
    let mut candidate = json!({ "content": { "role": "model", "parts": [part] }, "index": 0 });
    if is_last {
        candidate["finishReason"] = json!("STOP");
    }
    candidate
}

/// As in protobuf's JSON mapping, a count of zero is left out.
fn usage(usage: &Usage, output: u64) -> Value {
    let counts = [
        ("promptTokenCount", usage.prompt),
        ("cachedContentTokenCount", usage.repeated),
        ("candidatesTokenCount", output),
        ("thoughtsTokenCount", usage.thoughts),
        ("totalTokenCount", usage.prompt + output + usage.thoughts),
    ];
    counts
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| (name.to_owned(), json!(count)))
        .collect()
}
