//! Attributes and derives of the `agent-metrics` crate.
//!
//! Use them through `agent_metrics`, which re-exports all of them: the generated code calls that crate.
//! Each macro works in three steps: it parses the input and keeps every span, validates the input and reports all
//! mistakes at once, and expands to tokens. Expansion never fails.

use proc_macro::TokenStream;

mod args;
mod call_labels;
mod classify;
mod container;
mod diagnostics;
mod label_set;
mod label_value;
mod metrics;
#[cfg(feature = "promql")]
mod promql;
mod slot;
mod text;
mod track;

/// Measures a task of an agent: its calls by status, their duration, and the calls in flight.
///
/// The attribute goes on a function or on an impl block.
///
/// # Example
/// ```
/// use agent_metrics::{Classify, LabelValue, TimedOut, track_task};
///
/// #[derive(Clone, Copy, LabelValue)]
/// enum TaskType {
///     Search,
///     Summary,
/// }
///
/// #[derive(Debug, Classify)]
/// enum AgentError {
///     #[classify(timeout)]
///     Deadline,
/// }
///
/// impl From<TimedOut> for AgentError {
///     fn from(_: TimedOut) -> Self {
///         Self::Deadline
///     }
/// }
///
/// #[track_task(task_type = TaskType::Search, timeout = "30s", slo(availability = 99.9, latency = "5s"))]
/// async fn answer(question: &str) -> Result<String, AgentError> {
///     Ok(format!("42 is the answer to {question}"))
/// }
///
/// // Without keys, the label is the name of the function, `count_words`.
/// #[track_task]
/// fn count_words(text: &str) -> usize {
///     text.split_whitespace().count()
/// }
/// ```
///
/// # Keys
/// | key | value | default |
/// |---|---|---|
/// | `task_type` | the label of the task: a string literal, or an expression whose type is a label (a closed enum, a bounded label, text) | the name of the function |
/// | `metrics` | an expression of type `AgentMetrics`: the instance that records the calls | the global instance |
/// | `status` | a closure `\|result\| Status` that returns the status of the call | the status is derived from the type of the result |
/// | `timeout` | a duration such as `"250ms"`, `"30s"`, `"5m"` or `"1h"`, or an expression of type `Duration` such as `self.timeout`, after which the call is dropped and returns an error made by `From<TimedOut>`; async functions only, needs the feature `tokio` | no timeout |
/// | `stream` | no value, or `boxed` where the type that the function returns is an alias of a boxed stream: the call lasts until the stream ends, and the keys that read a result read its items; needs the feature `stream` | the call ends when the function returns, or when its future is ready |
/// | `slo` | the objectives of the task, `slo(availability = 99.9, latency = "5s", percentile = 95)`: `availability` and `percentile` in percent, above 0 and below 100; one of `availability` and `latency` may be omitted, `percentile` is 95 by default | no objectives |
/// | `budget` | an expression of type `Budget`, which the task and all calls inside it spend from; once the budget is spent, the task does not start and returns an error made by `From<BudgetSpent>` | no budget |
/// | `dimensions` | `dimensions(tier)` or `dimensions(tier, region)`: values of the closed enums that the instance has as its dimensions | the dimensions of the enclosing task |
/// | `docs` | `true` or `false`: appends a section to the function's documentation that lists its metric families and has one query each for rate, errors and latency | `true` if the environment variable `AGENT_METRICS_DOCS` is `1` or `true` when the function is compiled; a change of the variable alone does not make cargo compile the function again |
/// | `crate` | the path of the runtime crate | `::agent_metrics` |
///
/// # Output
/// The function with its name, arguments and result. An `async fn` becomes a `fn` that returns `impl Future`, which keeps
/// the future from growing. The labels and `metrics` are evaluated when the function is called; the clock starts at the
/// first poll. A `fn` that returns `impl Future`, or a boxed future with `Box::pin(..)` as its last expression, is
/// measured until the future ends. Other attributes on the function are applied first, wherever they are written.
///
/// With `stream`, a function that returns `impl Stream`, a boxed stream, a `Result` of one of them, or a future of these
/// is measured until the stream ends. A function whose signature shows a stream needs the key, or the key `status`. Code
/// that runs inside the stream belongs to the call. An item that is an error sets the status of the call. A stream that
/// is dropped before its end without such an item ends the call as `cancelled`.
///
/// # Impl blocks
/// On an impl block, the attribute applies to every method, and each method has its own name as its label. In the impl
/// of a trait, the label is the name of the type in `snake_case` (`WebSearch` becomes `web_search`), so exactly one method
/// may use it: that is `call` if there is such a method. Exclude others by `#[track(skip)]` or set their labels by
/// `#[track(key = value)]`. If a trait has async methods, its synchronous ones, such as `description`, are left unchanged
/// unless they have `#[track]`.
///
/// | attribute on a function of the block | effect |
/// |---|---|
/// | `#[track(skip)]` | leaves the function unchanged |
/// | `#[track(key = value, ..)]` | sets keys for this function; they override the keys of the block |
/// | `#[track]` | measures a function that does not take `self`; keys have this effect too |
/// | `#[cfg_attr(condition, track(..))]` | has one of these effects under the condition |
/// | another attribute of this crate, such as `#[track_llm(..)]` or `#[track(Labels, ..)]` | measures the function by that attribute alone |
///
/// Functions without `self`, such as constructors, are left unchanged, and so are constants, types and macro calls.
/// A block has at most one of these attributes. A method that is a `const fn` needs `#[track(skip)]`. A string literal as
/// the label of several methods is an error: write it on each method.
///
/// ```
/// use agent_metrics::{AgentMetrics, track_task};
///
/// struct Agent {
///     metrics: AgentMetrics,
///     name: String,
/// }
///
/// #[track_task(metrics = self.metrics)]
/// impl Agent {
///     // No `self`: unchanged.
///     fn new(metrics: AgentMetrics) -> Self {
///         Self { metrics, name: "support".to_owned() }
///     }
///
///     // Measured as `answer`.
///     async fn answer(&self) -> Result<String, String> {
///         Ok("yes".to_owned())
///     }
///
///     // Measured as `search`.
///     #[track(task_type = "search")]
///     async fn find(&self) -> Result<String, String> {
///         Err("not found".to_owned())
///     }
///
///     #[track(skip)]
///     fn name(&self) -> &str {
///         &self.name
///     }
/// }
/// ```
///
/// # Status
/// The status is read from the error of a `Result`, or from a value that says how the call ended, such as an HTTP response or
/// a status code. `-> impl IntoResponse` is read if the body returns such a value: a response, a status code, or a tuple that
/// begins with a status code. Any other response, such as one from a type with its own `IntoResponse`, counts as a success;
/// write `status = |response| ..` there, or return `Response`.
///
/// # Limits
/// - A `const fn`, a trait method without a body, and a boxed future that is created elsewhere are compile errors.
/// - An argument that is a pattern has no name outside the body, so a key cannot use it.
/// - A key is evaluated before the body starts and cannot `.await`. Its closure is a `move` closure: it has arguments that are
///   `Copy`, such as numbers and references. The body takes the others; a block around the closure copies what it needs, as
///   `cost = { let price = self.price; move |_| price }` does.
/// - The arguments of a future that was never polled are dropped in the same order as at the end of the future.
/// - A returned closure that takes references needs explicit types: `move |text: &str| ..` for `impl Fn(&str)`.
/// - The body runs inside a closure or an async block, which hides it from parts of the compiler. `#[track_caller]` does
///   not reach the body. These lints do not fire: `unconditional_recursion`; clippy's lints about `async fn`;
///   `unused_must_use` for the output of a `#[must_use] async fn`; `unused_variables` for an argument of an async
///   function that the body names but does not read (binding it again would make the future larger); and
///   `unused_assignments` in a function with `mut self`. `#[expect(..)]` on the function or on an argument is an `#[allow(..)]`, so
///   an expectation is never reported as unfulfilled.
/// - In a synchronous function, or after an unused argument, an argument that does not live long enough is reported
///   at its declaration or at the brace of the body. A future whose type contains itself is reported at the last
///   expression of the body.
/// - A future implements `Future` only: `-> impl Future<..> + Clone` does not compile. What a `fn` creates before it returns
///   a future is dropped as soon as the future is ready. A type that hides a future (`JoinHandle`, an alias), alone or
///   in a `Result`, is a compile error, and so is a boxed future that an early `return` returns. An early `return` inside a
///   macro is not detected, and its future is not measured.
/// - Labels, instances and closures in keys are code of the caller. A panic in a closure is caught, counted and reported to
///   the fault hook; a panic in the expression of a label or an instance reaches the caller.
/// - A tracked function must not run inside a global allocator: its first call allocates, and waits for itself there.
/// - A label that is an associated constant of a type parameter of the enclosing impl, such as `Kind::NAME` in
///   `impl<Kind: ..>`, does not compile unless the parameter's name is a single letter.
#[proc_macro_attribute]
pub fn track_task(args: TokenStream, item: TokenStream) -> TokenStream {
    track::attribute::<track::task::Task>(&args.into(), &item.into()).into()
}

