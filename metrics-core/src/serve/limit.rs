//! A limit on concurrent work, with a time limit that becomes shorter while others wait.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// A limit on concurrent work.
///
/// An operation may always run for the `grace` period. After that it is ended as soon as another task waits for a
/// permit, so that slow clients, however many they are, can't keep the permits from others.
pub(super) struct ConcurrencyLimit {
    permits: Arc<Semaphore>,
    max_permits: u32,
    /// Notifies the operations that have run longer than the grace period that a permit is needed.
    permit_needed: Notify,
    grace: Duration,
}

/// A permit for one unit of work, released when it is dropped.
pub(super) type Permit = OwnedSemaphorePermit;

/// The reason why an operation was ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Expired {
    /// The operation reached its time limit.
    TimeLimit,
    /// The operation had run longer than the grace period, and another task waited for a permit.
    PermitNeeded,
}

impl ConcurrencyLimit {
    pub(super) fn new(max_permits: usize, grace: Duration) -> Self {
        let max_permits = u32::try_from(max_permits.clamp(1, Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
        let permits = Arc::new(Semaphore::new(max_permits as usize));
        Self { permits, max_permits, permit_needed: Notify::new(), grace }
    }

    /// Waits for a permit, and ends operations beyond the grace period meanwhile.
    pub(super) async fn acquire(&self) -> Permit {
        self.acquire_many(1).await
    }

    /// Waits until all permits are released. No permit is handed out meanwhile.
    pub(super) async fn wait_for_all(&self) {
        drop(self.acquire_many(self.max_permits).await);
    }

    async fn acquire_many(&self, count: u32) -> Permit {
        let mut acquiring = pin!(self.permits.clone().acquire_many_owned(count));
        loop {
            match timeout(self.grace, &mut acquiring).await {
                Ok(Ok(permit)) => return permit,
                Ok(Err(_)) => unreachable!("the semaphore is never closed"),
                Err(_) => self.permit_needed.notify_waiters(),
            }
        }
    }

    /// Ends the operations beyond the grace period although no task waits for a permit.
    pub(super) fn expire_now(&self) {
        self.permit_needed.notify_waiters();
    }

    /// Runs an operation until it is done, until `limit` has passed, or, beyond the grace period, until another task
    /// waits for a permit.
    pub(super) async fn run<T>(
        &self,
        limit: Duration,
        operation: impl Future<Output = T>,
    ) -> Result<T, Expired> {
        self.run_with_grace(self.grace, limit, operation).await
    }

    /// Does the work of [`run`](Self::run) with another grace period.
    pub(super) async fn run_with_grace<T>(
        &self,
        grace: Duration,
        limit: Duration,
        operation: impl Future<Output = T>,
    ) -> Result<T, Expired> {
        let mut operation = pin!(operation);
        let grace = grace.min(limit);
        if let Ok(done) = timeout(grace, &mut operation).await {
            return Ok(done);
        }
        let mut permit_needed = pin!(self.permit_needed.notified());
        let done_or_expired = poll_fn(|cx| match operation.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Ok(done)),
            Poll::Pending => permit_needed.as_mut().poll(cx).map(|()| Err(Expired::PermitNeeded)),
        });
        timeout(limit.saturating_sub(grace), done_or_expired).await.unwrap_or(Err(Expired::TimeLimit))
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    const GRACE: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(3600);

    fn block_on(test: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(test);
    }

    #[test]
    fn an_operation_may_use_its_whole_time_limit_while_no_task_waits() {
        block_on(async {
            let limit = ConcurrencyLimit::new(1, GRACE);
            let permit = limit.acquire().await;
            assert_eq!(limit.run(GRACE * 3, pending::<()>()).await, Err(Expired::TimeLimit));
            assert_eq!(limit.run(LONG, ready(1)).await, Ok(1));
            assert_eq!(limit.run(Duration::ZERO, pending::<()>()).await, Err(Expired::TimeLimit));
            drop(permit);
            limit.wait_for_all().await;
        });
    }

    #[test]
    fn an_operation_beyond_its_grace_period_ends_when_a_task_waits() {
        block_on(async {
            let limit = Arc::new(ConcurrencyLimit::new(2, GRACE));
            let slow: Vec<_> = (0..2)
                .map(|_| {
                    let limit = limit.clone();
                    tokio::spawn(async move {
                        let permit = limit.acquire().await;
                        let ended = limit.run(LONG, pending::<()>()).await;
                        drop(permit);
                        ended
                    })
                })
                .collect();
            tokio::task::yield_now().await;
            drop(limit.acquire().await);
            for task in slow {
                assert_eq!(task.await.unwrap(), Err(Expired::PermitNeeded));
            }
        });
    }
}
