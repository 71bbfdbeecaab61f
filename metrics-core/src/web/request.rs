//! Recording of a request, as all frameworks share it: it begins, its response head is sent, its body ends.

use std::borrow::Cow;
use std::sync::Arc;
#[cfg(feature = "tower")]
use std::sync::OnceLock;

use super::template::{UNMATCHED, template};
use crate::instance::AgentMetrics;
use crate::recorder::RequestGuard;

/// Records the requests of a service, except those of excluded paths.
#[derive(Clone, Debug)]
pub(super) struct Observer {
    metrics: AgentMetrics,
    excluded: Arc<[String]>,
}

impl Observer {
    pub(super) fn new(metrics: &AgentMetrics) -> Self {
        Self { metrics: metrics.clone(), excluded: Arc::new(["/metrics".to_owned()]) }
    }

    /// Replaces the excluded paths.
    pub(super) fn exclude(&mut self, paths: impl IntoIterator<Item = impl Into<String>>) {
        self.excluded = paths.into_iter().map(Into::into).collect();
    }

    /// Returns the template that the user's function gives. A panic of the function is counted and reported, and the request
    /// has no template then.
    #[cfg(feature = "tower")]
    pub(super) fn endpoint<'a>(&self, find: impl FnOnce() -> Option<&'a str>) -> Option<&'a str> {
        self.metrics.families_ref().faults.caught(find).flatten()
    }

    /// Returns what a request carries along from now on: that this instance counts it, besides those in `counted`.
    ///
    /// # Errors
    /// Returns the entry of an outer layer of the same instance, which counts the request already: a layer may be added to a
    /// router and to the one it is nested in.
    #[cfg(any(feature = "tower", feature = "actix-web"))]
    pub(super) fn claim<'a>(&self, counted: Option<&'a CountedBy>) -> Result<CountedBy, &'a CountedBy> {
        let mut outer = counted;
        while let Some(by) = outer {
            if by.metrics.is(&self.metrics) {
                return Err(by);
            }
            outer = by.outer.as_deref();
        }
        Ok(CountedBy {
            metrics: self.metrics.clone(),
            outer: counted.cloned().map(Arc::new),
            #[cfg(feature = "tower")]
            inner_route: None,
        })
    }

    /// Begins a request. `endpoint` is the template of its route in the framework's form; `None` if no route matches.
    pub(super) fn begin(&self, method: &str, path: &str, endpoint: Option<&str>) -> ObservedRequest {
        if self.excluded.iter().any(|excluded| excluded == path) {
            return ObservedRequest(None);
        }
        ObservedRequest(Some(self.metrics.track_request(method, &endpoint_label(endpoint))))
    }
}

/// The template of a route that only an inner layer can find.
#[cfg(feature = "tower")]
pub(super) type InnerRoute = Arc<OnceLock<String>>;

/// The instances that count a request.
#[cfg(any(feature = "tower", feature = "actix-web"))]
#[derive(Clone)]
pub(super) struct CountedBy {
    metrics: AgentMetrics,
    outer: Option<Arc<CountedBy>>,
    /// Where an inner layer puts the template that it finds, if this one found none.
    #[cfg(feature = "tower")]
    pub(super) inner_route: Option<InnerRoute>,
}

/// Returns the value of the label `endpoint`.
fn endpoint_label(endpoint: Option<&str>) -> Cow<'_, str> {
    endpoint.map_or(Cow::Borrowed(UNMATCHED), template)
}

/// A request in progress, which ends when this is dropped. Empty for an excluded path.
#[derive(Default)]
pub(super) struct ObservedRequest(Option<RequestGuard>);

impl ObservedRequest {
    /// Returns false for an excluded path and for a request that has ended.
    #[cfg(feature = "rocket")]
    pub(super) fn is_counted(&self) -> bool {
        self.0.is_some()
    }

    /// Sets the endpoint after routing, in place of the one guessed when the request began.
    pub(super) fn routed(&mut self, endpoint: Option<&str>) {
        if let Some(guard) = &mut self.0 {
            guard.set_endpoint(&endpoint_label(endpoint));
        }
    }

    /// Records that the response head is sent.
    pub(super) fn head(&mut self, status: u16, content_type: Option<&[u8]>) {
        if let Some(guard) = &mut self.0 {
            guard.set_status(status);
            if content_type.is_some_and(is_event_stream) {
                guard.begin_stream();
            }
        }
    }

    /// Records the end of the response body, and with it of the request.
    pub(super) fn end(&mut self) {
        self.0 = None;
    }

    /// Runs a part of the service. If it panics, the request ends immediately with status code 500, since the service's
    /// future may be dropped much later.
    #[cfg(feature = "tower")]
    pub(super) fn run<T>(&mut self, service: impl FnOnce() -> T) -> T {
        struct OnPanic<'a>(&'a mut ObservedRequest);

        impl Drop for OnPanic<'_> {
            fn drop(&mut self) {
                if std::thread::panicking() {
                    self.0.end();
                }
            }
        }

        let _on_panic = OnPanic(self);
        service()
    }
}

/// Returns true for the content type `text/event-stream`.
fn is_event_stream(content_type: &[u8]) -> bool {
    let media_type = content_type.split(|byte| *byte == b';').next().unwrap_or_default();
    media_type.trim_ascii().eq_ignore_ascii_case(b"text/event-stream")
}

/// Joins the lines of a header to one comma-separated list.
#[cfg(any(feature = "axum", feature = "actix-web", feature = "rocket"))]
pub(super) fn joined<'a>(lines: impl Iterator<Item = &'a str>) -> Option<String> {
    let lines: Vec<_> = lines.collect();
    (!lines.is_empty()).then(|| lines.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_streams_are_recognised_by_their_content_type() {
        for yes in ["text/event-stream", "text/event-stream; charset=utf-8", "Text/Event-Stream ;x=y"] {
            assert!(is_event_stream(yes.as_bytes()), "{yes}");
        }
        for no in ["text/event-streams", "text/plain", "", "application/json; a=text/event-stream"] {
            assert!(!is_event_stream(no.as_bytes()), "{no}");
        }
    }
}
