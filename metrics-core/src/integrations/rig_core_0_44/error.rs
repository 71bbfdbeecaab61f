//! Statuses of rig's errors.

use std::time::Duration;

use rig_core::http_client::Error as HttpError;
use rig_core::{ErrorKind, ErrorReport, ProviderError, ProviderResponseError};

use crate::classify::{Classify, error_status, retry_after};
use crate::status::Status;
use crate::usage::wire::WireFormat;

crate::integrations::parts::found_in_chains!(ProviderError, ErrorReport, ProviderResponseError);

/// Returns the status of a provider's reply: by its body if that names a specific cause, otherwise by the HTTP status
/// code, otherwise by the code of another transport.
fn reply_status(http_status: Option<u16>, code: Option<&str>, body: &str) -> Status {
    let by_http = http_status.map(Status::from_http).filter(|status| *status != Status::Success);
    let by_code = || code.and_then(|code| WireFormat::cause_of_any_words(&[code], None));
    let otherwise = by_http.or_else(by_code).unwrap_or(Status::Error);
    serde_json::from_str(body).map_or(otherwise, |body| WireFormat::cause_of_any(otherwise, &body))
}

impl Classify for ProviderResponseError {
    fn classify(&self) -> Status {
        if self.refusal {
            return Status::ContentFiltered;
        }
        reply_status(self.status.map(|status| status.as_u16()), self.code.as_deref(), &self.body)
    }

    fn retry_after(&self) -> Option<Duration> {
        let headers = self.headers.as_ref()?;
        retry_after(|name| headers.get(name)?.to_str().ok())
    }
}

/// The report of an error that a relay delivered.
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
            _ => reply_status(self.http_status, self.code.as_deref(), ""),
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
                // There was no reply. With the feature `reqwest-0_13`, a timeout is recognised as one.
                HttpError::Instance(error) => match error_status(&**error) {
                    Status::Error => Status::Unavailable,
                    known => known,
                },
                HttpError::StreamEnded => Status::Unavailable,
                HttpError::InvalidStatusCodeWithDetails { status, body, .. } => {
                    reply_status(Some(status.as_u16()), None, body)
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
