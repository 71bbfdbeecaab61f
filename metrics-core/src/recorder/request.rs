//! HTTP requests that the service answers.

use std::sync::Arc;

use crate::builtin::{Families, Http, HttpSeries, Method};
use crate::clock::{self, Ticks};

/// An HTTP request that is being answered, which ends when its guard is dropped.
///
/// A request that is dropped before its status is set is recorded with `499` (the client closed the connection), or with
/// `500` while the thread is unwinding.
#[must_use = "the request ends when its guard is dropped"]
pub struct RequestGuard {
    families: Arc<Families>,
    method: Method,
    endpoint: usize,
    start: Ticks,
    status: Option<u16>,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Request,
    /// An event stream, which may last for hours. The request ended with the head of its response.
    Stream,
}

/// The status code of a request whose client closed the connection before the response, as nginx has it.
const CLIENT_CLOSED_REQUEST: u16 = 499;

impl RequestGuard {
    pub(crate) fn new(families: Arc<Families>, method: &str, endpoint: &str) -> Self {
        let method = Method::from_name(method);
        let endpoint = families.http.slot(endpoint);
        let guard =
            Self { families, method, endpoint, start: clock::now(), status: None, stage: Stage::Request };
        Http::start(guard.series());
        guard
    }

    fn series(&self) -> &HttpSeries {
        self.families.http.series(self.method, self.endpoint)
    }

    /// Replaces the endpoint: the request counts there from its start. For frameworks that provide the route only with the
    /// response.
    ///
    /// ```
    /// use agent_metrics::{AgentMetrics, web};
    ///
    /// let metrics = AgentMetrics::builder().build()?;
    /// let mut request = metrics.track_request("GET", web::UNMATCHED);
    /// request.set_endpoint("/tasks/{id}");
    /// request.finish(200);
    /// assert!(metrics.to_text().contains(r#"endpoint="/tasks/{id}",status_code="200"} 1"#));
    /// # Ok::<(), agent_metrics::BuildError>(())
    /// ```
    pub fn set_endpoint(&mut self, endpoint: &str) {
        let families = self.families.clone();
        let before = families.http.series(self.method, self.endpoint);
        self.endpoint = families.http.slot(endpoint);
        // The request of a stream has already been recorded at the earlier endpoint.
        if self.stage == Stage::Request && !std::ptr::eq(before, self.series()) {
            Http::start(self.series());
            Http::withdraw(before);
        }
    }

    /// Sets the HTTP status code. The body may still be sent: the request ends when the guard is dropped.
    pub fn set_status(&mut self, status: u16) {
        self.status = Some(status);
    }

    /// Ends the request with an HTTP status code.
    pub fn finish(mut self, status: u16) {
        self.set_status(status);
    }

    /// Ends the request with the status code set so far. From now on the guard measures a stream, whose duration is recorded
    /// in `agent_http_stream_duration_seconds`.
    pub fn begin_stream(&mut self) {
        self.end();
        self.start = clock::now();
        self.stage = Stage::Stream;
    }

    fn end(&self) {
        let ticks = clock::now().since(self.start);
        match self.stage {
            Stage::Request => {
                let unknown = if std::thread::panicking() { 500 } else { CLIENT_CLOSED_REQUEST };
                self.families.http.end(self.series(), self.status.unwrap_or(unknown), ticks);
            }
            Stage::Stream => self.families.http.end_stream(self.series(), ticks),
        }
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        self.end();
    }
}

debug_by_name! { RequestGuard [] []; }