/// Measures a tool that an agent calls: its calls by status, their duration, and the calls in flight.
///
/// # Example
/// ```
/// use agent_metrics::track_tool;
///
/// #[derive(Debug)]
/// struct Hit {
///     url: String,
/// }
///
/// #[track_tool]
/// async fn web_search(query: &str) -> Result<Vec<Hit>, String> {
///     Ok(vec![Hit { url: format!("https://example.com/?q={query}") }])
/// }
///
/// // Each search costs 0.1 US cents per result.
/// #[track_tool(tool_name = "paid_search", cost = |hits: &Vec<Hit>| hits.len() as f64 * 0.001)]
/// async fn search_paid(query: &str) -> Result<Vec<Hit>, String> {
///     web_search(query).await
/// }
/// ```
///
/// # Keys
/// | key | value | default |
/// |---|---|---|
/// | `tool_name` | the label of the tool: a string literal, or an expression whose type is a label | the name of the function |
/// | `cost` | a closure `\|value\| usd` that returns the cost of one call in USD, as an `f64` or an `Option<f64>`; it receives the result of the function, or the `Ok` value of a `Result` | no cost |
/// | `budget` | no value: once a budget of an enclosing task is spent, the call does not start and returns an error made by `From<BudgetSpent>` | budgets are not checked |
///
/// The keys `metrics`, `status`, `timeout`, `stream`, `slo`, `dimensions`, `docs` and `crate` are those of
/// [`macro@track_task`].
///
/// # Output
/// The measured function, as described for [`macro@track_task`]; its limits apply too.
///
/// # Impl blocks
/// As described for [`macro@track_task`]. In the impl of a trait, the label is the constant `NAME` of the impl, if it has one
/// of type `&str` as rig's tools do, and otherwise the name of the type:
///
/// ```
/// use agent_metrics::track_tool;
///
/// trait Tool {
///     async fn call(&self, query: &str) -> Result<String, String>;
///     fn description(&self) -> String;
/// }
///
/// struct WebSearch;
///
/// #[track_tool]
/// impl Tool for WebSearch {
///     // Measured as `web_search`.
///     async fn call(&self, query: &str) -> Result<String, String> {
///         Ok(query.to_uppercase())
///     }
///
///     // Synchronous: unchanged.
///     fn description(&self) -> String {
///         "Searches the web".to_owned()
///     }
/// }
/// ```
#[proc_macro_attribute]
pub fn track_tool(args: TokenStream, item: TokenStream) -> TokenStream {
    track::attribute::<track::tool::Tool>(&args.into(), &item.into()).into()
}

