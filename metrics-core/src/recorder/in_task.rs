//! What runs elsewhere and belongs to a task all the same.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::ledger::{self, Ledger};
use crate::builtin::TaskTotals;

/// What the task that runs here has done so far, with the tasks in it; `None` outside of any.
///
/// ```
/// #[agent_metrics::track_task]
/// async fn answer(question: &str) -> Result<String, String> {
///     let spent = agent_metrics::current_task().map_or(0.0, |task| task.cost_usd);
///     if spent > 0.50 { Err("too expensive".into()) } else { Ok(question.to_uppercase()) }
/// }
/// ```
pub fn current_task() -> Option<TaskTotals> {
    ledger::current().map(|ledger| ledger.totals())
}

/// The task that runs here, for what runs on another thread.
///
/// ```
/// let task = agent_metrics::TaskHandle::current();
/// let counted = std::thread::spawn(move || task.run(|| 1 + 1)).join();
/// # assert_eq!(counted.unwrap(), 2);
/// ```
#[derive(Clone)]
pub struct TaskHandle(Option<Arc<Ledger>>);

impl TaskHandle {
    /// That of the task that runs on this thread, if one does.
    pub fn current() -> Self {
        Self(ledger::current())
    }

    /// Runs `body` as a part of the task.
    pub fn run<T>(&self, body: impl FnOnce() -> T) -> T {
        let _entered = Entered::new(self.0.clone());
        body()
    }
}

/// Puts a ledger in this thread's place, and what was there back when it is dropped.
struct Entered(Option<Arc<Ledger>>);

impl Entered {
    fn new(ledger: Option<Arc<Ledger>>) -> Self {
        let mut other = ledger;
        ledger::swap(&mut other);
        Self(other)
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        ledger::swap(&mut self.0);
    }
}

pin_project! {
    /// A future that belongs to a task.
    pub struct InTask<F> {
        // Emptied when it is dropped: what it drops belongs to the task still.
        #[pin]
        future: Option<F>,
        task: Option<Arc<Ledger>>,
    }

    impl<F> PinnedDrop for InTask<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _entered = Entered::new(this.task.take());
            this.future.set(None);
        }
    }
}

impl<F: Future> Future for InTask<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let Some(future) = this.future.as_pin_mut() else { return Poll::Pending };
        let _entered = Entered::new(this.task.clone());
        future.poll(cx)
    }
}

/// What a tracked task adds to futures.
pub trait FutureExt: Future + Sized {
    /// Counts what the future does to the task that runs here, wherever the future runs:
    ///
    /// ```
    /// # async fn search(query: &str) {}
    /// use agent_metrics::FutureExt as _;
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// tokio::spawn(search("rust").in_current_task()).await?;
    /// # Ok::<(), tokio::task::JoinError>(()) }).unwrap();
    /// ```
    ///
    /// What it spends after the task's end is counted in `agent_task_late_cost_usd_total`.
    fn in_current_task(self) -> InTask<Self> {
        InTask { future: Some(self), task: ledger::current() }
    }
}

impl<F: Future> FutureExt for F {}
