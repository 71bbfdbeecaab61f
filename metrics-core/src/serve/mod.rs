//! An exporter for programs without a web framework: a small HTTP server on a dedicated thread.
//!
//! The thread runs a tokio runtime, so a connection costs a socket and a few hundred bytes rather than a thread, and the
//! program needs no runtime. Only the collectors that the program has added to the registry run on further threads, since
//! they may be slow. Each connection gets one response and is closed, so all limits are enforced in one place.

mod connection;
mod error;
mod head;
mod limit;
mod refusal;
mod response;

use std::fmt;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::SockRef;
use tokio::sync::oneshot;

use crate::access::{AllowedHosts, is_usable_token};
#[cfg(feature = "live")]
use crate::live::LivePage;
use crate::{AgentMetrics, global};
use connection::Server;
pub use error::ServeError;
use refusal::RefusedConnections;
use response::Router;

/// Serves the metrics of the global instance on `/metrics`, and a health check on `/healthz`, until the returned
/// [`Serving`] is dropped. With the feature `live`, the live page is at `/`.
///
/// The address must be a loopback address, such as `127.0.0.1:9185`; [`Exporter`] has further options. No async runtime
/// is needed.
///
/// ```
/// let exporter = agent_metrics::serve("127.0.0.1:0")?; // port 0: any free port
/// println!("metrics on http://{}/metrics", exporter.address());
/// # Ok::<(), agent_metrics::serve::ServeError>(())
/// ```
///
/// # Errors
/// Returns an error if the address is invalid, in use, or reachable from other machines. The message says what to do.
pub fn serve(address: impl ToSocketAddrs) -> Result<Serving, ServeError> {
    let exporter = Exporter::new(global());
    #[cfg(feature = "live")]
    let exporter = exporter.live_page();
    exporter.start(address)
}

/// The options of an exporter: the access and the resources that clients may have.
///
/// `GET` and `HEAD` requests of `/metrics` return the metrics in the format and compression that the client prefers.
/// `/healthz` returns a short text and never needs a token. A client that is slow or requests too much is cut off and
/// counted in `agent_metrics_exporter_refused_total` by reason:
///
/// | reason | meaning |
/// |---|---|
/// | `late` | the request wasn't complete within [`read_timeout`](Self::read_timeout) |
/// | `incomplete` | the client closed the connection in the middle of its request |
/// | `crowded` | the connection was idle for more than 0.1 s while other connections waited |
/// | `slow` | the client didn't read the response within [`write_timeout`](Self::write_timeout), or at less than 2 MiB/s, after a grace of 0.5 s, while other responses waited |
/// | `head_too_large` | the request line and the headers exceed 8 KiB or 64 lines (status code 431) |
/// | `body_too_large` | the request has a body over 8 KiB (status code 413) |
/// | `malformed` | the request isn't HTTP 1.0 or 1.1 (status code 400) |
/// | `unauthorized` | the bearer token is missing or wrong (status code 401) |
/// | `foreign_host` | the `Host` header has a name that a web site can have; see [`allow_host`](Self::allow_host) (status code 403) |
///
/// ```
/// use agent_metrics::AgentMetrics;
/// use agent_metrics::serve::Exporter;
///
/// let metrics = AgentMetrics::builder().build()?;
/// let exporter = Exporter::new(&metrics)
///     .bearer_token("s3cret")
///     .allow_remote()
///     .start("0.0.0.0:0")?;
/// exporter.stop(); // completes the open requests, then returns
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
    hosts: AllowedHosts,
    #[cfg(feature = "live")]
    live_page: bool,
}

impl Exporter {
    /// Creates an exporter of these metrics with the default options: loopback addresses only, and no token.
    pub fn new(metrics: &AgentMetrics) -> Self {
        Self {
            metrics: metrics.clone(),
            token: None,
            remote: false,
            max_connections: 256,
            read_timeout: Duration::from_secs(5),
            write_timeout: Duration::from_secs(30),
            hosts: AllowedHosts::default(),
            #[cfg(feature = "live")]
            live_page: false,
        }
    }

    /// Serves the [live page](crate::live) at `/` as well, with the same token and the same host names.
    #[cfg(feature = "live")]
    pub fn live_page(mut self) -> Self {
        self.live_page = true;
        self
    }

    /// Allows requests for one more host name, without a port.
    ///
    /// On a loopback address the exporter answers only requests whose `Host` header has an IP address or `localhost`. Any web
    /// site can make a visitor's browser connect to a loopback address under the name of the site (DNS rebinding), and could
    /// then read the metrics. Allow the name of a proxy that forwards it. On an address that other machines can reach, every
    /// name is allowed unless this method names some.
    pub fn allow_host(mut self, name: impl Into<String>) -> Self {
        self.hosts.allow(name);
        self
    }

