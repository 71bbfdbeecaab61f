//! Tests of streams that are read as bytes.

use serde_json::json;

use super::{Facts, load_goldens};
use crate::usage::Usage;
use crate::usage::wire::{WireFormat, WireStream};

/// Reads pieces of a body.
fn read<'p>(format: WireFormat, pieces: impl IntoIterator<Item = &'p [u8]>) -> WireStream {
    let mut stream = WireStream::new(format);
    pieces.into_iter().for_each(|piece| stream.bytes(piece));
    stream
}

#[test]
fn a_stream_has_the_same_facts_however_it_is_split() {
    for golden in load_goldens().iter().filter(|golden| golden.streamed) {
        let text = golden.text.as_bytes();
        for size in [1, 2, 3, 7, 16, 33, 100, text.len()] {
            let stream = read(golden.format, text.chunks(size));
            assert_eq!(stream.facts(), golden.facts(), "{} in pieces of {size}", golden.path);
            assert_eq!(stream.unreadable_events(), 0, "{}", golden.path);
        }
        let crlf = golden.text.replace("\r\n", "\n").replace('\n', "\r\n");
        let commented = golden.text.replace("data:", ": a comment\nid: 7\nretry: 10\ndata:");
        for text in [crlf, commented] {
            assert_eq!(
                read(golden.format, text.as_bytes().chunks(7)).facts(),
                golden.facts(),
                "{}",
                golden.path
            );
        }
    }
}

#[test]
fn an_array_of_events_is_read_item_by_item() {
    let array = load_goldens().into_iter().find(|golden| golden.path == "gemini/stream_array.json").unwrap();
    for size in [1, 3, 50] {
        assert_eq!(read(array.format, array.text.as_bytes().chunks(size)).facts(), array.facts());
    }
    let mut stream = WireStream::new(array.format);
    let first = array.text.find("\n  },").expect("a first item") + 4;
    stream.bytes(&array.text.as_bytes()[..first]);
    assert!(stream.facts().usage.is_some(), "an item counts before the array ends");
}

#[test]
fn whole_frames_may_be_passed_as_text() {
    for golden in load_goldens().iter().filter(|golden| golden.text.contains("data:")) {
        let mut stream = WireStream::new(golden.format);
        golden.text.split_inclusive("\n\n").for_each(|frame| stream.data(frame));
        assert_eq!(stream.facts(), golden.facts(), "{}", golden.path);
        let mut stream = WireStream::new(golden.format);
        stream.data(&golden.text);
        assert_eq!(stream.facts(), golden.facts(), "{} at once", golden.path);
    }
}

#[test]
fn the_last_line_may_lack_its_end() {
    let (start, usage) = (
        "data: {\"choices\": []}\n\n",
        "data: {\"usage\": {\"prompt_tokens\": 3, \"completion_tokens\": 2}}",
    );
    let mut stream = read(WireFormat::OpenAiChat, [start.as_bytes(), usage.as_bytes()]);
    assert_eq!(stream.facts().usage, Some(Usage::new(3, 2)));
    stream.bytes(b"\n\n");
    assert_eq!(stream.facts().usage, Some(Usage::new(3, 2)));
    // Pieces without any line end, as `data` takes them.
    let stream = read(WireFormat::OpenAiChat, [start.trim_end().as_bytes(), usage.as_bytes()]);
    assert_eq!(stream.facts().usage, Some(Usage::new(3, 2)));
}

#[test]
fn an_event_may_have_several_lines_of_data() {
    let text = "data: {\"usage\": {\ndata: \"prompt_tokens\": 3,\ndata: \"completion_tokens\": 2}}\n\n";
    assert_eq!(read(WireFormat::OpenAiChat, [text.as_bytes()]).facts().usage, Some(Usage::new(3, 2)));
}

#[test]
fn a_long_text_is_cut_and_the_facts_around_it_are_read() {
    // Characters of several bytes, and escape sequences, which must not be cut in two.
    for content in ["x", "é", "\u{1f600}", "\\u00e9", "\\ud83d\\ude00", "\\\\", "\\\""] {
        let content = content.repeat(100_000 / content.len());
        let event = format!(
            "{{\"choices\": [{{\"delta\": {{\"content\": \"{content}\"}}}}], \"usage\": {{\"prompt_tokens\": 3, \"completion_tokens\": 2}}}}"
        );
        for text in [format!("data: {event}\n\n"), event] {
            let stream = read(WireFormat::OpenAiChat, text.as_bytes().chunks(1000));
            assert_eq!(stream.facts().usage, Some(Usage::new(3, 2)), "{}", &text[..60]);
            assert_eq!(stream.unreadable_events(), 0);
        }
    }
}

