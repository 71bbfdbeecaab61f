//! The HTTP client that sends requests, and the requests and responses of user-defined transports.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use ureq::http;

use super::address::without_secrets;

/// A request to a target, as a user-defined [`transport`](super::Push::transport) gets it.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Request<'a> {
    /// The method: `POST`, `PUT` or `DELETE`.
    pub method: &'static str,
    /// The whole URL.
    pub url: &'a str,
    /// The headers, each with its value.
    pub headers: &'a [(String, String)],
    /// The body; empty for a `DELETE`.
    pub body: &'a [u8],
    /// The time that the request may take, from the connection to the end of the response.
    pub timeout: Duration,
}

/// Leaves out logins, queries and the values of headers, which may be secrets.
impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &without_secrets(self.url))
            .field("headers", &headers)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("timeout", &self.timeout)
            .finish()
    }
}

/// The response of a target, as a user-defined [`transport`](super::Push::transport) returns it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The value of the header `Retry-After`, if the response has it.
    pub retry_after: Option<String>,
    /// The body, or its beginning.
    pub body: Vec<u8>,
}

impl Response {
    /// Creates a response with this status and an empty body.
    pub fn new(status: u16) -> Self {
        Self { status, retry_after: None, body: Vec::new() }
    }

    /// Sets the header `Retry-After`.
    #[must_use]
    pub fn retry_after(mut self, value: impl Into<String>) -> Self {
        self.retry_after = Some(value.into());
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first line of the body, truncated to the length of an error message.
    pub(super) fn message(&self) -> String {
        const MAX_CHARS: usize = 300;
        let text = String::from_utf8_lossy(&self.body);
        let line = text.lines().next().unwrap_or_default().trim();
        if line.is_empty() { "no reason given".to_owned() } else { line.chars().take(MAX_CHARS).collect() }
    }
}

/// A function that sends a request and waits for the response.
pub(super) type Transport = Box<dyn FnMut(&Request<'_>) -> Result<Response, Box<dyn Error>> + Send>;

/// The maximum length of a response body that is read, in bytes.
const MAX_RESPONSE_BYTES: u64 = 64 * 1024;

/// Creates the built-in client. It keeps connections open and uses the proxies of the environment. It follows no
/// redirection, since that would send credentials to another host.
pub(super) fn client() -> Transport {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("agent-metrics/", env!("CARGO_PKG_VERSION")));
    let agent = config.build().new_agent();
    Box::new(move |request| send(&agent, request))
}

fn send(agent: &ureq::Agent, request: &Request<'_>) -> Result<Response, Box<dyn Error>> {
    let mut builder = http::Request::builder().method(request.method).uri(request.url);
    for (name, value) in request.headers {
        builder = builder.header(name, value);
    }
    let mut response = if request.method == "DELETE" {
        run(agent, builder.body(())?, request.timeout)
    } else {
        run(agent, builder.body(request.body)?, request.timeout)
    }?;
    let retry_after = response.headers().get(http::header::RETRY_AFTER);
    let retry_after = retry_after.and_then(|value| value.to_str().ok()).map(str::to_owned);
    // The status decides. An unreadable body only leaves the error without a message.
    let body = response.body_mut().with_config().limit(MAX_RESPONSE_BYTES).read_to_vec().unwrap_or_default();
    Ok(Response { status: response.status().as_u16(), retry_after, body })
}

fn run(
    agent: &ureq::Agent,
    request: http::Request<impl ureq::AsSendBody>,
    timeout: Duration,
) -> Result<http::Response<ureq::Body>, ureq::Error> {
    agent.run(agent.configure_request(request).timeout_global(Some(timeout)).build())
}