    /// Requires the header `Authorization: Bearer <token>` for `/metrics`.
    ///
    /// The token is compared in constant time, so response times can reveal at most its length. It is sent unencrypted,
    /// so on a network put a TLS proxy in front of the exporter.
    pub fn bearer_token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Permits addresses that other machines can reach.
    pub fn allow_remote(mut self) -> Self {
        self.remote = true;
        self
    }

    /// Sets the maximum number of open connections; at least 1, by default 256. Each uses a file descriptor of the
    /// process. Further connections wait in the operating system's queue.
    pub fn max_connections(mut self, count: usize) -> Self {
        self.max_connections = count;
        self
    }

    /// Sets the time limit for a request to arrive; by default 5 seconds.
    pub fn read_timeout(mut self, limit: Duration) -> Self {
        self.read_timeout = limit;
        self
    }

    /// Sets the time limit for a client to read the response; by default 30 seconds.
    pub fn write_timeout(mut self, limit: Duration) -> Self {
        self.write_timeout = limit;
        self
    }

    /// Binds to the address and starts serving on a dedicated thread.
    ///
    /// # Errors
    /// Returns an error if the address is invalid, in use, or reachable from other machines without
    /// [`allow_remote`](Self::allow_remote); if the token can't be sent in a header; or if the registry already has a
    /// foreign family named `agent_metrics_exporter_refused_total`.
    pub fn start(self, address: impl ToSocketAddrs) -> Result<Serving, ServeError> {
        let Self { metrics, token, remote, max_connections, read_timeout, write_timeout, mut hosts, .. } =
            self;
        if !token.as_deref().is_none_or(is_usable_token) {
            return Err(ServeError::Token);
        }
        let refused = RefusedConnections::for_instance(&metrics)?;
        let listener = bind(address, remote)?;
        let address = listener.local_addr().map_err(ServeError::Start)?;
        if hosts.is_default() && !address.ip().to_canonical().is_loopback() {
            hosts = AllowedHosts::any();
        }
        #[cfg(feature = "live")]
        let page = if self.live_page {
            let page = LivePage::new(&metrics).map_err(ServeError::Start)?;
            Some(page.with_access(token.clone(), hosts.clone()))
        } else {
            None
        };
        let router = Router {
            metrics,
            token,
            hosts,
            #[cfg(feature = "live")]
            page,
        };
        let server = Server::new(router, refused, max_connections, read_timeout, write_timeout);
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

/// The requested length of the queue of connections that wait to be accepted; the operating system may limit it. The
/// standard library requests 128. A connection beyond the queue takes at least a second, since its first packet is dropped
/// and sent again.
const BACKLOG: i32 = 4096;

/// Binds to the first of the addresses that can be bound.
fn bind(address: impl ToSocketAddrs, remote: bool) -> Result<TcpListener, ServeError> {
    let addresses: Vec<SocketAddr> = address.to_socket_addrs().map_err(ServeError::Address)?.collect();
    let is_remote = |address: &&SocketAddr| !address.ip().to_canonical().is_loopback();
    if let Some(address) = addresses.iter().find(is_remote).filter(|_| !remote) {
        return Err(ServeError::NotLoopback { address: *address });
    }
    let mut failure = ServeError::Address(std::io::Error::other("the name resolves to no address"));
    for address in addresses {
        let bound = TcpListener::bind(address).and_then(|listener| {
            SockRef::from(&listener).listen(BACKLOG)?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        });
        match bound {
            Ok(listener) => return Ok(listener),
            Err(source) => failure = ServeError::Bind { address, source },
        }
    }
    Err(failure)
}

/// A running exporter. Dropping it stops the exporter immediately and closes its connections. It waits for no collector.
#[must_use = "the exporter stops when this is dropped"]
pub struct Serving {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Serving {
    /// Returns the address on which the exporter listens, with the actual port if port 0 was requested.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops the exporter gracefully: it accepts no more connections and completes the open requests. Returns when that
    /// is done, at the latest after the write timeout.
    pub fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            // The receiver can't be gone: the thread runs until it receives this message.
            let _ = stop.send(());
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Dropping the sender without a message stops the server immediately.
        self.stop = None;
        if let Some(thread) =
            self.thread.take().filter(|thread| thread.thread().id() != thread::current().id())
        {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The token is a secret: only its presence is shown.
        f.debug_struct("Exporter")
            .field("has_token", &self.token.is_some())
            .field("allow_remote", &self.remote)
            .field("max_connections", &self.max_connections)
            .field("read_timeout", &self.read_timeout)
            .field("write_timeout", &self.write_timeout)
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serving").field("address", &self.address).finish_non_exhaustive()
    }
}
