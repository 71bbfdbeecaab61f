//! The background thread that pushes at an interval.

use std::future::poll_fn;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::delivery::{Delivery, Pushed};
use crate::error::PushError;

/// A background thread that pushes at an interval until this handle is dropped.
///
/// Dropping it pushes one last time and blocks until that push ends, at most for the deadline of the push
/// ([`Push::deadline`](super::Push::deadline)). [`shutdown`](Self::shutdown) does the same and returns the result. Neither
/// belongs in async code: if the target is served by the blocked thread, the deadline passes. There, await
/// [`shutdown_async`](Self::shutdown_async).
#[derive(Debug)]
#[must_use = "pushing stops when the handle is dropped"]
pub struct Pusher {
    commands: Option<Sender<Command>>,
    deadline: Duration,
}

/// A request of the handle to the pushing thread.
struct Command {
    kind: CommandKind,
    deadline: Instant,
    reply: Box<dyn FnOnce(PushResult) + Send>,
}

type PushResult = Result<Pushed, PushError>;

#[derive(PartialEq, Debug)]
enum CommandKind {
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

    /// Pushes now, with retries until the deadline, and blocks the calling thread until then.
    ///
    /// # Errors
    /// If the target refused the push or was unavailable until the deadline.
    pub fn flush(&self) -> Result<Pushed, PushError> {
        match &self.commands {
            Some(commands) => self.send(commands, CommandKind::Flush),
            None => Err(PushError::Deadline),
        }
    }

    /// Pushes one last time and ends the thread.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub fn shutdown(mut self) -> Result<Pushed, PushError> {
        self.stop()
    }

    /// Pushes one last time and ends the thread, without blocking: the future is ready when the push has ended. It needs no
    /// particular runtime. The push goes on if the future is dropped.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub async fn shutdown_async(mut self) -> Result<Pushed, PushError> {
        let reply = Reply::default();
        if let Some(commands) = self.commands.take() {
            let deadline = Instant::now() + self.deadline;
            let sender = ReplySender(reply.clone());
            // If the thread is gone, dropping the command replies.
            let reply = Box::new(move |result| sender.0.set(result));
            let _ = commands.send(Command { kind: CommandKind::Stop, deadline, reply });
        }
        poll_fn(|cx| reply.poll(cx)).await
    }

    fn stop(&mut self) -> Result<Pushed, PushError> {
        match self.commands.take() {
            Some(commands) => self.send(&commands, CommandKind::Stop),
            None => Err(PushError::Deadline),
        }
    }

    /// Sends a command and waits for the reply, no longer than the deadline: the thread may hang in a request.
    fn send(&self, commands: &Sender<Command>, kind: CommandKind) -> Result<Pushed, PushError> {
        let deadline = Instant::now() + self.deadline;
        let (reply, replied) = mpsc::channel();
        // If the thread is gone, the reply channel is closed and receiving fails at once.
        let reply = Box::new(move |result| drop(reply.send(result)));
        let _ = commands.send(Command { kind, deadline, reply });
        replied.recv_timeout(self.deadline).unwrap_or(Err(PushError::Deadline))
    }
}

/// The result of the last push, for a future that waits for it.
#[derive(Clone, Default)]
struct Reply(Arc<Mutex<ReplyState>>);

#[derive(Default)]
struct ReplyState {
    is_set: bool,
    result: Option<PushResult>,
    waker: Option<Waker>,
}

impl Reply {
    /// Sets the result, unless there is one.
    fn set(&self, result: PushResult) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::replace(&mut state.is_set, true) {
            state.result = Some(result);
            if let Some(waker) = state.waker.take() {
                waker.wake();
            }
        }
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<PushResult> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(result) = state.result.take() {
            Poll::Ready(result)
        } else {
            state.waker = Some(cx.waker().clone());
            Poll::Pending
        }
    }
}

/// Sets the result, at the latest when it is dropped.
struct ReplySender(Reply);

impl Drop for ReplySender {
    fn drop(&mut self) {
        self.0.set(Err(PushError::Deadline));
    }
}

impl Drop for Pusher {
    fn drop(&mut self) {
        if self.commands.is_some() {
            // The delivery has already reported an error to the fault hook.
            let _ = self.stop();
        }
    }
}

/// Pushes at the interval and executes commands, until the handle stops the thread.
fn run(mut delivery: Delivery, commands: &Receiver<Command>, interval: Duration) {
    let mut next = Instant::now() + interval.mul_f64(fastrand::f64());
    loop {
        match commands.recv_timeout(next.saturating_duration_since(Instant::now())) {
            Ok(Command { kind, deadline, reply }) => {
                let is_last = kind == CommandKind::Stop;
                let mut result = delivery.push_until(deadline);
                if is_last && result.is_ok() {
                    result = delivery.push_end(deadline).and(result);
                }
                reply(result);
                if is_last {
                    return;
                }
                next = Instant::now() + delivery.pause();
            }
            Err(RecvTimeoutError::Timeout) => {
                let begin = Instant::now();
                let pushed = delivery.push(begin + interval.max(Duration::from_secs(60)));
                // Successful pushes keep to the interval, however long they take.
                let from = if pushed.is_ok() { begin } else { Instant::now() };
                next = from + delivery.pause();
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
