//! Test servers. Each runs on a separate thread and a free port until the tests end.

use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, stream};

/// Binds a listener to a free port on loopback.
pub fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("non-blocking");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

/// Runs a server on a tokio runtime and returns its address.
pub fn on_tokio<F: Future<Output = ()>>(
    serve: impl FnOnce(tokio::net::TcpListener) -> F + Send + 'static,
) -> SocketAddr {
    let (listener, address) = listener();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime.expect("a runtime").block_on(async {
            serve(tokio::net::TcpListener::from_std(listener).expect("a listener")).await;
        });
    });
    address
}

/// The part that bodies repeat.
const PART: Bytes = Bytes::from_static(b"data: x\n\n");

/// A body that never ends.
pub fn endless() -> impl Stream<Item = Bytes> + Send + 'static {
    stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_millis(5)).await;
        Some((PART, ()))
    })
}

/// A body that ends after three parts.
pub fn three_parts() -> impl Stream<Item = Bytes> + Send + 'static {
    stream::iter([PART, PART, PART])
}
