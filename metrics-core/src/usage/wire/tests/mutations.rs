//! Tests that no JSON makes a reader fail, and that a malformed number counts as absent.

use serde_json::{Value, json};

use super::load_goldens;
use crate::status::Status;
use crate::usage::Usage;
use crate::usage::wire::{WireFormat, WireStream};

/// Collects JSON pointers to every part of a value.
fn collect_pointers(value: &Value, at: &str, pointers: &mut Vec<String>) {
    pointers.push(at.to_owned());
    match value {
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, item)| collect_pointers(item, &format!("{at}/{index}"), pointers));
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(key, field)| collect_pointers(field, &format!("{at}/{key}"), pointers));
        }
        _ => {}
    }
}

/// Values that no provider sends in the places where the tests put them.
fn oddities() -> [Value; 12] {
    [
        Value::Null,
        json!(true),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(u64::MAX),
        json!("12"),
        json!(""),
        json!([]),
        json!([null, [], 7, {"type": "refusal"}]),
        json!({}),
        json!({"message": {"message": []}, "0": 1}),
    ]
}

#[test]
fn no_mutated_golden_file_makes_any_format_panic() {
    let formats: Vec<WireFormat> = load_goldens().iter().map(|golden| golden.format).collect();
    for golden in load_goldens() {
        let documents = golden.text.lines().map(|line| line.trim_start_matches("data:"));
        let whole = serde_json::from_str::<Value>(&golden.text);
        let bodies = whole.map_or_else(
            |_| documents.filter_map(|line| serde_json::from_str(line).ok()).collect(),
            |whole| vec![whole],
        );
        let mut all = WireStream::new(golden.format);
        for body in bodies {
            let mut pointers = Vec::new();
            collect_pointers(&body, "", &mut pointers);
            for (pointer, odd) in pointers.iter().flat_map(|pointer| oddities().map(|odd| (pointer, odd))) {
                let mut mutated = body.clone();
                *mutated.pointer_mut(pointer).unwrap() = odd;
                golden.format.facts(&mutated);
                all.event(&mutated);
                // The mutation is read in another format, too.
                formats[pointer.len() % formats.len()].facts(&mutated);
            }
        }
        all.facts();
    }
}

#[test]
fn a_stream_cut_off_anywhere_never_counts_more_than_the_whole() {
    for golden in load_goldens().iter().filter(|golden| golden.streamed) {
        let whole = golden.facts().usage.unwrap_or_default();
        for end in 0..golden.text.len() {
            let Some(text) = golden.text.get(..end) else { continue };
            let mut stream = WireStream::new(golden.format);
            text.lines().for_each(|line| stream.data(line));
            let usage = stream.facts().usage.unwrap_or_default();
            assert!(usage.input <= whole.input && usage.output <= whole.output, "{} to {end}", golden.path);
            golden.format.facts_of_slice(text.as_bytes());
            golden.format.status_of(end as u16, text.as_bytes());
        }
    }
}

#[test]
fn a_malformed_number_and_every_sum_that_includes_it_are_unknown() {
    let used = |usage| WireFormat::Anthropic.facts(&json!({ "usage": usage })).usage;
    let output = Some(Usage::default().output(5));
    for odd in [json!("7"), json!(-7), json!(7.0), json!({}), json!([7]), json!(false)] {
        assert_eq!(used(json!({"input_tokens": odd, "output_tokens": 5})), output, "{odd}");
        assert_eq!(
            used(json!({"input_tokens": 1, "cache_read_input_tokens": odd, "output_tokens": 5})),
            output
        );
    }
    assert_eq!(
        used(json!({"input_tokens": u64::MAX, "cache_read_input_tokens": 1})),
        Some(Usage::default().cache_read(1))
    );
    assert_eq!(used(json!({"cache_read_input_tokens": null, "input_tokens": null})), None);
    assert_eq!(used(json!({"cache_read_input_tokens": 3})), Some(Usage::default().cache_read(3)));

    let billed = |units| {
        WireFormat::CohereV2.facts(&json!({"usage": {"billed_units": {"output_tokens": units}}})).usage
    };
    assert_eq!(billed(json!(4.6)), output);
    assert_eq!(used(json!({"input_tokens": -1})), None, "a negative count alone is no usage");
    assert!(!used(json!({"input_tokens": -1, "output_tokens": 5})).expect("numbers").is_sound());
    for odd in [json!(-0.6), json!(1e17), json!("5")] {
        assert_eq!(billed(odd), None);
    }
}

#[test]
fn lines_that_are_not_json_are_ignored_and_several_json_lines_are_read() {
    let mut stream = WireStream::new(WireFormat::Ollama);
    stream.data("event: ping");
    stream.data(": a comment");
    stream.data("");
    stream.data("[DONE]");
    assert_eq!(stream.facts(), super::Facts::default());
    stream.data("{\"done\": false}\n{\"done\": true, \"prompt_eval_count\": 3, \"eval_count\": 2}\n");
    assert_eq!(stream.facts().usage, Some(Usage::new(3, 2)));
}

#[test]
fn an_event_without_counts_keeps_the_earlier_counts() {
    let mut stream = WireStream::new(WireFormat::Gemini);
    stream.event(&json!({"usageMetadata": {"promptTokenCount": 4, "candidatesTokenCount": 2}}));
    stream.event(&json!({"usageMetadata": {"trafficType": "ON_DEMAND"}}));
    stream.event(&json!({"usageMetadata": null}));
    assert_eq!(stream.facts().usage, Some(Usage::new(4, 2)));
}

#[test]
fn a_second_error_event_may_name_the_kind_and_a_third_does_not_change_it() {
    let mut stream = WireStream::new(WireFormat::OpenAiResponses);
    stream.event(&json!({"type": "error", "code": null, "message": "..", "param": null}));
    assert_eq!(stream.facts().status, Status::Error);
    let failed = |code: &str| json!({"type": "response.failed", "response": {"status": "failed", "error": {"code": code}}});
    stream.event(&failed("rate_limit_exceeded"));
    stream.event(&failed("server_error"));
    assert_eq!(stream.facts().status, Status::RateLimited);
}

#[test]
fn a_total_that_is_not_the_sum_is_marked_as_an_anomaly() {
    let used = |total| {
        let usage = json!({"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": total});
        WireFormat::OpenAiChat.facts(&json!({ "usage": usage })).usage
    };
    let usage = Usage::new(7, 2);
    assert_eq!(used(json!(9)), Some(usage));
    assert_eq!(used(json!(null)), Some(usage));
    let [sound, unsound] = [9, 8].map(|total| used(json!(total)).expect("numbers"));
    assert!(sound.is_sound() && !unsound.is_sound());
    assert_eq!(unsound, usage, "the counts stay");
}