/// Measures a call of a language model: its calls by status, their duration, the tokens, and the cost.
///
/// # Example
/// ```
/// use agent_metrics::{Usage, track_llm};
///
/// struct Response {
///     text: String,
///     input_tokens: u64,
///     output_tokens: u64,
/// }
///
/// struct Client {
///     model: String,
/// }
///
/// impl Client {
///     #[track_llm(
///         model = self.model,
///         provider = "openai",
///         usage = |response: &Response| Usage::new(response.input_tokens, response.output_tokens),
///     )]
///     async fn generate(&self, prompt: &str) -> Result<Response, String> {
///         Ok(Response { text: prompt.to_uppercase(), input_tokens: 12, output_tokens: 34 })
///     }
/// }
/// ```
///
/// # Keys
/// | key | value | default |
/// |---|---|---|
/// | `model` | the requested model: a string literal or an expression, such as `self.model` | required |
/// | `usage` | a closure `\|response\| Usage`, or `in_body` if the body reports the usage through `Call::current()` | the `TokenUsage` implementation of the response |
/// | `provider` | the provider of the model, by its name in OpenTelemetry's semantic conventions: `openai`, `anthropic`, `gcp.gemini`, ..; a string literal, or an expression of text such as `T::NAME` | unknown |
/// | `operation` | the requested operation, by its name in OpenTelemetry's semantic conventions: `chat`, `embeddings`, ..; a string literal, or an expression of text | `chat` |
/// | `budget` | no value: once a budget of an enclosing task is spent, the call does not start and returns an error made by `From<BudgetSpent>` | budgets are not checked |
///
/// The keys `metrics`, `status`, `timeout`, `stream`, `slo`, `dimensions`, `docs` and `crate` are those of
/// [`macro@track_task`].
///
/// # Output
/// The measured function, as described for [`macro@track_task`]; its limits apply too.
///
/// # Calls inside calls
/// A call directly inside another one with the same `operation`, such as an instrumented client inside a wrapper, answers
/// with the same response, and is billed once: the usage and the cost of the inner call are recorded, and those of the
/// outer one are left out and counted in `agent_llm_usage_anomalies_total` with the kind `nested_call`. If the inner call
/// has neither, those of the outer one are recorded. Both are calls with a status and a duration; for the ledger of a
/// task they are one. A task, a tool or a step between the two makes them two requests, each with its own bill: put
/// `#[track_step]` on a function that sends a request of its own from inside a call.
///
/// # Impl blocks
/// As described for [`macro@track_task`]. `model` is set on the block, as in `model = self.model`, or on each method.
#[proc_macro_attribute]
pub fn track_llm(args: TokenStream, item: TokenStream) -> TokenStream {
    track::attribute::<track::llm::Llm>(&args.into(), &item.into()).into()
}

