//! The facts that each golden file must yield.

use super::{Case, load_goldens, reported, used};
use crate::status::Status::{
    ContentFiltered, ContextOverflow, Error, RateLimited, Rejected, Success, Unavailable,
};
use crate::usage::Usage;

/// A usage with the counts that OpenAI's APIs report even if they are 0.
fn detailed(input: u64, output: u64) -> Usage {
    used(input, output).cache_read(0).reasoning(0)
}

fn openai_chat() -> Vec<Case> {
    let spoken = |usage: Usage| usage.audio_input(0).audio_output(0);
    let cached = spoken(detailed(2006, 300)).cache_read(1920).cache_write(64);
    let heard = detailed(120, 48).audio_input(100).audio_output(40).image_input(12);
    vec![
        ("openai_chat/audio.json", Some(heard), "stop", Success),
        ("openai_chat/blocked.json", Some(used(30, 0)), "content_filter", ContentFiltered),
        ("openai_chat/cached.json", Some(cached), "stop", Success),
        ("openai_chat/error.json", None, "", RateLimited),
        ("openai_chat/plain.json", Some(used(19, 10)), "stop", Success),
        ("openai_chat/reasoning.json", Some(spoken(detailed(52, 600)).reasoning(512)), "length", Success),
        ("openai_chat/refused.json", Some(used(30, 8)), "stop", ContentFiltered),
        ("openai_chat/stream.sse", Some(spoken(detailed(19, 4))), "stop", Success),
        ("openai_chat/too_long.json", None, "", ContextOverflow),
        ("openai_chat/tool_use.json", Some(used(82, 17)), "tool_calls", Success),
        ("openai_chat/truncated.sse", None, "", Success),
    ]
}

fn openai_responses() -> Vec<Case> {
    let full = |input, output| detailed(input, output).cache_write(0);
    let cached = full(3000, 40).cache_read(2048).cache_write(900).cache_write_long(600);
    vec![
        ("openai_responses/blocked.json", Some(full(40, 3)), "content_filter", ContentFiltered),
        ("openai_responses/broken.sse", None, "", RateLimited),
        ("openai_responses/cached.json", Some(cached), "completed", Success),
        ("openai_responses/cut_short.json", Some(full(40, 16)), "max_output_tokens", Success),
        ("openai_responses/error.json", None, "", Rejected),
        ("openai_responses/failed.json", None, "failed", Unavailable),
        ("openai_responses/plain.json", Some(full(36, 87)), "completed", Success),
        ("openai_responses/reasoning.json", Some(full(81, 1035).reasoning(832)), "completed", Success),
        ("openai_responses/refused.json", Some(full(40, 9)), "completed", ContentFiltered),
        ("openai_responses/stream.sse", Some(full(37, 11)), "completed", Success),
        ("openai_responses/tool_use.json", Some(full(291, 23)), "completed", Success),
        ("openai_responses/truncated.sse", None, "", Success),
    ]
}

fn anthropic() -> Vec<Case> {
    let uncached = |input, output| used(input, output).cache_read(0).cache_write(0);
    let cached = used(188_663, 393).cache_read(188_086).cache_write(556).cache_write_long(100);
    let reasoned = uncached(70, 900).cache_write_long(0).reasoning(740);
    let streamed = |output| uncached(1025, output).cache_read(1000);
    vec![
        ("anthropic/blocked.json", Some(uncached(564, 22)), "refusal", ContentFiltered),
        ("anthropic/broken.sse", Some(streamed(1)), "", Unavailable),
        ("anthropic/cached.json", Some(cached), "end_turn", Success),
        (
            "anthropic/cumulative.sse",
            Some(uncached(12_682, 510).cache_read(2000).web_searches(1)),
            "end_turn",
            Success,
        ),
        ("anthropic/error.json", None, "", Unavailable),
        ("anthropic/plain.json", Some(used(12, 6)), "end_turn", Success),
        ("anthropic/reasoning.json", Some(reasoned), "end_turn", Success),
        ("anthropic/stream.sse", Some(streamed(15)), "end_turn", Success),
        ("anthropic/too_long.json", None, "", ContextOverflow),
        ("anthropic/tool_use.json", Some(used(472, 89)), "tool_use", Success),
        ("anthropic/truncated.sse", Some(streamed(1)), "", Success),
        (
            "anthropic/window_full.json",
            Some(used(199_000, 1000)),
            "model_context_window_exceeded",
            ContextOverflow,
        ),
    ]
}

