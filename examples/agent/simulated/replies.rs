//! The replies of the simulated model: the tool for the last message, and the answer from the tools' results.

use serde_json::{Value, json};

use super::{
    service::{Asked, Said},
    tokens::characters,
};

/// Passages that an answer quotes.
const QUOTED: usize = 3;
/// The text with which the agent reports an unknown tool to the model.
const NO_SUCH_TOOL: &str = "there is no tool";

#[derive(Debug, PartialEq)]
pub(super) enum Reply {
    Call {
        name: String,
        args: Value,
    },
    Text(String),
    /// The service keeps the answer to itself.
    Withheld,
}

impl Reply {
    fn call(name: &str, args: Value) -> Self {
        Self::Call { name: name.to_owned(), args }
    }

    /// Characters that the model wrote.
    pub(super) fn characters(&self) -> u64 {
        match self {
            Self::Call { name, args } => name.len() as u64 + characters(args),
            Self::Text(text) => text.chars().count() as u64,
            Self::Withheld => 0,
        }
    }
}

/// The reply to the last turn of a request.
pub(super) fn reply(asked: &Asked) -> Reply {
    let last = asked.turns.last().map(|turn| &turn.said);
    if let Some(Said::Results(results)) = last
        && !results.iter().all(was_made_up)
    {
        return Reply::Text(results.iter().map(describe).collect::<Vec<_>>().join("\n"));
    }
    let texts = asked.turns.iter().rev().filter_map(|turn| match &turn.said {
        Said::Text(text) => Some(text.as_str()),
        Said::Results(_) | Said::Model => None,
    });
    let text = texts.into_iter().next().unwrap_or_default();
    let earlier: Vec<&Value> = asked
        .turns
        .iter()
        .filter_map(|turn| match &turn.said {
            Said::Results(results) => Some(results.iter().filter(|result| !was_made_up(result))),
            Said::Text(_) | Said::Model => None,
        })
        .flatten()
        .collect();
    choose_tool(asked, text, &earlier).unwrap_or_else(|| Reply::Text(conclude(text, &earlier)))
}

/// The declared tool that fits the text: numbers are calculated, files summarized, everything else looked up.
fn choose_tool(asked: &Asked, text: &str, earlier: &[&Value]) -> Option<Reply> {
    let declared = |name: &str| asked.tools.iter().any(|tool| tool == name);
    let subject = text.split_once(": ").map_or(text, |(_, subject)| subject);
    if declared("calculator")
        && let Some(expression) = arithmetic(subject)
    {
        return Some(Reply::call("calculator", json!({ "expression": expression })));
    }
    if declared("summarize_file")
        && let Some(file) = file_name(subject).or_else(|| best_file(earlier))
    {
        return Some(Reply::call("summarize_file", json!({ "file": file })));
    }
    declared("search_docs").then(|| Reply::call("search_docs", json!({ "query": subject })))
}

/// Returns `true` if the tool of a call doesn't exist.
fn was_made_up(response: &Value) -> bool {
    response["error"].as_str().is_some_and(|error| error.starts_with(NO_SUCH_TOOL))
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
    use super::{super::service::Turn, *};

    fn text(text: &str) -> Said {
        Said::Text(text.to_owned())
    }

    fn asked(turns: impl IntoIterator<Item = Said>, tools: &[&str]) -> Asked {
        Asked {
            tools: tools.iter().map(|tool| (*tool).to_owned()).collect(),
            turns: turns.into_iter().map(|said| Turn { said, characters: 0 }).collect(),
            ..Asked::default()
        }
    }

    const ALL: &[&str] = &["search_docs", "calculator", "summarize_file"];

    #[track_caller]
    fn check_call(said: &str, tools: &[&str], name: &str, args: &Value) {
        assert_eq!(reply(&asked([text(said)], tools)), Reply::call(name, args.clone()));
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
        assert!(matches!(reply(&asked([text("hello")], &[])), Reply::Text(_)));
        assert!(matches!(reply(&Asked::default()), Reply::Text(_)));
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
        let found = || Said::Results(vec![json!({"result": {"hits": [hit]}})]);
        let said = |turns: Vec<Said>| reply(&asked(turns, &[]));
        let summary = "1 passages fit; the best is \"Sort\" in a.md.";
        assert_eq!(said(vec![text("Look up: sort"), Said::Model, found()]), Reply::Text(summary.to_owned()));
        assert_eq!(said(vec![found(), text("Answer now.")]), Reply::Text("It sorts. (a.md)".to_owned()));
        assert_eq!(
            said(vec![found(), text("Write the code now.")]),
            Reply::Text("```rust\nfn sort() {}\n```\nIt sorts. (a.md)".to_owned())
        );
    }

    #[test]
    fn after_an_unknown_tool_the_model_requests_another() {
        let failed = Said::Results(vec![json!({"error": "there is no tool `web_search`"})]);
        let turns = [text("Look up: what is axum?"), Said::Model, failed];
        assert_eq!(reply(&asked(turns, ALL)), Reply::call("search_docs", json!({"query": "what is axum?"})));
    }
}