/// Counts a call as one step of its enclosing task.
///
/// # Example
/// ```
/// use agent_metrics::{track_step, track_task};
///
/// #[track_step]
/// async fn reason(thoughts: &mut Vec<String>) {
///     thoughts.push("next thought".to_owned());
/// }
///
/// #[track_task]
/// async fn answer() -> Result<usize, String> {
///     let mut thoughts = Vec::new();
///     reason(&mut thoughts).await;
///     reason(&mut thoughts).await;
///     Ok(thoughts.len())
/// }
/// ```
///
/// # Keys
/// `docs` and `crate`, as in [`macro@track_task`].
///
/// # Output
/// The measured function, as described for [`macro@track_task`]; its limits apply too.
///
/// # Impl blocks
/// As described for [`macro@track_task`].
#[proc_macro_attribute]
pub fn track_step(args: TokenStream, item: TokenStream) -> TokenStream {
    track::attribute::<track::step::Step>(&args.into(), &item.into()).into()
}

/// Measures a function in a user-defined call family, which is named by its struct of labels.
///
/// # Example
/// ```
/// use agent_metrics::{CallLabels, LabelValue, track};
///
/// #[derive(Clone, Copy, LabelValue)]
/// enum Index {
///     Docs,
///     Code,
/// }
///
/// /// Retrievals from an index.
/// #[derive(Clone, Copy, CallLabels)]
/// #[calls(name = "retrieval")]
/// struct Retrieval {
///     index: Index,
/// }
///
/// #[track(Retrieval, index = Index::Docs)]
/// async fn retrieve(query: &str) -> Result<Vec<String>, String> {
///     Ok(vec![query.to_owned()])
/// }
/// ```
///
/// # Arguments
/// The first argument is a struct with `derive(CallLabels)`. Each of its fields follows as `label = expression`. The
/// attribute builds a literal of that struct, so rustc reports an unknown, missing or repeated label where it was
/// written.
///
/// # Keys
/// `metrics`, `status`, `timeout`, `stream`, `slo`, `docs` and `crate`, as in [`macro@track_task`]. They are always read as
/// keys, never as labels.
///
/// # Output
/// The measured function, as described for [`macro@track_task`]; its limits apply too.
///
/// # Impl blocks
/// As described for [`macro@track_task`]; `#[track(index = Index::Code)]` on a method sets the label of that method.
///
/// ```
/// # use agent_metrics::{CallLabels, LabelValue, track};
/// # #[derive(Clone, Copy, LabelValue)]
/// # enum Index { Docs, Code }
/// # #[derive(Clone, Copy, CallLabels)]
/// # #[calls(name = "retrieval")]
/// # struct Retrieval { index: Index }
/// struct Retriever;
///
/// #[track(Retrieval, index = Index::Docs)]
/// impl Retriever {
///     async fn documents(&self) -> Vec<String> {
///         Vec::new()
///     }
///
///     #[track(index = Index::Code)]
///     async fn sources(&self) -> Vec<String> {
///         Vec::new()
///     }
/// }
/// ```
#[proc_macro_attribute]
pub fn track(args: TokenStream, item: TokenStream) -> TokenStream {
    track::attribute::<track::general::General>(&args.into(), &item.into()).into()
}

