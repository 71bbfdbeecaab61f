//! Generated code needs no prelude and no `unsafe`: it names everything by its full path.
#![no_implicit_prelude]
#![forbid(unsafe_code)]

use super::calls::{llm, ready, task, tool};
use ::agent_metrics::{
    CallLabels, Classify, LabelSet, LabelValue, Metrics, track, track_llm, track_step, track_task, track_tool,
};
use ::std::{assert, assert_eq};

#[derive(::core::clone::Clone, ::core::marker::Copy, LabelValue)]
enum Kind {
    Bare,
}

#[derive(::core::clone::Clone, ::core::marker::Copy, CallLabels)]
#[calls(name = "bare_lookup", help = "Lookups.", buckets = [1.0], in_flight, budget = 50)]
struct Lookup {
    #[calls(name = "of_kind")]
    kind: Kind,
}

#[derive(::core::clone::Clone, ::core::marker::Copy, LabelSet)]
#[labels(budget = 10)]
struct Labels {
    kind: Kind,
}

#[derive(Metrics)]
#[metrics(namespace = "bare")]
struct Families {
    /// A family with a label set.
    things_total: ::agent_metrics::Counter<Labels>,
}

#[derive(::core::fmt::Debug, Classify)]
enum Error {
    #[classify(timeout)]
    Late,
    #[classify(transparent)]
    Io(::std::io::Error),
}

impl ::core::fmt::Display for Error {
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        formatter.write_str("an error")
    }
}

impl ::core::error::Error for Error {}

#[track_task]
async fn bare_async() {}

#[track_task(task_type = Kind::Bare)]
fn bare_sync(late: bool) -> ::core::result::Result<u8, Error> {
    if late {
        ::core::result::Result::Err(Error::Late)
    } else {
        ::core::result::Result::Err(Error::Io(::std::io::Error::other("no")))
    }
}

#[track_tool(status = |_| ::agent_metrics::Status::Timeout)]
async fn bare_status(text: ::std::string::String) -> usize {
    text.len()
}

#[track_tool(timeout = "5s")]
fn bare_opaque() -> impl ::core::future::Future<Output = ::core::result::Result<u8, ::agent_metrics::TimedOut>>
{
    async { ::core::result::Result::Ok(1) }
}

#[track_tool]
fn bare_boxed() -> ::core::pin::Pin<::std::boxed::Box<dyn ::core::future::Future<Output = u8>>> {
    ::std::boxed::Box::pin(async { 1 })
}

#[track_llm(model = text, usage = in_body)]
async fn bare_llm(text: &str) {
    bare_step();
}

#[track_step]
fn bare_step() {}

#[track(Lookup, kind = Kind::Bare)]
async fn bare_lookup() -> u8 {
    1
}

#[::core::prelude::v1::test]
fn every_attribute_compiles_without_a_prelude() {
    task("bare_async").awaited("success", bare_async());
    assert!(task("bare").called("timeout", || bare_sync(true)).is_err());
    assert!(bare_sync(false).is_err());
    assert_eq!(tool("bare_status").awaited("timeout", bare_status(::std::string::String::new())), 0);
    assert_eq!(tool("bare_boxed").awaited("success", bare_boxed()), 1);
    llm("bare_model").awaited("success", bare_llm("bare_model"));
    assert_eq!(ready(bare_lookup()), 1);
    Families::global().things_total.with(Labels { kind: Kind::Bare }).inc();
}

#[::core::prelude::v1::test]
fn timeouts_compile_without_a_prelude() {
    let runtime = ::tokio::runtime::Builder::new_current_thread().enable_time().build();
    let output = runtime.expect("a runtime").block_on(bare_opaque());
    assert!(::core::matches!(output, ::core::result::Result::Ok(1)));
    assert_eq!(tool("bare_opaque").so_far().len(), 1);
}
