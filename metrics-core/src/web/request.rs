//! What every skin does with a request: it begins it, tells its head, and ends it with its body.

use std::borrow::Cow;
use std::sync::Arc;

use super::{UNMATCHED, template};
use crate::{AgentMetrics, RequestGuard};

/// Where requests are counted, and which are not.
#[derive(Clone)]
pub(super) struct Observer {
    metrics: AgentMetrics,
    excluded: Arc<[String]>,
}

impl Observer {
    pub(super) fn new(metrics: &AgentMetrics) -> Self {
        Self { metrics: metrics.clone(), excluded: Arc::new(["/metrics".to_owned()]) }
    }

    pub(super) fn exclude(&mut self, paths: impl IntoIterator<Item = impl Into<String>>) {
        self.excluded = paths.into_iter().map(Into::into).collect();
    }

    /// A request arrives. `endpoint` is its route's template as the framework writes it, `None` where no route
    /// matches.
    pub(super) fn begin(&self, method: &str, path: &str, endpoint: Option<&str>) -> Observed {
        if self.excluded.iter().any(|excluded| excluded == path) {
            return Observed(None);
        }
        Observed(Some(self.metrics.track_request(method, &in_form(endpoint))))
    }
}

fn in_form(endpoint: Option<&str>) -> Cow<'_, str> {
    endpoint.map_or(Cow::Borrowed(UNMATCHED), template)
}

/// A request while it is answered; nothing of one that isn't counted. It ends when this is dropped.
#[derive(Default)]
pub(super) struct Observed(Option<RequestGuard>);

impl Observed {
    #[cfg(feature = "rocket")]
    pub(super) fn is_counted(&self) -> bool {
        self.0.is_some()
    }

    /// The framework has routed the request, and what was known before was a guess.
    #[cfg(any(feature = "actix-web", feature = "rocket"))]
    pub(super) fn routed(&mut self, endpoint: Option<&str>) {
        if let Some(guard) = &mut self.0 {
            guard.set_endpoint(&in_form(endpoint));
        }
    }

    /// The head of the response goes out.
    pub(super) fn head(&mut self, status: u16, content_type: Option<&[u8]>) {
        if let Some(guard) = &mut self.0 {
            guard.set_status(status);
            if content_type.is_some_and(is_event_stream) {
                guard.begin_stream();
            }
        }
    }

    /// The body has ended.
    pub(super) fn end(&mut self) {
        self.0 = None;
    }

    /// Runs a piece of the service. If it panics the request ends at once, as `500`: nobody need drop the rest soon.
    #[cfg(feature = "tower")]
    pub(super) fn through<T>(&mut self, piece: impl FnOnce() -> T) -> T {
        struct OnPanic<'a>(&'a mut Observed);

        impl Drop for OnPanic<'_> {
            fn drop(&mut self) {
                if std::thread::panicking() {
                    self.0.end();
                }
            }
        }

        let _on_panic = OnPanic(self);
        piece()
    }
}

fn is_event_stream(content_type: &[u8]) -> bool {
    let media_type = content_type.split(|byte| *byte == b';').next().unwrap_or_default();
    media_type.trim_ascii().eq_ignore_ascii_case(b"text/event-stream")
}

/// The lines of a header as one list.
#[cfg(any(feature = "axum", feature = "actix-web", feature = "rocket"))]
pub(super) fn joined<'a>(lines: impl Iterator<Item = &'a str>) -> Option<String> {
    let lines: Vec<_> = lines.collect();
    (!lines.is_empty()).then(|| lines.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_streams_are_told_by_their_type() {
        for yes in ["text/event-stream", "text/event-stream; charset=utf-8", "Text/Event-Stream ;x=y"] {
            assert!(is_event_stream(yes.as_bytes()), "{yes}");
        }
        for no in ["text/event-streams", "text/plain", "", "application/json; a=text/event-stream"] {
            assert!(!is_event_stream(no.as_bytes()), "{no}");
        }
    }
}