/// Implements `LabelValue` for an enum without fields: a closed label whose values are the variants.
///
/// # Example
/// ```
/// use agent_metrics::LabelValue;
///
/// #[derive(Clone, Copy, LabelValue)]
/// enum Index {
///     Docs,
///     #[label(name = "source-code")]
///     Code,
/// }
///
/// assert_eq!(Index::VALUES, ["docs", "source-code"]);
/// ```
///
/// # Variant keys, in `#[label(..)]`
/// | key | value | default |
/// |---|---|---|
/// | `name` | the label value of the variant | the variant's name in `snake_case` (`HTTPServer` becomes `http_server`) |
///
/// # Container keys, in `#[label(..)]`
/// | key | value | default |
/// |---|---|---|
/// | `crate` | the path of the runtime crate | `::agent_metrics` |
///
/// # Output
/// An implementation of `LabelValue`. The enum must be `Copy`, have at least one variant and no generics, and its label
/// values must differ.
#[proc_macro_derive(LabelValue, attributes(label))]
pub fn derive_label_value(input: TokenStream) -> TokenStream {
    label_value::derive(input.into()).into()
}

/// Implements `LabelSet` for a struct: its fields are the label names, and the types of the fields are the label values.
///
/// # Example
/// ```
/// use agent_metrics::{LabelSet, LabelValue};
///
/// #[derive(Clone, Copy, LabelValue)]
/// enum Index {
///     Docs,
///     Code,
/// }
///
/// #[derive(Clone, Copy, LabelSet)]
/// #[labels(budget = 4)]
/// struct IndexLabels {
///     index: Index,
///     #[labels(name = "cached")]
///     is_cached: bool,
/// }
///
/// assert_eq!(IndexLabels::NAMES, ["index", "cached"]);
/// ```
///
/// # Field keys, in `#[labels(..)]`
/// | key | value | default |
/// |---|---|---|
/// | `name` | the label name | the field's name |
///
/// # Container keys, in `#[labels(..)]`
/// | key | value | default |
/// |---|---|---|
/// | `budget` | the maximum number of series, an integer literal | the runtime's default |
/// | `crate` | the path of the runtime crate | `::agent_metrics` |
///
/// # Output
/// An implementation of `LabelSet`. The label names are checked at compile time. The number of series is checked at
/// compile time unless the struct is generic; for a generic struct it is checked at registration.
#[proc_macro_derive(LabelSet, attributes(labels))]
pub fn derive_label_set(input: TokenStream) -> TokenStream {
    label_set::derive(input.into()).into()
}

