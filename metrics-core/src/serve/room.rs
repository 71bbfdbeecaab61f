//! A bounded number of places, and how long one may keep them.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Places for a bounded number. Whoever has had a fair chance must go when others wait, so that those who dawdle
/// can't keep out those who don't, however many they are.
pub(super) struct Room {
    places: Arc<Semaphore>,
    size: u32,
    /// Told to all who are over their patience.
    wanted: Notify,
    patience: Duration,
}

/// A place, given back when it's dropped.
pub(super) type Place = OwnedSemaphorePermit;

/// Why one had to go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Overstayed {
    /// It took longer than anybody may.
    Late,
    /// It took longer than one may while others wait.
    Crowded,
}

impl Room {
    pub(super) fn new(size: usize, patience: Duration) -> Self {
        let size = u32::try_from(size.clamp(1, Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
        let places = Arc::new(Semaphore::new(size as usize));
        Self { places, size, wanted: Notify::new(), patience }
    }

    /// Waits for a place, and meanwhile has those go who overstay.
    pub(super) async fn enter(&self) -> Place {
        self.take(1).await
    }

    /// Waits until nobody is there any more, and lets nobody in meanwhile.
    pub(super) async fn empty(&self) {
        drop(self.take(self.size).await);
    }

    async fn take(&self, places: u32) -> Place {
        let mut taking = pin!(self.places.clone().acquire_many_owned(places));
        loop {
            match timeout(self.patience, &mut taking).await {
                Ok(Ok(place)) => return place,
                Ok(Err(_)) => unreachable!("the room is never closed"),
                Err(_) => self.wanted.notify_waiters(),
            }
        }
    }

    /// Has those go who overstay, though nobody waits for a place.
    pub(super) fn clear(&self) {
        self.wanted.notify_waiters();
    }

    /// Does something while in the room: within `limit`, and within the room's patience when others wait.
    pub(super) async fn stay<T>(
        &self,
        limit: Duration,
        what: impl Future<Output = T>,
    ) -> Result<T, Overstayed> {
        let mut what = pin!(what);
        let fair = self.patience.min(limit);
        if let Ok(done) = timeout(fair, &mut what).await {
            return Ok(done);
        }
        let mut wanted = pin!(self.wanted.notified());
        let done_or_wanted = poll_fn(|cx| match what.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Ok(done)),
            Poll::Pending => wanted.as_mut().poll(cx).map(|()| Err(Overstayed::Crowded)),
        });
        timeout(limit.saturating_sub(fair), done_or_wanted).await.unwrap_or(Err(Overstayed::Late))
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    const PATIENCE: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(3600);

    fn run(test: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(test);
    }

    #[test]
    fn one_may_stay_while_nobody_waits() {
        run(async {
            let room = Room::new(1, PATIENCE);
            let place = room.enter().await;
            assert_eq!(room.stay(PATIENCE * 3, pending::<()>()).await, Err(Overstayed::Late));
            assert_eq!(room.stay(LONG, ready(1)).await, Ok(1));
            assert_eq!(room.stay(Duration::ZERO, pending::<()>()).await, Err(Overstayed::Late));
            drop(place);
            room.empty().await;
        });
    }

    #[test]
    fn who_dawdles_goes_when_others_wait() {
        run(async {
            let room = Arc::new(Room::new(2, PATIENCE));
            let dawdlers: Vec<_> = (0..2)
                .map(|_| {
                    let room = room.clone();
                    tokio::spawn(async move {
                        let place = room.enter().await;
                        let left = room.stay(LONG, pending::<()>()).await;
                        drop(place);
                        left
                    })
                })
                .collect();
            tokio::task::yield_now().await;
            drop(room.enter().await);
            for dawdler in dawdlers {
                assert_eq!(dawdler.await.unwrap(), Err(Overstayed::Crowded));
            }
        });
    }
}
