//! The attributes and derives of the `agent-metrics` crate.
//!
//! Use them through `agent_metrics`, which re-exports every one: the code they write calls that crate.
//! Each reads in three steps: parse (what was written, with its spans), validate (every mistake at once),
//! expand (tokens, no errors).

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

/// Measures a task of an agent: its calls by status, its duration, what is in flight.
///
/// # Keys
/// | key | value | default |
/// |---|---|---|
/// | `task_type` | a string literal, or any expression that is a label: a closed enum, a bounded label, text | the function's name |
/// | `metrics` | an expression of type `AgentMetrics`: record there, not in the global one | the global one |
/// | `status` | a closure `\|result\| Status` that says how the call ended | by the result's type |
/// | `timeout` | `"250ms"`, `"30s"`, `"5m"`, `"1h"`: drop the call after it (async, feature `tokio`) | none |
/// | `stream` | a word: the call lasts until the stream ends that the function gives, and its keys are about items (feature `stream`) | not |
/// | `slo` | `slo(availability = 99.9, latency = "5s", percentile = 95)`: what it is held to, in percent; either objective may be left out | none |
/// | `budget` | what the task and the tasks in it spend from, a `Budget`: when it is spent the task doesn't begin, and gives an error that is `From<BudgetSpent>` | none |
/// | `dimensions` | `dimensions(tier)` or `dimensions(tier, region)`: values of the closed enums that are dimensions of the instance | those of the task around it |
/// | `docs` | `true` or `false`: whether the function's documentation ends in its families and a query for each of its rate, errors and latency | `true` if the environment variable `AGENT_METRICS_DOCS` is `1` when the function is compiled: cargo doesn't compile it again for that alone |
/// | `crate` | the path of the runtime crate | `::agent_metrics` |
///
/// # Output
/// The same function. An `async fn` becomes a `fn -> impl Future`, so that the future doesn't grow; labels and
/// `metrics` are resolved when it's called, the clock starts when it's first polled. A `fn` that gives an
/// `impl Future` or a boxed future (`Box::pin(..)` as its last expression) is measured to the future's end. Other
/// attributes on the function go first, wherever they are written.
///
/// # Impl blocks
/// On an `impl`, the attribute is for every method, each under its own name; in the impl of a trait, under the name of
/// the type in `snake_case` (`WebSearch` is `web_search`), where all methods but the one that is a call of it are left
/// out by `#[track(skip)]` or given names of their own.
///
/// | on a function of the block | effect |
/// |---|---|
/// | `#[track(skip)]` | it stays as it is |
/// | `#[track(key = value, ..)]` | keys of this function, which win over those of the block |
/// | `#[track]` | it's measured although it doesn't take `self`, as it also is with keys of its own |
/// | a track attribute, `#[track_llm(..)]` or `#[track(Labels, ..)]` | it's measured by that one alone |
///
/// Functions that don't take `self`, such as constructors, stay as they are, and so do constants, types and macro calls.
/// One block has one such attribute. A method that is a `const fn` needs `#[track(skip)]`. Constant text as the label of
/// several methods is refused: write it on each.
///
/// ```text
/// #[track_task(metrics = self.metrics)]
/// impl Agent {
///     fn new() -> Self { .. }                           // stays as it is
///     async fn answer(&self) -> Result<Answer, AgentError> { .. }
///     #[track(task_type = TaskType::Search, timeout = "30s")]
///     async fn find(&self) -> Result<Answer, AgentError> { .. }
///     #[track(skip)]
///     fn config(&self) -> &Config { .. }
/// }
/// ```
///
/// With `stream`, a function that gives an `impl Stream`, a boxed one, or one of them in a `Result` is measured to the end
/// of its stream: what runs in it belongs to the call, an item that is an error gives the call its status, and a stream
/// that is dropped before its end and had none ends as `cancelled`.
///
/// # Limits
/// - A `const fn`, a trait's function without a body, and a boxed future that is made elsewhere are refused.
/// - An argument that is taken apart by a pattern has no name outside the body, so a key can't use it.
/// - The arguments of a future that was never polled are dropped in the order in which they'd be dropped at its end.
/// - A returned closure that takes references needs their types written: `move |text: &str| ..` for `impl Fn(&str)`.
/// - The body runs inside a closure or an async block, which some of the compiler doesn't see through: `#[track_caller]`
///   doesn't reach it; `unconditional_recursion` and clippy's lints about `async fn` don't fire, nor does
///   `unused_must_use` for the output of a `#[must_use] async fn`, nor `unused_variables` for an argument of an async
///   function that the body names and doesn't read (to bind it again would make the future larger), nor
///   `unused_assignments` in a function with `mut self`.
/// - In a synchronous function, or behind an argument that isn't used, one that doesn't live long enough is reported at its
///   declaration, or at the body's brace; a future of a type that contains itself, at the body's last expression.
/// - A future is no more than a future: `-> impl Future<..> + Clone` doesn't compile. What an `fn` makes itself is dropped
///   as soon as it is ready. A type that is a future by another name (`JoinHandle`, an alias), alone or in a `Result`, is
///   refused; so is a boxed future that an early `return` gives. One that a macro returns is not seen, and not measured.
/// - A label, an instance and a closure of a key are your code: a panic in a closure is caught, counted and told to the
///   hook; one in a label's or an instance's expression reaches the caller.
/// - A label's constant that names a parameter of the impl around the function, such as `Kind::NAME` with `impl<Kind: ..>`,
///   does not compile, unless the parameter is one letter.
///
/// # Example
/// ```text
/// #[track_task(task_type = TaskType::Search)]
/// async fn answer(question: &str) -> anyhow::Result<Answer> { .. }
/// ```
#[proc_macro_attribute]
pub fn track_task(args: TokenStream, item: TokenStream) -> TokenStream {
    track::attribute::<track::task::Task>(&args.into(), &item.into()).into()
}

