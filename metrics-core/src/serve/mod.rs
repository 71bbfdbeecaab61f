//! An exporter for programs that have no web framework: a small HTTP server on a thread of its own.
//!
//! The thread runs tokio's sockets and timer, so that a connection costs a socket and some hundred bytes, not a
//! thread, and it needs no runtime around it. As it is the only one, scrapes never take more than one core from the
//! agent. A connection gets one answer and is closed: what it may take is bounded in one place.

mod answer;
mod connection;
mod error;
mod head;
mod refused;
mod room;

use std::fmt;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::SockRef;
use tokio::sync::oneshot;

use crate::{AgentMetrics, global};
use answer::Answers;
use connection::Server;
pub use error::ServeError;
use refused::Refused;

/// Serves the global metrics on `/metrics`, and `/healthz`, until what it gives is dropped.
///
/// The address must be one of this machine's own loopback, such as `127.0.0.1:9185`; [`Exporter`] has more to
/// choose. It needs no async runtime.
///
/// ```
/// let exporter = agent_metrics::serve("127.0.0.1:0")?; // 0: any free port
/// println!("metrics on http://{}/metrics", exporter.address());
/// # Ok::<(), agent_metrics::ServeError>(())
/// ```
///
/// # Errors
/// When the address is none, can be reached from elsewhere, or is taken; the error says what to do.
pub fn serve(address: impl ToSocketAddrs) -> Result<Serving, ServeError> {
    Exporter::new(global()).start(address)
}

/// An exporter to be: how much of it others may have.
///
/// `GET` and `HEAD` of `/metrics` give the metrics in the format and compression that the client prefers, and of
/// `/healthz` a short text, without a token. Whoever is slow or asks for too much is cut off, and counted in
/// `agent_metrics_exporter_refused_total` by reason:
///
/// | reason | what the client did |
/// |---|---|
/// | `late` | its request wasn't complete within [`read_timeout`](Self::read_timeout) |
/// | `incomplete` | it went in the middle of its request |
/// | `crowded` | it was idle for more than 0.1 s while others waited for its place |
/// | `slow` | it didn't take the answer within [`write_timeout`](Self::write_timeout), or nothing of it for 1 s while others waited |
/// | `head_too_large` | a request line with headers over 8 KiB or 64 lines: `431` |
/// | `body_too_large` | a body over 8 KiB: `413` |
/// | `malformed` | what it sent isn't HTTP 1: `400` |
/// | `unauthorized` | no or another token: `401` |
///
/// ```
/// use agent_metrics::{AgentMetrics, Exporter};
///
/// let metrics = AgentMetrics::builder().build()?;
/// let exporter = Exporter::new(&metrics)
///     .bearer_token("s3cret")
///     .allow_remote()
///     .start("0.0.0.0:0")?;
/// exporter.stop(); // answers those who have asked, then returns
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "an exporter does nothing until `start()`"]
#[derive(Clone)]
pub struct Exporter {
    metrics: AgentMetrics,
    token: Option<String>,
    remote: bool,
    max_connections: usize,
    read_timeout: Duration,
    write_timeout: Duration,
}

impl Exporter {
    /// An exporter of these metrics, on loopback only, for everybody there.
    pub fn new(metrics: &AgentMetrics) -> Self {
        Self {
            metrics: metrics.clone(),
            token: None,
            remote: false,
            max_connections: 256,
            read_timeout: Duration::from_secs(5),
            write_timeout: Duration::from_secs(30),
        }
    }

    /// Asks for `Authorization: Bearer <token>`, which is compared in constant time; only its length could be told
    /// from outside. It travels as it is, so across a network put TLS before the exporter.
    pub fn bearer_token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Takes an address that other machines can reach.
    pub fn allow_remote(mut self) -> Self {
        self.remote = true;
        self
    }

    /// How many connections are open at once, each a file descriptor of the process; 256 unless given, at least 1.
    /// Further ones wait in the system's queue.
    pub fn max_connections(mut self, count: usize) -> Self {
        self.max_connections = count;
        self
    }

    /// How long a request may take to arrive; 5 seconds unless given.
    pub fn read_timeout(mut self, limit: Duration) -> Self {
        self.read_timeout = limit;
        self
    }

    /// How long a client may take to read the answer; 30 seconds unless given.
    pub fn write_timeout(mut self, limit: Duration) -> Self {
        self.write_timeout = limit;
        self
    }

    /// Binds to the address and serves on a thread of its own.
    ///
    /// # Errors
    /// When the address is none, can be reached from elsewhere without [`allow_remote`](Self::allow_remote), or is
    /// taken; when the token can't be sent in a header; when the registry has a family of the name
    /// `agent_metrics_exporter_refused_total` already.
    pub fn start(self, address: impl ToSocketAddrs) -> Result<Serving, ServeError> {
        let Self { metrics, token, remote, max_connections, read_timeout, write_timeout } = self;
        check_token(token.as_deref())?;
        let refused = Refused::of(&metrics)?;
        let listener = bind(address, remote)?;
        let address = listener.local_addr().map_err(ServeError::Start)?;
        let server =
            Server::new(Answers { metrics, token }, refused, max_connections, read_timeout, write_timeout);
        let (stop, stopped) = oneshot::channel();
        let (ready, is_ready) = mpsc::channel();
        let run = move || server.run(listener, stopped, &ready);
        let thread = thread::Builder::new().name("agent-metrics-exporter".to_owned()).spawn(run);
        let thread = thread.map_err(ServeError::Start)?;
        is_ready
            .recv()
            .unwrap_or_else(|_| Err(std::io::ErrorKind::Other.into()))
            .map_err(ServeError::Start)?;
        Ok(Serving { address, stop: Some(stop), thread: Some(thread) })
    }
}

/// What fits in a header, and isn't nothing.
fn check_token(token: Option<&str>) -> Result<(), ServeError> {
    let is_usable = |token: &str| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    if token.is_none_or(is_usable) { Ok(()) } else { Err(ServeError::Token) }
}

/// How many connections may wait to be accepted, if the system lets so many. The standard library asks for 128, past
/// which a connection takes a second at least.
const BACKLOG: i32 = 4096;

fn bind(address: impl ToSocketAddrs, remote: bool) -> Result<TcpListener, ServeError> {
    let addresses: Vec<SocketAddr> = address.to_socket_addrs().map_err(ServeError::Address)?.collect();
    let is_open = |address: &&SocketAddr| !address.ip().to_canonical().is_loopback();
    if let Some(address) = addresses.iter().find(is_open).filter(|_| !remote) {
        return Err(ServeError::NotLoopback { address: *address });
    }
    let mut refusal = ServeError::Address(std::io::Error::other("no such host"));
    for address in addresses {
        let bound = TcpListener::bind(address).and_then(|listener| {
            SockRef::from(&listener).listen(BACKLOG)?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        });
        match bound {
            Ok(listener) => return Ok(listener),
            Err(source) => refusal = ServeError::Bind { address, source },
        }
    }
    Err(refusal)
}

/// A running exporter. It ends at once when this is dropped.
#[must_use = "the exporter ends when this is dropped"]
pub struct Serving {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Serving {
    /// Where it listens, with the port that it was given where it was asked for any.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it gracefully: takes no more connections, answers those that have asked, and returns when that is
    /// done, after the write timeout at the latest.
    pub fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            // It can't be gone before it is told to.
            let _ = stop.send(());
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // To drop the sender without a word is to say: now.
        self.stop = None;
        if let Some(thread) =
            self.thread.take().filter(|thread| thread.thread().id() != thread::current().id())
        {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serving").field("address", &self.address).finish_non_exhaustive()
    }
}
