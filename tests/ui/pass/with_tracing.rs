//! `tracing::instrument` and a tracking attribute can be combined in either order: the body runs inside the span.

use super::calls::task;
use agent_metrics::track_task;
use std::cell::RefCell;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber, instrument};

/// A subscriber that records which span the current thread is in.
struct Spans;

thread_local! {
    static ENTERED: RefCell<Vec<Id>> = const { RefCell::new(Vec::new()) };
    static NAMES: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

impl Subscriber for Spans {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        NAMES.with(|names| {
            let mut names = names.borrow_mut();
            names.push(span.metadata().name());
            Id::from_u64(names.len() as u64)
        })
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, span: &Id) {
        ENTERED.with(|entered| entered.borrow_mut().push(span.clone()));
    }

    fn exit(&self, _: &Id) {
        ENTERED.with(|entered| entered.borrow_mut().pop());
    }
}

/// Returns the name of the span that the current thread is in.
fn span() -> Option<&'static str> {
    let id = ENTERED.with(|entered| entered.borrow().last().cloned())?;
    NAMES.with(|names| names.borrow().get(id.into_u64() as usize - 1).copied())
}

type Seen = Result<Option<&'static str>, std::io::Error>;

#[track_task]
#[instrument]
async fn above(number: u8) -> Seen {
    std::future::ready(number).await;
    Ok(span())
}

#[instrument]
#[track_task]
async fn below(number: u8) -> Seen {
    std::future::ready(number).await;
    Ok(span())
}

#[track_task(task_type = "above_sync_task")]
#[tracing::instrument]
fn above_sync(number: u8) -> (u8, Option<&'static str>) {
    (number, span())
}

#[tracing::instrument(err)]
#[track_task]
fn below_sync(number: u8) -> Seen {
    let _ = number;
    Ok(span())
}

#[track_task]
#[cfg_attr(test, tracing::instrument(skip_all))]
async fn conditional(_: u8) -> Option<&'static str> {
    span()
}

struct Agent;

impl Agent {
    #[track_task(task_type = text)]
    #[tracing::instrument(skip(self), fields(text = %text))]
    async fn method(&mut self, text: &str) -> Option<&'static str> {
        let _ = text;
        span()
    }

    #[instrument(skip_all, name = "named")]
    #[track_task]
    fn future<'a>(
        &'a self,
        text: &'a str,
    ) -> std::pin::Pin<Box<dyn std::future::Future<Output = Option<&'static str>> + 'a>> {
        Box::pin(async move {
            let _ = text;
            span()
        })
    }
}

#[test]
fn bodies_run_inside_the_span() {
    tracing::subscriber::with_default(Spans, || {
        assert_eq!(task("above").awaited("success", above(1)).expect("a span"), Some("above"));
        assert_eq!(task("below").awaited("success", below(1)).expect("a span"), Some("below"));
        assert_eq!(task("above_sync_task").called("success", || above_sync(1)).1, Some("above_sync"));
        let seen = task("below_sync").called("success", || below_sync(1));
        assert_eq!(seen.expect("a span"), Some("below_sync"));
        assert_eq!(task("conditional").awaited("success", conditional(1)), Some("conditional"));
        assert_eq!(task("traced").awaited("success", Agent.method("traced")), Some("method"));
        assert_eq!(task("future").awaited("success", Agent.future("a")), Some("named"));
        assert_eq!(span(), None);
    });
}