/// Measures a tool that an agent calls: its calls by status, its duration, what is in flight.
///
/// # Keys
/// `tool_name` (default: the function's name); `cost`, a closure `|value| usd` over what the function gives, or over the
/// value of its `Result`, that says what a call cost as an `f64` or an `Option<f64>`; `budget`, a word: when the budget of
/// a task around it is spent the call doesn't begin, and gives an error that is `From<BudgetSpent>`; and the other keys of
/// [`macro@track_task`].
///
/// # Output
/// The same function, measured, as in [`macro@track_task`].
///
/// # Impl blocks
/// As in [`macro@track_task`].
///
/// # Example
/// ```text
/// #[track_tool]
/// async fn web_search(query: &str) -> Result<Vec<Hit>, ToolError> { .. }
///
/// #[track_tool]                                         // `web_search`, by the type
/// impl Tool for WebSearch {
///     async fn call(&self, args: Args) -> Result<Vec<Hit>, ToolError> { .. }
///     #[track(skip)]
///     async fn definition(&self, prompt: String) -> ToolDefinition { .. }
/// }
/// ```
#[proc_macro_attribute]
pub fn track_tool(args: TokenStream, item: TokenStream) -> TokenStream {
    track::attribute::<track::tool::Tool>(&args.into(), &item.into()).into()
}

/// Measures a call of a language model: its calls by status, its duration, its tokens and what they cost.
///
/// # Keys
/// | key | value | default |
/// |---|---|---|
/// | `model` | the model that is asked: a literal or an expression, such as `self.model` | required |
/// | `usage` | a closure `\|response\| Usage`, or `in_body` if the body reports it by `Call::current()` | the response's `TokenUsage` |
/// | `provider` | whose model it is, in OpenTelemetry's words: `openai`, `anthropic`, `gcp.gemini`, .. | unknown |
/// | `operation` | what is asked of it, in OpenTelemetry's words: `chat`, `embeddings`, .. | `chat` |
/// | `budget` | a word: when the budget of a task around it is spent the call doesn't begin, and gives an error that is `From<BudgetSpent>` | not asked |
///
/// and the other keys of [`macro@track_task`].
///
/// # Output
/// The same function, measured, as in [`macro@track_task`].
///
/// # Impl blocks
/// As in [`macro@track_task`]; `model` is given on the block, as in `model = self.model`, or on each method.
///
/// # Example
/// ```text
/// #[track_llm(model = self.model)]
/// async fn generate(&self, prompt: &str) -> Result<Response, ModelError> { .. }
/// ```
#[proc_macro_attribute]
pub fn track_llm(args: TokenStream, item: TokenStream) -> TokenStream {
    track::attribute::<track::llm::Llm>(&args.into(), &item.into()).into()
}

