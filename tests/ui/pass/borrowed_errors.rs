//! An error that is not `'static` is classified by its sources, and a generic one that is `'static` by itself too.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::sync::mpsc::{SendError, Sender, channel};
use std::sync::{LockResult, Mutex, MutexGuard};

use super::calls::tool;
use agent_metrics::{Classify, track_tool};

#[derive(Debug)]
pub(crate) struct ParseError<'t>(&'t str, io::Error);

impl<'t> ParseError<'t> {
    fn new(text: &'t str) -> Self {
        Self(text, io::ErrorKind::TimedOut.into())
    }
}

impl fmt::Display for ParseError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for ParseError<'_> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.1)
    }
}

#[derive(Debug, Classify)]
enum AgentError<'t, E>
where
    E: Error + 'static,
{
    #[classify(transparent)]
    Parse(ParseError<'t>),
    #[classify(transparent)]
    Other(E),
}

#[track_tool]
fn borrowed_error(text: &str) -> Result<u8, ParseError<'_>> {
    text.parse().map_err(|_| ParseError::new(text))
}

#[track_tool]
async fn borrowed_error_of_async(text: &str) -> Result<u8, ParseError<'_>> {
    std::future::ready(()).await;
    text.parse().map_err(|_| ParseError::new(text))
}

#[track_tool]
async fn any_error<E: Error>(error: E) -> Result<u8, E> {
    Err(error)
}

#[track_tool]
async fn static_error<E: Error + 'static>(error: E) -> Result<u8, E> {
    Err(error)
}

pub(crate) trait Tool {
    type Output;
    type Error: Error + Send + Sync;
    fn call(&self) -> impl Future<Output = Result<Self::Output, Self::Error>>;
}

impl Tool for () {
    type Output = ();
    type Error = io::Error;
    fn call(&self) -> impl Future<Output = io::Result<()>> {
        std::future::ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

#[track_tool]
async fn error_of_trait<T: Tool>(tool: &T) -> Result<T::Output, T::Error> {
    tool.call().await
}

#[track_tool]
async fn static_error_of_trait<T: Tool>(tool: &T) -> Result<T::Output, T::Error>
where
    T::Error: 'static,
{
    tool.call().await
}

#[track_tool]
fn lock(mutex: &Mutex<u8>) -> LockResult<MutexGuard<'_, u8>> {
    mutex.lock()
}

#[track_tool]
fn send<T>(sender: &Sender<T>, value: T) -> Result<(), SendError<T>> {
    sender.send(value)
}

#[track_tool]
fn boxed_error<'t>(text: &'t str) -> Result<u8, Box<dyn Error + 't>> {
    Err(Box::new(ParseError::new(text)))
}

#[track_tool]
fn boxed_send_error(text: &str) -> Result<u8, Box<dyn Error + Send + Sync + '_>> {
    Err(Box::new(ParseError::new(text)))
}

#[track_tool]
fn boxed_static_error(_: &str) -> Result<&str, Box<dyn Error>> {
    Err(Box::new(io::Error::from(io::ErrorKind::TimedOut)))
}

#[track_tool]
fn classified_error(text: &str) -> Result<u8, AgentError<'_, io::Error>> {
    Err(AgentError::Parse(ParseError::new(text)))
}

#[track_tool]
fn classified_static_error(text: &str) -> Result<u8, AgentError<'_, io::Error>> {
    let _ = text;
    Err(AgentError::Other(io::ErrorKind::TimedOut.into()))
}

#[test]
fn errors_that_borrow_are_classified_by_their_sources() {
    let text = String::from("a");
    assert!(tool("borrowed_error").called("timeout", || borrowed_error(&text)).is_err());
    let future = borrowed_error_of_async(&text);
    assert!(tool("borrowed_error_of_async").awaited("timeout", future).is_err());
    assert!(tool("boxed_error").called("timeout", || boxed_error(&text)).is_err());
    assert!(tool("boxed_send_error").called("timeout", || boxed_send_error(&text)).is_err());
    assert!(tool("boxed_static_error").called("timeout", || boxed_static_error(&text)).is_err());
    assert!(tool("classified_error").called("timeout", || classified_error(&text)).is_err());
    assert!(tool("classified_static_error").called("timeout", || classified_static_error(&text)).is_err());
}

#[test]
fn generic_errors_are_classified_as_far_as_their_bounds_allow() {
    let timed_out = || io::Error::from(io::ErrorKind::TimedOut);
    assert!(tool("any_error").awaited("error", any_error(timed_out())).is_err());
    assert!(tool("static_error").awaited("timeout", static_error(timed_out())).is_err());
    assert!(tool("error_of_trait").awaited("error", error_of_trait(&())).is_err());
    assert!(tool("static_error_of_trait").awaited("timeout", static_error_of_trait(&())).is_err());
    let mutex = Mutex::new(1);
    assert_eq!(*tool("lock").called("success", || lock(&mutex)).expect("not poisoned"), 1);
    let (sender, receiver) = channel();
    drop(receiver);
    assert!(tool("send").called("error", || send(&sender, 1)).is_err());
}
