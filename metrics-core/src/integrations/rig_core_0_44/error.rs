//! Errors.

use std::time::Duration;

use rig_core::http_client::Error as HttpError;
use rig_core::{ErrorKind, ErrorReport, ProviderError, ProviderResponseError};

use crate::classify::{Classify, error_status, retry_after};
use crate::status::Status;
use crate::usage::wire::WireFormat;

crate::integrations::parts::found_in_chains!(ProviderError, ErrorReport, ProviderResponseError);

/// What a reply stands for: its body where that names a cause of its own, else the HTTP status code, else the code that
/// another transport gave.
fn of_reply(http_status: Option<u16>, code: Option<&str>, body: &str) -> Status {
    let by_http = http_status.map(Status::of_http).filter(|status| *status != Status::Success);
    let by_code = || code.and_then(|code| WireFormat::cause_of_any_words(&[code], None));
    let otherwise = by_http.or_else(by_code).unwrap_or(Status::Error);
    serde_json::from_str(body).map_or(otherwise, |body| WireFormat::cause_of_any(otherwise, &body))
}

impl Classify for ProviderResponseError {
    fn classify(&self) -> Status {
        if self.refusal {
            return Status::ContentFiltered;
        }
        of_reply(self.status.map(|status| status.as_u16()), self.code.as_deref(), &self.body)
    }

    fn retry_after(&self) -> Option<Duration> {
        let headers = self.headers.as_ref()?;
        retry_after(|name| headers.get(name)?.to_str().ok())
    }
}

/// An error that a relay delivered as its report.
impl Classify for ErrorReport {
    fn classify(&self) -> Status {
        if let Some(reply) = &self.provider_response {
            return reply.classify();
        }
        match self.kind {
            _ if self.refusal => Status::ContentFiltered,
            ErrorKind::Timeout => Status::Timeout,
            ErrorKind::Cancelled => Status::Cancelled,
            ErrorKind::Http | ErrorKind::BusClosed | ErrorKind::HandlerUnavailable => Status::Unavailable,
            _ => of_reply(self.http_status, self.code.as_deref(), ""),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        self.provider_response.as_ref()?.retry_after()
    }
}

impl Classify for ProviderError {
    fn classify(&self) -> Status {
        match self {
            Self::Http(error) => match &**error {
                // No reply came. With the feature of the HTTP client (`reqwest-0_13`), a timeout is known as such.
                HttpError::Instance(error) => match error_status(&**error) {
                    Status::Error => Status::Unavailable,
                    told => told,
                },
                HttpError::StreamEnded => Status::Unavailable,
                HttpError::InvalidStatusCodeWithDetails { status, body, .. } => {
                    of_reply(Some(status.as_u16()), None, body)
                }
                _ => Status::Error,
            },
            Self::ProviderResponse(reply)
            | Self::InvalidAuthentication(reply)
            | Self::CacheExpired { response: reply, .. } => reply.classify(),
            Self::Relayed(report) => report.classify(),
            Self::Truncated => Status::Unavailable,
            _ => Status::Error,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Relayed(report) => report.retry_after(),
            error => error.provider_response()?.retry_after(),
        }
    }
}