/// Counts a call as one step of the task it runs in.
///
/// # Keys
/// `crate`, the path of the runtime crate; `docs`, as in [`macro@track_task`].
///
/// # Output
/// The same function, as in [`macro@track_task`].
///
/// # Impl blocks
/// As in [`macro@track_task`].
///
/// # Example
/// ```text
/// #[track_step]
/// async fn reason(&mut self) -> Result<Thought, AgentError> { .. }
/// ```
#[proc_macro_attribute]
pub fn track_step(args: TokenStream, item: TokenStream) -> TokenStream {
    track::attribute::<track::step::Step>(&args.into(), &item.into()).into()
}

/// Measures a function in a call family of your own, named by its struct of labels.
///
/// # Keys
/// First the struct, which has `derive(CallLabels)`, then its fields as `label = expression`. It becomes a literal
/// of that struct, so rustc reports an unknown, missing or repeated label where you wrote it. The keys `metrics`,
/// `status`, `timeout`, `slo`, `docs` and `crate`, as in [`macro@track_task`], are the attribute's own and never labels.
///
/// # Output
/// The same function, measured, as in [`macro@track_task`].
///
/// # Impl blocks
/// As in [`macro@track_task`]; `#[track(index = Index::Code)]` on a method is its own value of a label.
///
/// # Example
/// ```text
/// #[track(Retrieval, index = Index::Docs)]
/// async fn retrieve(query: &str) -> Result<Vec<Doc>, Error> { .. }
/// ```
#[proc_macro_attribute]
pub fn track(args: TokenStream, item: TokenStream) -> TokenStream {
    track::attribute::<track::general::General>(&args.into(), &item.into()).into()
}

/// Makes an enum without fields a closed label: its variants are the values.
///
/// # Container keys, in `#[label(..)]`
/// `crate`, the path of the runtime crate.
///
/// # Variant keys, in `#[label(..)]`
/// `name`, the text of the value; the variant in `snake_case` by default (`HTTPServer` is `http_server`).
///
/// # Output
/// An implementation of `LabelValue`. The enum has to be `Copy`.
///
/// # Example
/// ```text
/// #[derive(Clone, Copy, LabelValue)]
/// enum Index { Docs, #[label(name = "source-code")] Code }
/// ```
#[proc_macro_derive(LabelValue, attributes(label))]
pub fn derive_label_value(input: TokenStream) -> TokenStream {
    label_value::derive(input.into()).into()
}

/// Makes a struct of labels: its fields are the names, their types the values.
///
/// # Container keys, in `#[labels(..)]`
/// `budget`, the number of series that it may have at most; `crate`, the path of the runtime crate.
///
/// # Field keys, in `#[labels(..)]`
/// `name`, the name of the label; the field's by default.
///
/// # Output
/// An implementation of `LabelSet`, and checks at compile time of the names and, where the struct isn't generic, of the
/// number of series.
///
/// # Example
/// ```text
/// #[derive(Clone, Copy, LabelSet)]
/// struct IndexLabels { index: Index }
/// ```
#[proc_macro_derive(LabelSet, attributes(labels))]
pub fn derive_label_set(input: TokenStream) -> TokenStream {
    label_set::derive(input.into()).into()
}

/// Makes a struct of labels a call family, which [`macro@track`] records into.
///
/// # Container keys, in `#[calls(..)]`
/// | key | value | default |
/// |---|---|---|
/// | `name` | the family's name | required |
/// | `help` | what it measures | the struct's doc comment |
/// | `buckets` | the bounds of its duration in seconds, `[0.01, 0.1]` | the runtime's |
/// | `in_flight` | a word: expose what is in flight too | not |
/// | `native` | a word: native buckets of the duration, too | not |
/// | `budget` | the number of series that it may have at most | the runtime's |
/// | `crate` | the path of the runtime crate | `::agent_metrics` |
///
/// # Field keys, in `#[calls(..)]`
/// `name`, the name of the label; the field's by default. The label `status` is the runtime's.
///
/// # Output
/// Implementations of `LabelSet` and `CallLabels`, and checks at compile time of names, buckets and the number of series.
///
/// # Example
/// ```text
/// #[derive(Clone, Copy, CallLabels)]
/// #[calls(name = "retrieval", buckets = [0.01, 0.1, 1.0], in_flight)]
/// struct Retrieval { index: Index }
/// ```
#[proc_macro_derive(CallLabels, attributes(calls))]
pub fn derive_call_labels(input: TokenStream) -> TokenStream {
    call_labels::derive(input.into()).into()
}

