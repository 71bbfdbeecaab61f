//! The facts of the golden files that were composed after public bug reports. Their sources are listed in `golden/README.md`.

use super::{Case, load_goldens, used};
use crate::status::Status::{
    ContentFiltered, ContextOverflow, RateLimited, Rejected, Success, Timeout, Unavailable,
};
use crate::usage::{ServiceTier, Usage};

/// Embeddings and what else has no output tokens.
fn input_only(input: u64) -> Usage {
    used(input, 0)
}

pub(super) fn cases() -> Vec<Case> {
    [
        openai_chat(),
        openai_chat_streams(),
        openai_chat_errors(),
        openai_responses(),
        anthropic(),
        gemini(),
        others(),
    ]
    .concat()
}

fn openai_chat() -> Vec<Case> {
    let deepseek = Some(used(5000, 100).cache_read(4608));
    let spoken = used(1000, 500).cache_read(0).reasoning(0).audio_input(900).audio_output(400);
    let drawn = used(10, 1345).reasoning(225).image_output(1120);
    let audio = used(1000, 10).cache_read(640).cache_read_audio(640).audio_input(800);
    vec![
        ("openai_chat/audio_preview.json", Some(spoken), "stop", Success),
        ("openai_chat/batch_line.json", Some(used(1400, 33)), "stop", Success),
        ("openai_chat/bridge_only_reasoning.json", Some(used(21, 60).reasoning(60)), "stop", Success),
        ("openai_chat/bridge_without_details.json", Some(used(9, 814)), "stop", Success),
        ("openai_chat/cached_audio.json", Some(audio), "stop", Success),
        ("openai_chat/deepseek_cache.json", deepseek, "stop", Success),
        ("openai_chat/deepseek_cache_twice.json", deepseek, "stop", Success),
        ("openai_chat/embedding.json", Some(input_only(8000)), "", Success),
        ("openai_chat/flex.json", Some(used(10_000, 2000)), "stop", Success),
        ("openai_chat/gateway_cache_beside.json", Some(used(2040, 10).cache_read(2000)), "stop", Success),
        (
            "openai_chat/gateway_cache_creation.json",
            Some(used(9000, 200).cache_read(0).cache_write(8800)),
            "stop",
            Success,
        ),
        ("openai_chat/image_generation.json", Some(used(50, 50).image_input(40)), "", Success),
        ("openai_chat/image_output.json", Some(drawn), "stop", Success),
        (
            "openai_chat/openrouter_cache_write.json",
            Some(used(9000, 200).cache_read(100).cache_write(8700)),
            "stop",
            Success,
        ),
        ("openai_chat/openrouter_cost.json", Some(used(10_000, 2000)), "stop", Success),
        ("openai_chat/openrouter_own_key.json", Some(used(194, 2)), "stop", Success),
        ("openai_chat/perplexity_cost.json", Some(used(14, 70).web_searches(2)), "stop", Success),
        ("openai_chat/transcription.json", Some(used(14, 45).audio_input(14)), "", Success),
        ("openai_chat/transcription_by_length.json", Some(Usage::default().audio_seconds(27)), "", Success),
        ("openai_chat/voyage_embedding.json", Some(input_only(120)), "", Success),
        (
            "openai_chat/xai_reasoning_beside.json",
            Some(used(9100, 3900).cache_read(256).reasoning(2500)),
            "stop",
            Success,
        ),
        ("openai_chat/xai_reasoning_within.json", Some(used(500, 500).reasoning(200)), "stop", Success),
        ("openai_chat/xai_ticks.json", Some(used(32, 103).reasoning(94)), "stop", Success),
    ]
}

fn openai_chat_streams() -> Vec<Case> {
    vec![
        ("openai_chat/groq_extension.sse", Some(used(24, 377)), "stop", Success),
        ("openai_chat/input_and_output.sse", Some(used(11, 5)), "", Success),
        ("openai_chat/only_details_between.sse", Some(used(1400, 33).cache_read(1024)), "", Success),
        ("openai_chat/two_choices.sse", Some(used(1400, 33)), "stop", Success),
        ("openai_chat/usage_in_choice.sse", Some(used(1400, 33).cache_read(1280)), "stop", Success),
        ("openai_chat/usage_in_every_chunk.sse", Some(used(12, 40)), "", Success),
        ("openai_chat/zero_at_end.sse", Some(used(20, 8)), "stop", Success),
    ]
}

fn openai_chat_errors() -> Vec<Case> {
    vec![
        ("openai_chat/batch_expired.json", None, "", Timeout),
        ("openai_chat/moonshot_too_long.json", None, "", ContextOverflow),
        ("openai_chat/openrouter_broken.sse", None, "error", Unavailable),
        ("openai_chat/openrouter_limited.json", None, "", RateLimited),
        ("openai_chat/openrouter_moderated.json", None, "", ContentFiltered),
        ("openai_chat/openrouter_no_credits.json", None, "", Rejected),
        ("openai_chat/vllm_too_long.json", None, "", ContextOverflow),
        ("openai_chat/xai_too_long.json", None, "", ContextOverflow),
    ]
}

