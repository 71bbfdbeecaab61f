//! The thread that pushes at an interval.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use super::delivery::{Delivery, Pushed};
use crate::error::PushError;

/// Pushes at an interval until it is dropped.
///
/// Dropping it pushes a last time and waits for that, at most the push's deadline; [`shutdown`](Self::shutdown) tells how
/// it went. Both hold up the thread on which they are called, so that in async code they belong into `spawn_blocking`, or
/// at the end of `main`.
#[derive(Debug)]
#[must_use = "what is dropped pushes no more"]
pub struct Pusher {
    commands: Option<Sender<Command>>,
    deadline: Duration,
}

#[derive(Debug)]
struct Command {
    what: What,
    until: Instant,
    answer: Sender<Result<Pushed, PushError>>,
}

#[derive(PartialEq, Debug)]
enum What {
    Flush,
    Stop,
}

impl Pusher {
    pub(super) fn start(
        delivery: Delivery,
        interval: Duration,
        deadline: Duration,
    ) -> Result<Self, PushError> {
        let (commands, received) = mpsc::channel();
        let thread = std::thread::Builder::new().name("agent-metrics-push".to_owned());
        let run = move || run(delivery, &received, interval);
        thread.spawn(run).map_err(|error| PushError::Thread { why: error.to_string() })?;
        Ok(Self { commands: Some(commands), deadline })
    }

    /// Pushes now and waits until that has arrived, trying again until the deadline.
    ///
    /// # Errors
    /// When the engine refused it, or could not take it until the deadline.
    pub fn flush(&self) -> Result<Pushed, PushError> {
        match &self.commands {
            Some(commands) => self.ask(commands, What::Flush),
            None => Err(PushError::Deadline),
        }
    }

    /// Pushes a last time and ends.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub fn shutdown(mut self) -> Result<Pushed, PushError> {
        self.stop()
    }

    fn stop(&mut self) -> Result<Pushed, PushError> {
        match self.commands.take() {
            Some(commands) => self.ask(&commands, What::Stop),
            None => Err(PushError::Deadline),
        }
    }

    /// The thread may hang in a request: nobody waits longer than the deadline.
    fn ask(&self, commands: &Sender<Command>, what: What) -> Result<Pushed, PushError> {
        let until = Instant::now() + self.deadline;
        let (answer, answered) = mpsc::channel();
        // Who is gone answers nothing.
        let _ = commands.send(Command { what, until, answer });
        answered.recv_timeout(self.deadline).unwrap_or(Err(PushError::Deadline))
    }
}

impl Drop for Pusher {
    fn drop(&mut self) {
        if self.commands.is_some() {
            // The fault hook was told.
            let _ = self.stop();
        }
    }
}

fn run(mut delivery: Delivery, commands: &Receiver<Command>, interval: Duration) {
    let mut next = Instant::now() + interval.mul_f64(fastrand::f64());
    loop {
        match commands.recv_timeout(next.saturating_duration_since(Instant::now())) {
            Ok(Command { what, until, answer }) => {
                let stop = what == What::Stop;
                let mut result = delivery.until(until);
                if stop && result.is_ok() {
                    result = delivery.farewell(until).and(result);
                }
                let _ = answer.send(result);
                if stop {
                    return;
                }
                next = Instant::now() + delivery.pause();
            }
            Err(RecvTimeoutError::Timeout) => {
                let begin = Instant::now();
                let pushed = delivery.push(begin + interval.max(Duration::from_secs(60)));
                // Pushes that arrive keep to the interval, however long they take.
                let from = if pushed.is_ok() { begin } else { Instant::now() };
                next = from + delivery.pause();
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
