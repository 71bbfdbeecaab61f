//! What the simulated model says: which tool fits the last message, and what an answer from the tools' results is.

use serde_json::{Value, json};

/// Passages that an answer quotes.
const QUOTED: usize = 3;

#[derive(Debug, PartialEq)]
pub(super) enum Reply {
    Call { name: &'static str, args: Value },
    Text(String),
}

/// The reply to the last turn of a `generateContent` request.
pub(super) fn reply(request: &Value) -> Reply {
    let turns = request["contents"].as_array().map_or(&[][..], Vec::as_slice);
    let last = turns.last().map_or(&Value::Null, |turn| &turn["parts"]);
    let results: Vec<&Value> = responses(last).collect();
    if !results.is_empty() {
        return Reply::Text(results.into_iter().map(describe).collect::<Vec<_>>().join("\n"));
    }
    let text = text_of(last);
    let earlier: Vec<&Value> = turns.iter().flat_map(|turn| responses(&turn["parts"])).collect();
    choose_tool(request, &text, &earlier).unwrap_or_else(|| Reply::Text(conclude(&text, &earlier)))
}

/// The declared tool that fits the text: numbers are calculated, files summarized, everything else looked up.
fn choose_tool(request: &Value, text: &str, earlier: &[&Value]) -> Option<Reply> {
    let declared = |name: &str| {
        let tools = request["tools"].as_array().into_iter().flatten();
        let mut functions = tools.filter_map(|tool| tool["functionDeclarations"].as_array()).flatten();
        functions.any(|function| function["name"] == name)
    };
    let subject = text.split_once(": ").map_or(text, |(_, subject)| subject);
    if declared("calculator")
        && let Some(expression) = arithmetic(subject)
    {
        return Some(Reply::Call { name: "calculator", args: json!({ "expression": expression }) });
    }
    if declared("summarize_file")
        && let Some(file) = file_name(subject).or_else(|| best_file(earlier))
    {
        return Some(Reply::Call { name: "summarize_file", args: json!({ "file": file }) });
    }
    declared("search_docs").then(|| Reply::Call { name: "search_docs", args: json!({ "query": subject }) })
}

/// One line on what a tool gave back.
fn describe(response: &Value) -> String {
    if let Some(error) = response["error"].as_str() {
        return format!("The tool reports an error: {error}.");
    }
    let result = &response["result"];
    if let Some(hits) = result["hits"].as_array() {
        return match hits.first() {
            Some(hit) => format!(
                "{} passages fit; the best is \"{}\" in {}.",
                hits.len(),
                hit["heading"].as_str().unwrap_or_default(),
                hit["file"].as_str().unwrap_or_default()
            ),
            None => "The documents say nothing about it.".to_owned(),
        };
    }
    if let Some(file) = result["file"].as_str() {
        return format!(
            "{file} has {} words under {} headings.",
            result["words"],
            count(&result["headings"])
        );
    }
    match result.get("expression").and_then(Value::as_str) {
        Some(expression) => format!("{expression} = {}", result["value"]),
        None => format!("The tool gave {result}."),
    }
}

/// The answer from everything that the tools have found.
fn conclude(text: &str, earlier: &[&Value]) -> String {
    let wants_code = text.contains("code");
    let mut lines = Vec::new();
    for response in earlier {
        let hits = response["result"]["hits"].as_array().map_or(&[][..], Vec::as_slice);
        if wants_code && let Some((hit, code)) = hits.iter().find_map(|hit| Some((hit, code_block(hit)?))) {
            lines.push(format!("{code}\n{} ({})", first_sentence(hit), source(hit)));
        } else {
            lines.extend(
                hits.iter().take(QUOTED).map(|hit| format!("{} ({})", first_sentence(hit), source(hit))),
            );
        }
        if hits.is_empty() {
            lines.push(describe(response));
        }
        let key_sentences = response["result"]["keySentences"].as_array().into_iter().flatten();
        lines.extend(key_sentences.filter_map(Value::as_str).map(str::to_owned));
    }
    let mut seen = std::collections::HashSet::new();
    lines.retain(|line| seen.insert(line.clone()));
    if lines.is_empty() { "I have nothing to go by: no tool was run.".to_owned() } else { lines.join("\n") }
}

fn responses(parts: &Value) -> impl Iterator<Item = &Value> {
    let parts = parts.as_array().into_iter().flatten();
    parts.filter_map(|part| part.get("functionResponse")).map(|response| &response["response"])
}

fn text_of(parts: &Value) -> String {
    parts
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|part| part["text"].as_str())
        .collect::<Vec<_>>()
        .join(" ")
}

fn count(list: &Value) -> usize {
    list.as_array().map_or(0, Vec::len)
}

