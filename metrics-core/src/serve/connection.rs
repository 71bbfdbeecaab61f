//! The life of a connection: one head in, one answer out, within its limits.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, mpsc};
use std::time::Duration;
use std::{io, net};

use tokio::io::AsyncWrite;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout};

use super::answer::{Answer, Answers, Broken, Response};
use super::head;
use super::refused::{Reason, Refused};
use super::room::{Overstayed, Room};

/// A client's head follows on the last packet of the handshake, however far away it is; this is for one on a busy
/// machine. 256 places change hands so often that a full queue of 4,096 idle connections is through in 2 seconds.
const IDLE_PATIENCE: Duration = Duration::from_millis(100);
/// How many expositions are under way at once while their clients read them.
const MAX_SENDING: usize = 32;
const SEND_PATIENCE: Duration = Duration::from_secs(1);
/// What a refused client still sends is read for so long, lest the system throw the answer away with it.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 256 * 1024;

pub(super) struct Server {
    answers: Answers,
    refused: Refused,
    connections: Room,
    sending: Room,
    read_timeout: Duration,
    write_timeout: Duration,
}

impl Server {
    pub(super) fn new(
        answers: Answers,
        refused: Refused,
        max_connections: usize,
        read_timeout: Duration,
        write_timeout: Duration,
    ) -> Self {
        Self {
            answers,
            refused,
            connections: Room::new(max_connections, IDLE_PATIENCE),
            sending: Room::new(MAX_SENDING, SEND_PATIENCE),
            read_timeout,
            write_timeout,
        }
    }

    /// Serves on this thread until `stop` is said or dropped. Says whether it could begin.
    pub(super) fn run(
        self,
        listener: net::TcpListener,
        stop: oneshot::Receiver<()>,
        ready: &mpsc::Sender<io::Result<()>>,
    ) {
        let set_up = || -> io::Result<(Runtime, TcpListener)> {
            let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
            let inside = runtime.enter();
            let listener = TcpListener::from_std(listener)?;
            drop(inside);
            Ok((runtime, listener))
        };
        let (runtime, listener) = match set_up() {
            Ok(both) => both,
            Err(error) => return drop(ready.send(Err(error))),
        };
        // Who started it waits for this.
        let _ = ready.send(Ok(()));
        let server = Arc::new(self);
        runtime.block_on(async move {
            let accepting = tokio::spawn(server.clone().accept(listener));
            let gracefully = stop.await.is_ok();
            accepting.abort();
            // The listener is closed once the task is gone.
            let _ = accepting.await;
            if gracefully {
                let _ = timeout(server.write_timeout, server.connections.empty()).await;
            }
        });
    }

    async fn accept(self: Arc<Self>, listener: TcpListener) {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                // The process may be out of descriptors: those that idle have some.
                self.connections.clear();
                sleep(IDLE_PATIENCE).await;
                continue;
            };
            let place = self.connections.enter().await;
            let server = self.clone();
            tokio::spawn(async move {
                server.converse(stream).await;
                drop(place);
            });
        }
    }

    async fn converse(&self, mut stream: TcpStream) {
        // Head and body are two writes.
        let _ = stream.set_nodelay(true);
        let head = match self.connections.stay(self.read_timeout, head::read(&stream)).await {
            Ok(Ok(Some(head))) => head,
            Ok(Ok(None)) => return,
            Ok(Err(reason)) => return self.refuse(&mut stream, reason).await,
            Err(Overstayed::Late) => return self.refused.count(Reason::Late),
            Err(Overstayed::Crowded) => return self.refused.count(Reason::Crowded),
        };
        let with_body = head.method != "HEAD";
        match self.answers.to(&head) {
            Answer::Metrics => {
                // Entered before it is encoded: what waits for a reader is bounded.
                let place = self.sending.enter().await;
                self.send(&mut stream, self.answers.metrics(&head), with_body).await;
                drop(place);
            }
            Answer::Refused(reason) => self.refuse(&mut stream, reason).await,
            short => {
                if let Some(response) = short.in_short() {
                    self.send(&mut stream, response, with_body).await;
                    self.linger(&stream).await;
                }
            }
        }
    }

    async fn refuse(&self, stream: &mut TcpStream, reason: Reason) {
        self.refused.count(reason);
        if let Some(response) = Answer::Refused(reason).in_short() {
            self.send(stream, response, true).await;
            self.linger(stream).await;
        }
    }

    async fn send(&self, stream: &mut TcpStream, mut response: Response, with_body: bool) {
        // Only the client's own time is counted, not that in which its answer is written.
        let mut left = self.write_timeout;
        let mut piece = std::mem::take(&mut response.head).into_bytes();
        loop {
            let mut rest = &*piece;
            while !rest.is_empty() {
                // A client is slow that takes nothing for long, not one with much to take.
                let begin = Instant::now();
                match self.sending.stay(left, write_some(stream, rest)).await {
                    Ok(Ok(count)) if !left.is_zero() => rest = &rest[count..],
                    // One that goes misses only its own answer.
                    Ok(Err(_)) => return,
                    Ok(Ok(_)) | Err(_) => return self.refused.count(Reason::Slow),
                }
                left = left.saturating_sub(begin.elapsed());
            }
            if !with_body {
                break;
            }
            drop(piece);
            // Another's turn: a large answer holds nobody up for longer than it takes to write a chunk.
            yield_now().await;
            piece = match response.next_piece() {
                Ok(Some(next)) => next,
                Ok(None) => break,
                // Closed before its end, so that the client sees that.
                Err(Broken) => return,
            };
        }
        let _ = poll_fn(|cx| Pin::new(&mut *stream).poll_shutdown(cx)).await;
    }

    async fn linger(&self, stream: &TcpStream) {
        let _ = self.connections.stay(LINGER, discard(stream)).await;
    }
}

async fn write_some(stream: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    loop {
        stream.writable().await?;
        match stream.try_write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            written => return written,
        }
    }
}

/// Reads what a client still sends, until it stops or it is enough.
async fn discard(stream: &TcpStream) {
    let mut buffer = [0; 4096];
    let mut left = LINGER_BYTES;
    while left > 0 && stream.readable().await.is_ok() {
        match stream.try_read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => left = left.saturating_sub(count),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}