/// Turns a struct of labels into a call family, which [`macro@track`] records into.
///
/// # Example
/// ```
/// use agent_metrics::{CallLabels, LabelValue};
///
/// #[derive(Clone, Copy, LabelValue)]
/// enum Index {
///     Docs,
///     Code,
/// }
///
/// /// Retrievals from an index.
/// #[derive(Clone, Copy, CallLabels)]
/// #[calls(name = "retrieval", buckets = [0.01, 0.1, 1.0], in_flight)]
/// struct Retrieval {
///     index: Index,
/// }
/// ```
///
/// The families of this struct are `retrieval_calls_total`, `retrieval_call_duration_seconds` and
/// `retrieval_calls_in_progress`.
///
/// # Container keys, in `#[calls(..)]`
/// | key | value | default |
/// |---|---|---|
/// | `name` | the prefix of the families' names | required |
/// | `help` | the text of the families' `HELP` lines | the first paragraph of the struct's doc comment |
/// | `buckets` | the upper bucket bounds of the duration histogram, in seconds, such as `[0.01, 0.1]` | the runtime's default |
/// | `in_flight` | no value: exposes the number of calls in flight too | not exposed |
/// | `native` | no value: adds native buckets to the duration histogram | classic buckets only |
/// | `budget` | the maximum number of series, an integer literal | the runtime's default |
/// | `crate` | the path of the runtime crate | `::agent_metrics` |
///
/// # Field keys, in `#[calls(..)]`
/// | key | value | default |
/// |---|---|---|
/// | `name` | the label name | the field's name |
///
/// The label `status` is added by the runtime.
///
/// # Output
/// Implementations of `LabelSet` and `CallLabels`. Names, buckets and the number of series are checked at compile time. The
/// struct must not be generic.
#[proc_macro_derive(CallLabels, attributes(calls))]
pub fn derive_call_labels(input: TokenStream) -> TokenStream {
    call_labels::derive(input.into()).into()
}

/// Implements registration for a struct whose fields are metrics: either all of them are registered or none.
///
/// # Example
/// ```
/// use agent_metrics::{AgentMetrics, Counter, Histogram, Metrics};
///
/// #[derive(Metrics)]
/// #[metrics(namespace = "support")]
/// struct SupportMetrics {
///     /// Documents retrieved.
///     retrieved_documents_total: Counter,
///     /// Time between a question and its answer.
///     #[metric(unit = "seconds", buckets = [0.1, 1.0, 10.0])]
///     answer_seconds: Histogram,
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let metrics = AgentMetrics::builder().build()?;
/// let support = SupportMetrics::register(&metrics)?;
/// support.retrieved_documents_total.with(()).inc();
/// # Ok(())
/// # }
/// ```
///
/// The families of this struct are `support_retrieved_documents_total` and `support_answer_seconds`.
///
/// # Container keys, in `#[metrics(..)]`
/// | key | value | default |
/// |---|---|---|
/// | `namespace` | the prefix of every name, without the `_` that separates the two | no prefix |
/// | `crate` | the path of the runtime crate | `::agent_metrics` |
///
/// # Field keys, in `#[metric(..)]`
/// | key | value | default |
/// |---|---|---|
/// | `name` | the name after the namespace | the field's name |
/// | `help` | the text of the `HELP` line | the first paragraph of the field's doc comment |
/// | `buckets` | the upper bucket bounds of a histogram, such as `[0.1, 1.0]` | the runtime's default |
/// | `unit` | the unit, exposed in the formats that support units | no unit |
/// | `native` | no value: adds native buckets to a histogram | classic buckets only |
///
/// # Output
/// Two associated functions with the visibility of the struct:
/// - `register(&AgentMetrics) -> Result<Self, RegisterError>` registers the metrics in an instance.
/// - `global() -> &'static Self` returns the metrics of the global instance and registers them at its first call.
///
/// Names and buckets are checked at compile time. The struct must not be generic.
#[proc_macro_derive(Metrics, attributes(metrics, metric))]
pub fn derive_metrics(input: TokenStream) -> TokenStream {
    metrics::derive(input.into()).into()
}

