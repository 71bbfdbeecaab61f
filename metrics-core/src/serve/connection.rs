//! Handling of a connection: one request, one response, within the exporter's limits.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, mpsc};
use std::time::Duration;
use std::{io, net};
#[cfg(feature = "live")]
use std::{pin::pin, task::Poll};

use tokio::io::AsyncWrite;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
#[cfg(feature = "live")]
use tokio::sync::watch;
use tokio::task::{spawn_blocking, yield_now};
use tokio::time::{Instant, sleep, timeout};

use super::head;
use super::limit::{ConcurrencyLimit, Expired};
use super::refusal::{RefusalReason, RefusedConnections};
use super::response::{Broken, Response, Route, Router};
#[cfg(feature = "live")]
use crate::live::EventStream;

/// The time that a connection may be idle while others wait to be accepted. A client's request follows directly on the
/// last packet of the handshake, however far away the client is, so this only has to cover a busy machine. With 256
/// permits, a full queue of 4,096 idle connections is worked off in 2 seconds.
const IDLE_GRACE: Duration = Duration::from_millis(100);
/// The largest number of expositions that are being sent at the same time. Each holds a chunk, and the families of foreign
/// collectors, which are gathered at once.
const MAX_SENDING: usize = 8;
/// The time that a client may keep its response waiting while others wait for theirs, in addition to the time that reading
/// takes at [`MIN_RATE`].
const SEND_GRACE: Duration = Duration::from_millis(500);
/// The rate in bytes per second at which a client must read its response while others wait for theirs.
const MIN_RATE: u64 = 2 * 1024 * 1024;
/// The time for which data that a refused client still sends is read and discarded. If a connection is closed with
/// unread data, the operating system resets it, and the client may lose the response.
const LINGER: Duration = Duration::from_secs(2);
/// The number of bytes that are read and discarded at most.
const LINGER_BYTES: usize = 256 * 1024;

/// The state that all connections of an exporter share.
pub(super) struct Server {
    router: Arc<Router>,
    refused: RefusedConnections,
    connections: ConcurrencyLimit,
    sending: ConcurrencyLimit,
    read_timeout: Duration,
    write_timeout: Duration,
    /// Changes when the server stops gracefully, which ends the streams of events.
    #[cfg(feature = "live")]
    stopping: watch::Sender<()>,
}

impl Server {
    pub(super) fn new(
        router: Router,
        refused: RefusedConnections,
        max_connections: usize,
        read_timeout: Duration,
        write_timeout: Duration,
    ) -> Self {
        Self {
            router: Arc::new(router),
            refused,
            connections: ConcurrencyLimit::new(max_connections, IDLE_GRACE),
            sending: ConcurrencyLimit::new(MAX_SENDING, SEND_GRACE),
            read_timeout,
            write_timeout,
            #[cfg(feature = "live")]
            stopping: watch::Sender::new(()),
        }
    }

    /// Serves on the calling thread until `stop` receives a message (graceful) or its sender is dropped (immediate).
    /// Sends to `ready` whether the server could be started.
    pub(super) fn run(
        self,
        listener: net::TcpListener,
        stop: oneshot::Receiver<()>,
        ready: &mpsc::Sender<io::Result<()>>,
    ) {
        let set_up = || -> io::Result<(Runtime, TcpListener)> {
            let mut builder = Builder::new_current_thread();
            // Each exposition that is being sent may need a thread while the collectors are gathered.
            let runtime = builder.enable_io().enable_time().max_blocking_threads(MAX_SENDING).build()?;
            let inside = runtime.enter();
            let listener = TcpListener::from_std(listener)?;
            drop(inside);
            Ok((runtime, listener))
        };
        let (runtime, listener) = match set_up() {
            Ok(both) => both,
            Err(error) => return drop(ready.send(Err(error))),
        };
        // The thread that starts the exporter waits for this message.
        let _ = ready.send(Ok(()));
        let server = Arc::new(self);
        runtime.block_on(async move {
            let accepting = tokio::spawn(server.clone().accept(listener));
            let gracefully = stop.await.is_ok();
            accepting.abort();
            // The listener is closed when the task has ended.
            let _ = accepting.await;
            if gracefully {
                #[cfg(feature = "live")]
                server.stopping.send_replace(());
                let _ = timeout(server.write_timeout, server.connections.wait_for_all()).await;
            }
        });
        // A collector may be slow or wait for a lock that the caller holds: this does not wait for its thread.
        runtime.shutdown_background();
    }

