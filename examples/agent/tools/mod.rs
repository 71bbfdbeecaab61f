//! The tools of the agent: search the documents, calculate, summarize a file.
//!
//! A tool takes the arguments as the model sent them, so that wrong arguments count as an error of the tool.

pub(crate) mod calculator;
pub(crate) mod library;
mod search;
mod summary;
mod text;

use std::sync::Arc;

use agent_metrics::{Classify, track_tool};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::model::{Declaration, ToolCall};
use calculator::CalculationError;
use library::Library;

const SEARCH_DOCS: &str = "search_docs";
const CALCULATOR: &str = "calculator";
const SUMMARIZE_FILE: &str = "summarize_file";
/// Hits that one search gives back.
const HITS: usize = 3;

#[derive(Debug, thiserror::Error, Classify)]
#[classify(error)]
pub(crate) enum ToolError {
    #[error("there is no tool `{0}`")]
    UnknownTool(String),
    #[error("invalid arguments: {0}")]
    BadArguments(#[from] serde_json::Error),
    #[error("there is no file `{name}`, only {}", known.join(", "))]
    UnknownFile { name: String, known: Vec<String> },
    #[error(transparent)]
    Calculation(#[from] CalculationError),
    #[error("the summary was interrupted")]
    Interrupted,
}

/// The tools a step may offer to the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ToolName {
    SearchDocs,
    Calculator,
    SummarizeFile,
}

impl ToolName {
    /// The names of the existing tools; a name that a model invented is unknown.
    pub(crate) const ALL: [&str; 3] = [SEARCH_DOCS, CALCULATOR, SUMMARIZE_FILE];

    /// Returns the declaration of the tool for the model.
    pub(crate) fn declaration(self) -> Declaration {
        let (name, description, argument, meaning) = match self {
            Self::SearchDocs => (
                SEARCH_DOCS,
                "Finds the sections of the documents that match a query best.",
                "query",
                "A few words to look for",
            ),
            Self::Calculator => (
                CALCULATOR,
                "Computes an arithmetic expression with + - * / % ^ and parentheses.",
                "expression",
                "For example (1 + 2) * 3",
            ),
            Self::SummarizeFile => (
                SUMMARIZE_FILE,
                "Gives the headings, the size and the key sentences of one document.",
                "file",
                "The file's name, as a search shows it",
            ),
        };
        Declaration { name, description, argument, meaning }
    }
}

#[derive(Deserialize)]
struct SearchArguments {
    query: String,
}

#[derive(Deserialize)]
struct CalculatorArguments {
    expression: String,
}

#[derive(Deserialize)]
struct SummaryArguments {
    file: String,
}

fn arguments<T: DeserializeOwned>(args: &Value) -> Result<T, serde_json::Error> {
    T::deserialize(args)
}

#[derive(Debug, Clone)]
pub(crate) struct Toolbox {
    library: Arc<Library>,
}

impl Toolbox {
    pub(crate) fn new(library: Library) -> Self {
        Self { library: Arc::new(library) }
    }

    /// Runs the tool that the model asked for.
    ///
    /// # Errors
    /// Returns an error when the tool doesn't exist, its arguments are invalid, or it fails; the model gets the text and may retry.
    pub(crate) async fn run(&self, call: &ToolCall) -> Result<Value, ToolError> {
        match call.name.as_str() {
            SEARCH_DOCS => self.search_docs(&call.args),
            CALCULATOR => calculator(&call.args),
            SUMMARIZE_FILE => self.summarize_file(&call.args).await,
            unknown => Self::made_up(unknown),
        }
    }

    /// Recorded under the name that the model gave. Since the tools that there are have been registered, all these
    /// names are one, `__unknown__`: a model can make up more than a label should have values.
    #[track_tool(tool_name = name)]
    fn made_up(name: &str) -> Result<Value, ToolError> {
        Err(ToolError::UnknownTool(name.to_owned()))
    }

    #[track_tool]
    fn search_docs(&self, args: &Value) -> Result<Value, ToolError> {
        let SearchArguments { query } = arguments(args)?;
        Ok(json!({ "hits": self.library.index().search(&query, HITS) }))
    }

    /// Reading a large file would hold up the other tasks of the thread, so a thread for blocking work does it.
    #[track_tool]
    async fn summarize_file(&self, args: &Value) -> Result<Value, ToolError> {
        let SummaryArguments { file } = arguments(args)?;
        let library = Arc::clone(&self.library);
        let work = move || match library.document(&file) {
            Some(document) => Ok(json!(summary::summarize(document))),
            None => Err(ToolError::UnknownFile {
                name: file,
                known: library.names().map(str::to_owned).collect(),
            }),
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| ToolError::Interrupted)?
    }
}

#[track_tool]
fn calculator(args: &Value) -> Result<Value, ToolError> {
    let CalculatorArguments { expression } = arguments(args)?;
    let value = calculator::calculate(&expression)?;
    Ok(json!({ "expression": expression, "value": number(value) }))
}

/// A whole number without a fraction of 0, as people write it.
fn number(value: f64) -> Value {
    /// The largest whole number up to which `f64` is exact.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "it's a whole number within the range")]
        return json!(value as i64);
    }
    json!(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn run(name: &str, args: Value) -> Result<Value, ToolError> {
        let call = ToolCall { id: None, name: name.to_owned(), args };
        Toolbox::new(Library::built_in()).run(&call).await
    }

    #[tokio::test]
    async fn each_declared_tool_runs_with_the_argument_it_declares() {
        let cases = [
            (ToolName::SearchDocs, "sort a list", "/hits/0/heading", json!("Sort a list")),
            (ToolName::Calculator, "6 * 7", "/value", json!(42)),
            (ToolName::SummarizeFile, "python.md", "/headings/0", json!("Python")),
        ];
        for (tool, argument, pointer, wanted) in cases {
            let declaration = tool.declaration();
            let result = run(declaration.name, json!({ declaration.argument: argument })).await.unwrap();
            assert_eq!(result.pointer(pointer), Some(&wanted), "{result}");
        }
    }

    #[tokio::test]
    async fn errors_say_what_is_wrong() {
        let message = async |name, args| run(name, args).await.unwrap_err().to_string();
        assert_eq!(message("fly", json!({})).await, "there is no tool `fly`");
        assert_eq!(message(SEARCH_DOCS, json!({})).await, "invalid arguments: missing field `query`");
        assert_eq!(
            message(CALCULATOR, json!({"expression": "1 / 0"})).await,
            "division by zero at position 3"
        );
        assert!(
            message(SUMMARIZE_FILE, json!({"file": "x.md"})).await.contains("no file `x.md`, only agents.md")
        );
    }
}