fn gemini() -> Vec<Case> {
    // The total says that there was no output.
    let prompt_only = used(14, 0);
    let media = used(400, 1290).audio_input(100).image_input(258).image_output(1290);
    vec![
        ("gemini/blocked.json", Some(prompt_only), "SAFETY", ContentFiltered),
        ("gemini/cached.json", Some(used(5000, 40).cache_read(4800)), "STOP", Success),
        ("gemini/error.json", None, "", RateLimited),
        ("gemini/media.json", Some(media), "STOP", Success),
        ("gemini/plain.json", Some(used(10, 26)), "STOP", Success),
        ("gemini/prompt_blocked.json", Some(prompt_only), "PROHIBITED_CONTENT", ContentFiltered),
        ("gemini/reasoning.json", Some(used(12, 450).reasoning(420)), "STOP", Success),
        ("gemini/stream.sse", Some(used(10, 25).reasoning(20)), "STOP", Success),
        ("gemini/stream_array.json", Some(used(10, 25).reasoning(20)), "STOP", Success),
        ("gemini/thoughts_only.json", Some(used(12, 97).reasoning(97)), "MAX_TOKENS", Success),
        ("gemini/too_long.json", None, "", ContextOverflow),
        ("gemini/tool_use.json", Some(used(270, 15)), "STOP", Success),
        ("gemini/truncated.sse", Some(used(10, 3)), "", Success),
    ]
}

fn bedrock_converse() -> Vec<Case> {
    let cached = used(3021, 393).cache_read(2000).cache_write(1000).cache_write_long(400);
    let streamed = used(1030, 12).cache_read(1000).cache_write(0);
    vec![
        ("bedrock_converse/blocked.json", Some(used(25, 0)), "guardrail_intervened", ContentFiltered),
        ("bedrock_converse/boto3_error.json", None, "", Unavailable),
        ("bedrock_converse/broken.jsonl", None, "", RateLimited),
        ("bedrock_converse/cached.json", Some(cached), "end_turn", Success),
        ("bedrock_converse/error.json", None, "", RateLimited),
        ("bedrock_converse/plain.json", Some(used(30, 628)), "end_turn", Success),
        ("bedrock_converse/reasoning.json", Some(used(40, 300)), "end_turn", Success),
        ("bedrock_converse/routed.json", Some(used(30, 64)), "max_tokens", Success),
        ("bedrock_converse/stream.jsonl", Some(streamed), "end_turn", Success),
        ("bedrock_converse/too_long.json", None, "", ContextOverflow),
        ("bedrock_converse/tool_use.json", Some(used(419, 53)), "tool_use", Success),
        ("bedrock_converse/truncated.jsonl", None, "", Success),
        (
            "bedrock_converse/window_full.json",
            Some(used(199_000, 1000)),
            "model_context_window_exceeded",
            ContextOverflow,
        ),
    ]
}

fn ollama() -> Vec<Case> {
    vec![
        ("ollama/broken.jsonl", None, "", Error),
        ("ollama/error.json", None, "", Error),
        ("ollama/generate.json", Some(used(26, 237)), "length", Success),
        ("ollama/plain.json", Some(used(26, 298)), "stop", Success),
        ("ollama/reasoning.json", Some(used(17, 140)), "stop", Success),
        ("ollama/stream.jsonl", Some(used(26, 3)), "stop", Success),
        ("ollama/too_long.json", None, "", ContextOverflow),
        ("ollama/tool_use.json", Some(used(164, 21)), "stop", Success),
        ("ollama/truncated.jsonl", None, "", Success),
        ("ollama/uncounted.json", Some(Usage::default().output(9)), "stop", Success),
    ]
}