    async fn accept(self: Arc<Self>, listener: TcpListener) {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                // The process may be out of file descriptors; closing idle connections releases some.
                self.connections.expire_now();
                sleep(IDLE_GRACE).await;
                continue;
            };
            let permit = self.connections.acquire().await;
            let server = self.clone();
            tokio::spawn(async move {
                server.handle(stream).await;
                drop(permit);
            });
        }
    }

    /// Reads one request, sends its response and closes the connection.
    async fn handle(&self, mut stream: TcpStream) {
        // Head and body are separate writes; the second must not wait for the first to be acknowledged.
        let _ = stream.set_nodelay(true);
        let head = match self.connections.run(self.read_timeout, head::read(&stream)).await {
            Ok(Ok(Some(head))) => head,
            Ok(Ok(None)) => return,
            Ok(Err(reason)) => return self.refuse(&mut stream, reason).await,
            Err(Expired::TimeLimit) => return self.refused.count(RefusalReason::Late),
            Err(Expired::PermitNeeded) => return self.refused.count(RefusalReason::Crowded),
        };
        let with_body = head.method != "HEAD";
        match self.router.route(&head) {
            Route::Metrics => {
                // The permit is acquired before the metrics are encoded, so that the memory of encoded expositions is
                // bounded.
                let permit = self.sending.acquire().await;
                let router = self.router.clone();
                // The collectors of the registry may be slow. On another thread they hold up no other connection.
                let response = spawn_blocking(move || router.metrics(&head)).await;
                if let Ok(response) = response {
                    self.send(&mut stream, response, with_body).await;
                }
                drop(permit);
            }
            Route::Refused(reason) => self.refuse(&mut stream, reason).await,
            #[cfg(feature = "live")]
            Route::Page => {
                let router = self.router.clone();
                // A long history takes some time to write.
                if let Ok(Some((response, events))) = spawn_blocking(move || router.page(&head)).await {
                    self.send_page(&mut stream, response, events.filter(|_| with_body), with_body).await;
                }
            }
            short => {
                if let Some(response) = short.short_response() {
                    self.send(&mut stream, response, with_body).await;
                    self.linger(&stream).await;
                }
            }
        }
    }

    /// Counts a refusal and sends its response, if it has one.
    async fn refuse(&self, stream: &mut TcpStream, reason: RefusalReason) {
        self.refused.count(reason);
        if let Some(response) = Route::Refused(reason).short_response() {
            self.send(stream, response, true).await;
            self.linger(stream).await;
        }
    }

    /// Sends a response of the live page, and the events that follow it until the client disconnects or the server stops.
    #[cfg(feature = "live")]
    async fn send_page(
        &self,
        stream: &mut TcpStream,
        response: Response,
        events: Option<EventStream>,
        with_body: bool,
    ) {
        let Some(mut events) = events else {
            self.send(stream, response, with_body).await;
            return self.linger(stream).await;
        };
        let mut piece = response.head.into_bytes();
        let mut stopping = self.stopping.subscribe();
        loop {
            let mut rest = &*piece;
            while !rest.is_empty() {
                match timeout(self.write_timeout, write_some(stream, rest)).await {
                    Ok(Ok(count)) => rest = &rest[count..],
                    Ok(Err(_)) => return,
                    Err(_) => return self.refused.count(RefusalReason::Slow),
                }
            }
            let mut stopped = pin!(stopping.changed());
            let next = poll_fn(|cx| match stopped.as_mut().poll(cx) {
                Poll::Ready(_) => Poll::Ready(None),
                Poll::Pending => events.poll_next(cx),
            });
            let Some(next) = next.await else { break };
            piece = next;
        }
        let _ = poll_fn(|cx| Pin::new(&mut *stream).poll_shutdown(cx)).await;
    }

    /// Sends a response within the write timeout.
    async fn send(&self, stream: &mut TcpStream, mut response: Response, with_body: bool) {
        // Only the time spent waiting for the client counts, not the time that encoding takes.
        let mut left = self.write_timeout;
        let mut sent: u64 = 0;
        let mut piece = std::mem::take(&mut response.head).into_bytes();
        loop {
            let mut rest = &*piece;
            while !rest.is_empty() {
                // What the client has read earns it time: it is slow if it reads slowly, not if it has much to read.
                let waited = self.write_timeout.saturating_sub(left);
                let earned = Duration::from_millis(sent.saturating_mul(1000) / MIN_RATE);
                let grace = (SEND_GRACE + earned).saturating_sub(waited);
                let begin = Instant::now();
                match self.sending.run_with_grace(grace, left, write_some(stream, rest)).await {
                    Ok(Ok(count)) if !left.is_zero() => {
                        rest = &rest[count..];
                        sent += count as u64;
                    }
                    // The client closed the connection.
                    Ok(Err(_)) => return,
                    Ok(Ok(_)) | Err(_) => return self.refused.count(RefusalReason::Slow),
                }
                left = left.saturating_sub(begin.elapsed());
            }
            if !with_body {
                break;
            }
            drop(piece);
            // Lets other connections make progress: encoding one chunk is the longest they wait for this response.
            yield_now().await;
            piece = match response.next_piece() {
                Ok(Some(next)) => next,
                Ok(None) => break,
                // The connection is closed before the end of the response, so that the client notices.
                Err(Broken) => return,
            };
        }
        let _ = poll_fn(|cx| Pin::new(&mut *stream).poll_shutdown(cx)).await;
    }

    /// Reads and discards data for a while before the connection is closed; see [`LINGER`].
    async fn linger(&self, stream: &TcpStream) {
        let _ = self.connections.run(LINGER, discard(stream)).await;
    }
}

/// Writes as many bytes as the socket accepts, waiting until it accepts some.
async fn write_some(stream: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    loop {
        stream.writable().await?;
        match stream.try_write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            written => return written,
        }
    }
}

/// Reads and discards data until the client closes its side or has sent [`LINGER_BYTES`].
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
