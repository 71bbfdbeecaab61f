//! Helpers that read the calls recorded in the global metrics.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// The calls recorded under one label value.
#[derive(Clone, Copy)]
pub(crate) struct Calls {
    family: &'static str,
    label: &'static str,
    name: &'static str,
}

pub(crate) fn task(name: &'static str) -> Calls {
    Calls { family: "agent_tasks_total", label: "task_type", name }
}

pub(crate) fn tool(name: &'static str) -> Calls {
    Calls { family: "agent_tool_calls_total", label: "tool_name", name }
}

pub(crate) fn llm(name: &'static str) -> Calls {
    Calls { family: "agent_llm_calls_total", label: "model", name }
}

impl Calls {
    /// Returns the number of calls so far by status, without statuses whose count is zero.
    pub(crate) fn so_far(self) -> Vec<(String, u64)> {
        let start = format!("{}{{{}=\"{}\",status=\"", self.family, self.label, self.name);
        let text = agent_metrics::global().to_text();
        let samples = text.lines().filter_map(|line| line.strip_prefix(&start)?.split_once("\"} "));
        let counts = samples.map(|(status, count)| (status.to_owned(), count.parse().expect("a count")));
        counts.filter(|(_, count)| *count > 0).collect()
    }

    /// Runs a closure that makes exactly one call. Panics unless it is the first one and ends with this status.
    #[track_caller]
    pub(crate) fn called<T>(self, status: &str, call: impl FnOnce() -> T) -> T {
        assert_eq!(self.so_far(), [], "before the call");
        let result = call();
        assert_eq!(self.so_far(), [(status.to_owned(), 1)], "after the call");
        result
    }

    /// Polls a future once, which must complete it, and checks its call as [`Self::called`] does.
    #[track_caller]
    pub(crate) fn awaited<T>(self, status: &str, future: impl Future<Output = T>) -> T {
        self.called(status, || ready(future))
    }
}

/// Returns the output of a future that is ready at the first poll.
#[track_caller]
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    match poll_once(future) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future is pending"),
    }
}

/// Polls a future once and drops it.
pub(crate) fn poll_once<T>(future: impl Future<Output = T>) -> Poll<T> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}