#[test]
fn a_field_of_16_mib_and_a_line_without_end_take_bounded_memory() {
    let piece = vec![b'x'; 64 * 1024];
    let mut stream = WireStream::new(WireFormat::OpenAiChat);
    stream.bytes(b"data: {\"choices\": [{\"delta\": {\"content\": \"");
    for _ in 0..256 {
        stream.bytes(&piece);
    }
    stream.bytes(b"\"}}], \"usage\": {\"prompt_tokens\": 3, \"completion_tokens\": 2}}\n\n");
    assert_eq!(stream.facts().usage, Some(Usage::new(3, 2)));
    assert!(format!("{stream:?}").len() < 100_000);

    // A line that is no JSON and never ends.
    for start in ["data: ", "data: {", "", ": "] {
        let mut stream = read(
            WireFormat::OpenAiChat,
            [b"data: {\"usage\": {\"prompt_tokens\": 3, \"completion_tokens\": 2}}\n\n".as_slice()],
        );
        stream.bytes(start.as_bytes());
        for _ in 0..20 {
            stream.bytes(&piece);
        }
        assert!(format!("{stream:?}").len() < 8_000_000, "1 MiB, each byte written as a number");
        assert_eq!(stream.facts().usage, Some(Usage::new(3, 2)));
        stream.bytes(b"\n\n");
        assert_eq!(stream.unreadable_events(), u64::from(start.starts_with('d')), "{start}");
    }
}

#[test]
fn an_unreadable_event_is_counted_and_the_others_are_read() {
    let usage = "data: {\"usage\": {\"prompt_tokens\": 3, \"completion_tokens\": 2}}\n\n";
    for broken in ["data: {\"a\": \n\n", "data: {\"a\": tru}\n\n"] {
        let stream = read(WireFormat::OpenAiChat, [broken.as_bytes(), usage.as_bytes()]);
        assert_eq!(stream.unreadable_events(), 1, "{broken}");
        let found = stream.facts().usage.expect("a usage");
        assert!(found == Usage::new(3, 2) && !found.is_sound());
    }
    let invalid = b"data: {\"choices\": [{\"delta\": {\"content\": \"\xff\xc3\"}}]}\n\n";
    let stream = read(WireFormat::OpenAiChat, [invalid.as_slice(), usage.as_bytes()]);
    assert_eq!(
        (stream.unreadable_events(), stream.facts().usage),
        (0, Some(Usage::new(3, 2))),
        "invalid UTF-8"
    );
    for noise in
        [&b"\x00\x00\x00"[..], b"\xff\xfe", b"\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", b"}]"]
    {
        let stream = read(WireFormat::OpenAiChat, [noise, usage.as_bytes()]);
        assert!(stream.unreadable_events() <= 1);
    }
}

/// Encodes a message of Amazon's event stream, whose checksums nothing reads.
fn message(headers: &[(&str, &str)], payload: &str) -> Vec<u8> {
    let mut encoded = Vec::new();
    for (name, value) in headers {
        encoded.push(name.len() as u8);
        encoded.extend(name.as_bytes());
        encoded.push(7);
        encoded.extend((value.len() as u16).to_be_bytes());
        encoded.extend(value.as_bytes());
    }
    let length = 16 + encoded.len() + payload.len();
    let lengths = [(length as u32).to_be_bytes(), (encoded.len() as u32).to_be_bytes(), [0; 4]];
    [lengths.concat(), encoded, payload.as_bytes().to_vec(), vec![0; 4]].concat()
}

#[test]
fn bedrocks_binary_framing_is_read() {
    let event =
        |kind: &str, payload: &str| message(&[(":message-type", "event"), (":event-type", kind)], payload);
    let text =
        load_goldens().into_iter().find(|golden| golden.path == "bedrock_converse/stream.jsonl").unwrap();
    let mut bytes = Vec::new();
    for line in text.text.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let (kind, payload) = line.as_object().and_then(|fields| fields.iter().next()).expect("one field");
        bytes.extend(event(kind, &payload.to_string()));
    }
    for size in [1, 7, bytes.len()] {
        assert_eq!(read(text.format, bytes.chunks(size)).facts(), text.facts());
    }
    bytes.extend(message(
        &[(":message-type", "exception"), (":exception-type", "throttlingException")],
        "{\"message\": \"..\"}",
    ));
    let status = read(text.format, [&bytes[..]]).facts().status;
    assert_eq!(status, crate::Status::RateLimited);

    // The payload of `InvokeModelWithResponseStream`: {"usage":{"input_tokens":3,"output_tokens":2}}
    let chunk =
        json!({"bytes": "eyJ1c2FnZSI6eyJpbnB1dF90b2tlbnMiOjMsIm91dHB1dF90b2tlbnMiOjJ9fQ==", "p": "ab"});
    let stream = read(WireFormat::Anthropic, [&event("chunk", &chunk.to_string())[..]]);
    assert_eq!(stream.facts(), Facts { usage: Some(Usage::new(3, 2)), ..Facts::default() });
}