fn openai_responses() -> Vec<Case> {
    let plain = |input, output| used(input, output).cache_read(0).reasoning(0);
    let spoken = used(1000, 300).cache_read(0).audio_input(800).audio_output(240);
    vec![
        ("openai_responses/batch_line.json", Some(plain(36, 87)), "completed", Success),
        (
            "openai_responses/incomplete.sse",
            Some(plain(40, 1024).reasoning(800)),
            "max_output_tokens",
            Success,
        ),
        ("openai_responses/realtime.sse", Some(spoken), "completed", Success),
        ("openai_responses/web_search.json", Some(plain(328, 356).web_searches(2)), "completed", Success),
    ]
}

fn anthropic() -> Vec<Case> {
    let lifetimes = used(3010, 20).cache_read(0).cache_write(3000).cache_write_long(2000);
    let split = used(8849, 426).cache_read(8831);
    vec![
        ("anthropic/all_cached_in_delta.sse", Some(used(8834, 426).cache_read(8834)), "end_turn", Success),
        ("anthropic/batch_errored.json", None, "", Rejected),
        ("anthropic/batch_line.json", Some(used(10, 34)), "end_turn", Success),
        ("anthropic/batch_tier.json", Some(used(1000, 300)), "end_turn", Success),
        ("anthropic/compaction.json", Some(used(203_000, 4500)), "end_turn", Success),
        ("anthropic/crlf.sse", Some(used(25, 15)), "end_turn", Success),
        ("anthropic/lifetimes.json", Some(lifetimes), "end_turn", Success),
        ("anthropic/start_split_delta_whole.sse", Some(split), "end_turn", Success),
        ("anthropic/start_whole_delta_split.sse", Some(split.cache_write(0)), "end_turn", Success),
        ("anthropic/us_only.json", Some(used(21_000, 300).cache_read(20_000)), "end_turn", Success),
        ("anthropic/web_search.json", Some(used(6000, 400).web_searches(3)), "end_turn", Success),
        ("anthropic/zero_beside_cache.sse", Some(used(2500, 70).cache_read(1000)), "end_turn", Success),
        ("anthropic/zero_in_delta.sse", Some(used(1500, 70)), "end_turn", Success),
    ]
}

fn gemini() -> Vec<Case> {
    let audio = used(1000, 10).cache_read(640).cache_read_audio(600).audio_input(800);
    let drawn = used(326, 2677).reasoning(337).image_output(2000);
    vec![
        ("gemini/batch_line.json", Some(used(7, 3)), "STOP", Success),
        ("gemini/cached_audio.json", Some(audio), "STOP", Success),
        ("gemini/embedding.json", Some(input_only(7)), "", Success),
        ("gemini/grounded.json", Some(used(1000, 100).web_searches(2)), "STOP", Success),
        ("gemini/grounded_by_prompt.json", Some(used(12, 90).web_searches(1)), "STOP", Success),
        ("gemini/image_output.json", Some(drawn), "STOP", Success),
        ("gemini/only_cache_first.sse", Some(used(5105, 16).cache_read(5100)), "STOP", Success),
    ]
}

fn others() -> Vec<Case> {
    let disjoint = used(3621, 20).cache_read(3059).cache_write(0);
    vec![
        ("bedrock_converse/disjoint.json", Some(disjoint), "end_turn", Success),
        ("cohere_v2/embedding.json", Some(input_only(5000)), "", Success),
        ("mistral/audio.json", Some(used(30, 50).audio_seconds(3600)), "stop", Success),
        ("mistral/embedding.json", Some(input_only(15)), "", Success),
        ("ollama/cached.json", Some(used(21, 971).cache_read(16)), "stop", Success),
        ("ollama/embedding.json", Some(input_only(8)), "", Success),
        ("ollama/prompt_cached.json", Some(Usage::default().output(50)), "stop", Success),
    ]
}

#[test]
fn only_the_usages_of_these_files_are_unsound() {
    // The first names no reasoning, the others lack one of the two counts.
    let unsound = [
        "openai_chat/bridge_without_details.json",
        "openai_chat/transcription_by_length.json",
        "ollama/prompt_cached.json",
    ];
    for (path, ..) in cases() {
        let usage =
            load_goldens().into_iter().find(|golden| golden.path == path).expect("a file").facts().usage;
        assert_eq!(usage.is_none_or(|usage| usage.is_sound()), !unsound.contains(&path), "{path}");
    }
}

#[test]
fn what_the_provider_charged_is_read_where_it_is_reported() {
    for golden in load_goldens() {
        let cost = match &*golden.path {
            "openai_chat/openrouter_cost.json" => Some(0.0123),
            // The fee of OpenRouter and the price of the upstream provider.
            "openai_chat/openrouter_own_key.json" => Some(0.00095 + 0.019),
            "openai_chat/perplexity_cost.json" => Some(0.005_084),
            "openai_chat/xai_ticks.json" => Some(0.000_158_5),
            _ => None,
        };
        assert_eq!(golden.facts().cost_usd, cost, "{}", golden.path);
    }
}

#[test]
fn the_service_tier_is_read_where_it_is_reported() {
    for (path, ..) in cases() {
        let golden = load_goldens().into_iter().find(|golden| golden.path == path).expect("a file");
        let tier = match path {
            "openai_chat/flex.json" => Some(ServiceTier::FLEX),
            "openai_responses/web_search.json" => Some(ServiceTier::PRIORITY),
            "anthropic/us_only.json" => Some(ServiceTier::US),
            "gemini/only_cache_first.sse" => Some(ServiceTier::STANDARD),
            path if path.contains("batch_") => Some(ServiceTier::BATCH),
            _ => None,
        };
        assert_eq!(golden.facts().service_tier, tier, "{path}");
    }
}
