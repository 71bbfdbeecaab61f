//! Work on other threads and in spawned futures that belongs to a task.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::ledger::{self, Ledger};
use crate::builtin::TaskTotals;

/// Returns the totals of the task that runs on this thread and of its inner tasks, or `None` outside of any task.
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

/// A handle to a task, for work of the task on another thread.
///
/// ```
/// let task = agent_metrics::task::TaskHandle::current();
/// let counted = std::thread::spawn(move || task.run(|| 1 + 1)).join();
/// # assert_eq!(counted.unwrap(), 2);
/// ```
#[derive(Clone)]
pub struct TaskHandle(Option<Arc<Ledger>>);

impl TaskHandle {
    /// Returns a handle to the task that runs on this thread, if there is one.
    pub fn current() -> Self {
        Self(ledger::current())
    }

    /// Runs `body` as a part of the task.
    pub fn run<T>(&self, body: impl FnOnce() -> T) -> T {
        let _entered = Entered::new(self.0.clone());
        body()
    }

    /// Enters the task until the returned value is dropped, unless it is the current one already, or there is none.
    #[cfg(feature = "stream")]
    #[inline]
    pub(super) fn enter(&self) -> Option<Entered> {
        let task = self.0.as_ref()?;
        (!ledger::is_current(task)).then(|| Entered::new(Some(task.clone())))
    }
}

/// Makes a ledger the current one of this thread, and restores the previous one when it is dropped.
pub(super) struct Entered(Option<Arc<Ledger>>);

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
        // Emptied on drop, inside the task: values that the future drops still belong to the task.
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

/// Methods for futures that belong to a task.
pub trait FutureExt: Future + Sized {
    /// Makes the future a part of the task that runs on this thread, on whichever thread the future runs:
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
    /// Cost after the task's end is counted in `agent_task_late_cost_usd_total`.
    fn in_current_task(self) -> InTask<Self> {
        InTask { future: Some(self), task: ledger::current() }
    }
}

impl<F: Future> FutureExt for F {}

debug_by_name! {
    TaskHandle [] [];
    InTask [F] [F];
}