/// Makes a struct whose fields are metrics: registers them together or not at all.
///
/// # Container keys, in `#[metrics(..)]`
/// `namespace`, the first word of every name; `crate`, the path of the runtime crate.
///
/// # Field keys, in `#[metric(..)]`
/// | key | value | default |
/// |---|---|---|
/// | `name` | the name after the namespace | the field's |
/// | `help` | what it measures | the first paragraph of the doc comment |
/// | `buckets` | the bounds of a histogram, `[0.1, 1.0]` | the runtime's |
/// | `unit` | the unit, for formats that have one | none |
/// | `native` | a word: native buckets of a histogram, too | not |
///
/// # Output
/// `register(&AgentMetrics) -> Result<Self, RegisterError>` and `global() -> &'static Self`, with the visibility of
/// the struct, and checks at compile time of names and buckets.
///
/// # Example
/// ```text
/// #[derive(Metrics)]
/// #[metrics(namespace = "support")]
/// struct SupportMetrics {
///     /// Documents retrieved.
///     retrieved_documents_total: Counter<IndexLabels>,
/// }
/// ```
#[proc_macro_derive(Metrics, attributes(metrics, metric))]
pub fn derive_metrics(input: TokenStream) -> TokenStream {
    metrics::derive(input.into()).into()
}

/// Says with which status a call ends when it gives this error.
///
/// # Variant words, in `#[classify(..)]`
/// `error`, `timeout`, `rate_limited`, `unavailable`, `rejected`, `context_overflow`, `content_filtered`, `cancelled`,
/// or `transparent`: as the one field that the variant has.
///
/// # Container words, in `#[classify(..)]`
/// The same, for what has no word of its own (without one: `error`), and `crate`, the path of the runtime crate.
///
/// # Output
/// An implementation of `Classify`. An error without generics is also found inside another error's `source()` chain.
///
/// # Example
/// ```text
/// #[derive(Debug, Classify)]
/// enum ModelError {
///     #[classify(timeout)]
///     Deadline,
///     #[classify(transparent)]
///     Http(HttpError),
/// }
/// ```
#[proc_macro_derive(Classify, attributes(classify))]
pub fn derive_classify(input: TokenStream) -> TokenStream {
    classify::derive(input.into()).into()
}

/// A PromQL query as text, checked as the program is compiled: it parses, and every metric and label in it is there.
///
/// # Arguments
/// The query, a string literal; then structs with `derive(Metrics)` or `derive(CallLabels)` whose families it may name
/// besides the agent's own; then keys:
///
/// | key | value | default |
/// |---|---|---|
/// | `labels` | names of labels that every series has besides its family's, `["namespace"]`: of targets, of a registry, dimensions | `job` and `instance` are known |
/// | `crate` | the path of the runtime crate | `::agent_metrics` |
///
/// # Output
/// The literal, a `&'static str`.
///
/// # What is checked
/// Grammar and types, by `promql-parser`; each metric, by the name of its sample (`_bucket`, `_sum` and `_count` of
/// histograms); each label of a selector, by its metric; those of `by`, `without`, `on`, `ignoring` and `group_left`, by what
/// the expression has left. A name with a colon is a recording rule's and may have any labels, as may a selector without a
/// name. `up`, `ALERTS` and the rest of what Prometheus writes itself is known. `$__rate_interval`, `$__interval`,
/// `$__range` and variables in strings are Grafana's, and may stand where it allows them.
///
/// # Example
/// ```text
/// const FAILED: &str = promql!("sum by (task_type) (rate(agent_tasks_total{status!=\"success\"}[5m]))");
/// let found = promql!("sum(rate(support_retrieved_documents_total[5m]))", SupportMetrics);
/// ```
#[cfg(feature = "promql")]
#[proc_macro]
pub fn promql(input: TokenStream) -> TokenStream {
    promql::expand(input.into()).into()
}