fn mistral() -> Vec<Case> {
    vec![
        ("mistral/cached.json", Some(used(1013, 30).cache_read(1008)), "stop", Success),
        ("mistral/error.json", None, "", RateLimited),
        ("mistral/invalid.json", None, "", Rejected),
        ("mistral/plain.json", Some(used(16, 34)), "stop", Success),
        ("mistral/reasoning.json", Some(used(20, 250).reasoning(210)), "stop", Success),
        ("mistral/stream.sse", Some(used(16, 5)), "stop", Success),
        ("mistral/tool_use.json", Some(used(94, 30)), "tool_calls", Success),
        ("mistral/truncated.sse", None, "", Success),
        ("mistral/window_full.json", Some(used(32_000, 768)), "model_length", ContextOverflow),
    ]
}

fn cohere_v2() -> Vec<Case> {
    vec![
        ("cohere_v2/broken.sse", None, "ERROR", Error),
        ("cohere_v2/cached.json", Some(used(1205, 40).cache_read(1088)), "COMPLETE", Success),
        ("cohere_v2/error.json", None, "", Error),
        ("cohere_v2/failed.json", Some(used(5, 0)), "ERROR", Error),
        ("cohere_v2/plain.json", Some(used(5, 418)), "COMPLETE", Success),
        ("cohere_v2/reasoning.json", Some(used(9, 300)), "MAX_TOKENS", Success),
        ("cohere_v2/stream.sse", Some(used(3, 9)), "COMPLETE", Success),
        ("cohere_v2/too_long.json", None, "", ContextOverflow),
        ("cohere_v2/tool_use.json", Some(used(37, 28)), "TOOL_CALL", Success),
        ("cohere_v2/truncated.sse", None, "", Success),
        ("cohere_v2/unbilled.json", Some(used(71, 12)), "COMPLETE", Success),
    ]
}

#[test]
fn every_golden_file_yields_its_expected_facts() {
    let mut cases: Vec<Case> = [
        anthropic(),
        bedrock_converse(),
        cohere_v2(),
        gemini(),
        mistral(),
        ollama(),
        openai_chat(),
        openai_responses(),
        reported::cases(),
    ]
    .concat();
    for golden in load_goldens() {
        let at = cases.iter().position(|case| case.0 == golden.path);
        let (path, usage, reason, status) =
            cases.remove(at.unwrap_or_else(|| panic!("no case for {}", golden.path)));
        let facts = golden.facts();
        let found = (facts.usage, facts.finish_reason.as_deref().unwrap_or(""), facts.status);
        assert_eq!(found, (usage, reason, status), "{path}");
    }
    assert_eq!(cases, [], "cases without a golden file");
}

#[test]
fn the_served_model_is_read_in_the_providers_spelling() {
    for golden in load_goldens()
        .iter()
        .filter(|golden| golden.path.contains("/plain.") || golden.path.contains("stream."))
    {
        let model = match golden.path.split('/').next() {
            Some("anthropic") => Some("claude-opus-4-8"),
            Some("gemini") => Some("gemini-3-flash"),
            Some("mistral") => Some("mistral-large-2512"),
            Some("ollama") => Some("llama3.2"),
            Some("openai_chat" | "openai_responses") => Some("gpt-5.4-2026-03-05"),
            _ => None,
        };
        assert_eq!(golden.facts().served_model.as_deref(), model, "{}", golden.path);
    }
    let routed =
        load_goldens().into_iter().find(|golden| golden.path == "bedrock_converse/routed.json").unwrap();
    assert!(routed.facts().served_model.is_some_and(|model| model.ends_with("claude-haiku-4-5")));
}
