//! The JSON of `generateContent`: what we send, what comes back. Fields we don't use are ignored.

use agent_metrics::{TokenUsage, Usage};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GenerateContentRequest<'a> {
    pub(crate) system_instruction: Content,
    pub(crate) contents: &'a [Content],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tools: Vec<ToolDeclarations>,
    pub(crate) generation_config: GenerationConfig,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GenerationConfig {
    pub(crate) temperature: f32,
    /// Thinking counts too.
    pub(crate) max_output_tokens: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ToolDeclarations {
    pub(crate) function_declarations: Vec<FunctionDeclaration>,
}

#[derive(Debug, Serialize)]
pub(crate) struct FunctionDeclaration {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    /// An `OpenAPI` schema of the arguments.
    pub(crate) parameters: Value,
}

/// One turn of the conversation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Content {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<String>,
    pub(crate) parts: Vec<Part>,
}

impl Content {
    pub(crate) fn user(parts: Vec<Part>) -> Self {
        Self { role: Some("user".to_owned()), parts }
    }

    /// An instruction to the model, which has no role.
    pub(crate) fn instruction(text: &str) -> Self {
        Self { role: None, parts: vec![Part::text(text)] }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Part {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// The text is a summary of the model's thinking and no part of its answer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) thought: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) function_call: Option<FunctionCall>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) function_response: Option<FunctionResponse>,
    /// `thoughtSignature` and whatever else came: the service wants a model's turn back as it was.
    #[serde(flatten)]
    pub(crate) rest: Map<String, Value>,
}

impl Part {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..Self::default() }
    }

    pub(crate) fn function_response(response: FunctionResponse) -> Self {
        Self { function_response: Some(response), ..Self::default() }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FunctionCall {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) args: Value,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FunctionResponse {
    /// That of the call, where it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    /// An object: `{"result": ..}` or `{"error": ".."}`.
    pub(crate) response: Value,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct GenerateContentResponse {
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) prompt_feedback: Option<PromptFeedback>,
    pub(crate) usage_metadata: Option<UsageMetadata>,
    pub(crate) model_version: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Candidate {
    pub(crate) content: Content,
    pub(crate) finish_reason: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PromptFeedback {
    pub(crate) block_reason: Option<String>,
}

/// Tokens as Gemini counts them: `prompt` holds the cached ones, `candidates` doesn't hold the thoughts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names of the format")]
pub(crate) struct UsageMetadata {
    pub(crate) prompt_token_count: Option<u64>,
    pub(crate) cached_content_token_count: Option<u64>,
    pub(crate) tool_use_prompt_token_count: Option<u64>,
    pub(crate) candidates_token_count: Option<u64>,
    pub(crate) thoughts_token_count: Option<u64>,
}

impl GenerateContentResponse {
    /// The first candidate's text, without its thoughts.
    pub(crate) fn text(&self) -> String {
        self.parts().filter(|part| !part.thought).filter_map(|part| part.text.as_deref()).collect()
    }

    pub(crate) fn function_calls(&self) -> impl Iterator<Item = &FunctionCall> {
        self.parts().filter_map(|part| part.function_call.as_ref())
    }

    fn parts(&self) -> impl Iterator<Item = &Part> {
        self.candidates.first().into_iter().flat_map(|candidate| &candidate.content.parts)
    }
}

impl TokenUsage for GenerateContentResponse {
    fn token_usage(&self) -> Option<Usage> {
        let counts = self.usage_metadata.as_ref()?;
        let mut usage = Usage::default();
        usage.input = sum(counts.prompt_token_count, counts.tool_use_prompt_token_count);
        usage.output = sum(counts.candidates_token_count, counts.thoughts_token_count);
        usage.cache_read = counts.cached_content_token_count;
        usage.reasoning = counts.thoughts_token_count;
        Some(usage)
    }

    fn served_model(&self) -> Option<&str> {
        self.model_version.as_deref()
    }

    fn finish_reason(&self) -> Option<&str> {
        self.candidates.first()?.finish_reason.as_deref()
    }
}

/// Absent is not 0: only where both are absent is the sum.
fn sum(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (None, None) => None,
        (a, b) => Some(a.unwrap_or(0).saturating_add(b.unwrap_or(0))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn response(body: Value) -> GenerateContentResponse {
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn a_request_has_the_documented_shape() {
        let call = FunctionResponse { id: None, name: "clock".into(), response: json!({"result": 12}) };
        let contents = [
            Content::user(vec![Part::text("what time is it?")]),
            Content::user(vec![Part::function_response(call)]),
        ];
        let request = GenerateContentRequest {
            system_instruction: Content::instruction("be brief"),
            contents: &contents,
            tools: vec![ToolDeclarations {
                function_declarations: vec![FunctionDeclaration {
                    name: "clock",
                    description: "tells the time",
                    parameters: json!({"type": "OBJECT"}),
                }],
            }],
            generation_config: GenerationConfig { temperature: 0.5, max_output_tokens: 100 },
        };
        let wanted = json!({
            "systemInstruction": {"parts": [{"text": "be brief"}]},
            "contents": [
                {"role": "user", "parts": [{"text": "what time is it?"}]},
                {"role": "user", "parts": [{"functionResponse": {"name": "clock", "response": {"result": 12}}}]},
            ],
            "tools": [{"functionDeclarations": [
                {"name": "clock", "description": "tells the time", "parameters": {"type": "OBJECT"}},
            ]}],
            "generationConfig": {"temperature": 0.5, "maxOutputTokens": 100},
        });
        assert_eq!(serde_json::to_value(&request).unwrap(), wanted);
    }

    #[test]
    fn an_answer_is_read_with_its_tokens() {
        let answer = response(json!({
            "candidates": [{
                "content": {"role": "model", "parts": [
                    {"text": "Let me think.", "thought": true}, {"text": "Half past "}, {"text": "nine."},
                ]},
                "finishReason": "STOP", "index": 0, "avgLogprobs": -0.1,
            }],
            "usageMetadata": {
                "promptTokenCount": 1200, "cachedContentTokenCount": 1000, "toolUsePromptTokenCount": 30,
                "candidatesTokenCount": 20, "thoughtsTokenCount": 300, "totalTokenCount": 1550,
                "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 1200}],
            },
            "modelVersion": "gemini-2.0-flash", "responseId": "abc",
        }));
        assert_eq!(answer.text(), "Half past nine.");
        assert_eq!(answer.model_version.as_deref(), Some("gemini-2.0-flash"));
        let usage = answer.token_usage().unwrap();
        assert_eq!((usage.input, usage.output), (Some(1230), Some(320)));
        assert_eq!((usage.cache_read, usage.reasoning), (Some(1000), Some(300)));
    }

    #[test]
    fn absent_counts_stay_absent() {
        assert!(response(json!({})).token_usage().is_none());
        let usage = response(json!({"usageMetadata": {"promptTokenCount": 5}})).token_usage().unwrap();
        assert_eq!((usage.input, usage.output, usage.cache_read), (Some(5), None, None));
    }

    #[test]
    fn a_function_call_goes_back_as_it_came() {
        let turn = json!({"role": "model", "parts": [{
            "functionCall": {"id": "7", "name": "calculator", "args": {"expression": "1 + 1"}},
            "thoughtSignature": "c2lnbmF0dXJl",
        }]});
        let answer = response(json!({"candidates": [{"content": turn}]}));
        assert_eq!(
            answer.function_calls().map(|call| call.name.as_str()).collect::<Vec<_>>(),
            ["calculator"]
        );
        assert_eq!(serde_json::to_value(&answer.candidates[0].content).unwrap(), turn);
    }
}