/// Implements `Classify` for an error type: the status of a call that returns the error.
///
/// # Example
/// ```
/// use agent_metrics::{Classify, Status};
///
/// #[derive(Debug, Classify)]
/// enum HttpError {
///     #[classify(rate_limited)]
///     TooManyRequests,
///     NotFound,
/// }
///
/// #[derive(Debug, Classify)]
/// enum ModelError {
///     #[classify(timeout)]
///     Deadline,
///     #[classify(transparent)]
///     Http(HttpError),
/// }
///
/// assert_eq!(ModelError::Deadline.classify(), Status::Timeout);
/// assert_eq!(ModelError::Http(HttpError::TooManyRequests).classify(), Status::RateLimited);
/// assert_eq!(ModelError::Http(HttpError::NotFound).classify(), Status::Error);
/// ```
///
/// # Variant keywords, in `#[classify(..)]`
/// One of `error`, `timeout`, `rate_limited`, `unavailable`, `rejected`, `context_overflow`, `content_filtered` and
/// `cancelled`; or `transparent`, which uses the status of the variant's only field.
///
/// # Container keywords, in `#[classify(..)]`
/// One of the keywords above, as the default of the variants that have no keyword (`error` if it is omitted); and
/// `crate`, the path of the runtime crate.
///
/// # Output
/// An implementation of `Classify`. An error type without generics is also found in the `source()` chain of another
/// error.
#[proc_macro_derive(Classify, attributes(classify))]
pub fn derive_classify(input: TokenStream) -> TokenStream {
    classify::derive(input.into()).into()
}

/// Checks a PromQL query at compile time: the query must parse, and each of its metrics and labels must exist.
///
/// # Example
/// ```
/// use agent_metrics::{Counter, Metrics, promql};
///
/// #[derive(Metrics)]
/// #[metrics(namespace = "support")]
/// struct SupportMetrics {
///     /// Documents retrieved.
///     retrieved_documents_total: Counter,
/// }
///
/// const FAILED: &str = promql!("sum by (task_type) (rate(agent_tasks_total{status!=\"success\"}[5m]))");
///
/// let retrieved = promql!("sum(rate(support_retrieved_documents_total[5m]))", SupportMetrics);
/// assert_eq!(retrieved, "sum(rate(support_retrieved_documents_total[5m]))");
/// ```
///
/// # Arguments
/// The query, a string literal; then the structs with `derive(Metrics)` or `derive(CallLabels)` whose families the query
/// uses besides the built-in ones; then keys:
///
/// | key | value | default |
/// |---|---|---|
/// | `labels` | the names of labels that every series has in addition to the labels of its family, such as `["tier"]`: constant labels of a registry, dimensions | none besides `job`, `instance` and the usual labels of targets, such as `namespace` and `cluster` |
/// | `other_metrics` | the names of metrics of other programs, such as `["node_load1"]`; `node_*` stands for all that begin with `node_`. They may have any labels | none |
/// | `crate` | the path of the runtime crate | `::agent_metrics` |
///
/// # Output
/// The literal, a `&'static str`.
///
/// # Checks
/// - The grammar and the types of expressions, by `promql-parser`.
/// - Each metric, by the name of its samples (with `_bucket`, `_sum` and `_count` for histograms).
/// - Each label of a selector, against the labels of its metric.
/// - The labels of `by`, `without`, `on`, `ignoring` and `group_left`, against the labels that the expression still has.
/// - The value of a label with a closed set of values, and the bucket bound of `le`, of built-in families.
/// - That `histogram_quantile` still has the label `le`, that `rate`, `irate` and `increase` are not called with a gauge, and
///   that Prometheus 2.42 knows each function.
///
/// A name with a colon belongs to a recording rule and may have any labels; so may a selector without a name. `up`, `ALERTS`
/// and the other series that Prometheus writes itself are known. Grafana's `$__rate_interval`, `$__interval`,
/// `$__range`, and its variables inside strings, are accepted wherever Grafana accepts them.
#[cfg(feature = "promql")]
#[proc_macro]
pub fn promql(input: TokenStream) -> TokenStream {
    promql::expand(input.into()).into()
}