fn source(hit: &Value) -> &str {
    hit["file"].as_str().unwrap_or("unknown source")
}

fn first_sentence(hit: &Value) -> String {
    let excerpt = hit["excerpt"].as_str().unwrap_or_default();
    let prose = excerpt.split("```").next().unwrap_or_default().replace('\n', " ");
    let sentence = prose.find(". ").map_or(prose.as_str(), |end| &prose[..=end]);
    sentence.trim().to_owned()
}

/// The first code block of a hit, with its fences.
fn code_block(hit: &Value) -> Option<&str> {
    let excerpt = hit["excerpt"].as_str()?;
    let start = excerpt.find("```")?;
    let end = start + 3 + excerpt[start + 3..].find("```")? + 3;
    Some(&excerpt[start..end])
}

/// The longest run that reads as arithmetic: two numbers and an operator at least.
fn arithmetic(text: &str) -> Option<String> {
    let runs = text.split(|c: char| !(c.is_ascii_digit() || c.is_whitespace() || ".+-*/%^()".contains(c)));
    let runs = runs.map(|run| run.trim().trim_end_matches('.').trim_end());
    let is_arithmetic = |run: &&str| {
        let numbers =
            run.split(|c: char| !(c.is_ascii_digit() || c == '.')).filter(|number| !number.is_empty());
        numbers.count() >= 2 && run.contains(['+', '-', '*', '/', '%', '^'])
    };
    runs.filter(is_arithmetic).max_by_key(|run| run.len()).map(str::to_owned)
}

fn file_name(text: &str) -> Option<String> {
    let words = text.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
    let has_extension =
        |word: &&str| word.rsplit_once('.').is_some_and(|(_, end)| matches!(end, "md" | "txt"));
    words.into_iter().find(has_extension).map(str::to_owned)
}

fn best_file(earlier: &[&Value]) -> Option<String> {
    earlier
        .iter()
        .rev()
        .find_map(|response| response["result"]["hits"][0]["file"].as_str())
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(text: &str, tools: &[&str]) -> Value {
        let functions: Vec<Value> = tools.iter().map(|name| json!({ "name": name })).collect();
        json!({
            "contents": [{"role": "user", "parts": [{"text": text}]}],
            "tools": [{"functionDeclarations": functions}],
        })
    }

    const ALL: &[&str] = &["search_docs", "calculator", "summarize_file"];

    #[track_caller]
    fn check_call(text: &str, tools: &[&str], name: &str, args: &Value) {
        let Reply::Call { name: called, args: with } = reply(&request(text, tools)) else {
            panic!("no call")
        };
        assert_eq!((called, &with), (name, args));
    }

    #[test]
    fn the_tool_fits_the_text_and_is_one_of_those_declared() {
        check_call(
            "Look up: what is 12 * (3 + 4)?",
            ALL,
            "calculator",
            &json!({"expression": "12 * (3 + 4)"}),
        );
        check_call("Look up: summarize \"python.md\".", ALL, "summarize_file", &json!({"file": "python.md"}));
        check_call("Look up: what is axum?", ALL, "search_docs", &json!({"query": "what is axum?"}));
        check_call("Look up: 1 + 1", &["search_docs"], "search_docs", &json!({"query": "1 + 1"}));
    }

    #[test]
    fn without_tools_there_is_an_answer() {
        assert!(matches!(reply(&request("hello", &[])), Reply::Text(_)));
        assert!(matches!(reply(&json!({})), Reply::Text(_)));
    }

    #[test]
    fn a_single_number_is_no_arithmetic() {
        assert_eq!(arithmetic("Python 3 - an overview"), None);
        assert_eq!(arithmetic("well-known"), None);
        assert_eq!(arithmetic("it is 2 ^ 10."), Some("2 ^ 10".to_owned()));
    }

    #[test]
    fn answers_quote_the_results() {
        let hit = json!({"file": "a.md", "heading": "Sort", "excerpt": "It sorts. Well.\n```rust\nfn sort() {}\n```"});
        let response =
            json!({"functionResponse": {"name": "search_docs", "response": {"result": {"hits": [hit]}}}});
        let found = json!({"contents": [{"role": "user", "parts": [response]}]});
        assert_eq!(reply(&found), Reply::Text("1 passages fit; the best is \"Sort\" in a.md.".to_owned()));

        let ask = |text: &str| json!({"contents": [{"parts": [response]}, {"role": "user", "parts": [{"text": text}]}]});
        assert_eq!(reply(&ask("Answer now.")), Reply::Text("It sorts. (a.md)".to_owned()));
        assert_eq!(
            reply(&ask("Write the code now.")),
            Reply::Text("```rust\nfn sort() {}\n```\nIt sorts. (a.md)".to_owned())
        );
    }
}
