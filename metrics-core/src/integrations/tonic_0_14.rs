//! tonic 0.14: statuses of gRPC calls. Needs the feature `tonic-0_14`.
//!
//! A gRPC code has the status of the HTTP status code to which `google.rpc.Code` (googleapis, `google/rpc/code.proto`)
//! maps it, with two exceptions: `UNKNOWN` has the status of the error's source, or `error` without one, and
//! `UNIMPLEMENTED` is `rejected`, since a retry can't succeed.

use std::error::Error;
use std::time::Duration;

use tonic::Code;

use crate::classify::{Classify, error_status};
use crate::status::Status;

impl Classify for Code {
    fn classify(&self) -> Status {
        match self {
            Code::Ok => Status::Success,
            Code::Cancelled => Status::Cancelled,
            Code::DeadlineExceeded => Status::Timeout,
            Code::ResourceExhausted => Status::RateLimited,
            Code::Internal | Code::Unavailable | Code::DataLoss => Status::Unavailable,
            Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::PermissionDenied
            | Code::FailedPrecondition
            | Code::Aborted
            | Code::OutOfRange
            | Code::Unimplemented
            | Code::Unauthenticated => Status::Rejected,
            Code::Unknown => Status::Error,
        }
    }
}

super::parts::found_in_chains!(tonic::Status);

impl Classify for tonic::Status {
    fn classify(&self) -> Status {
        match (self.code(), self.source()) {
            (Code::Unknown, Some(source)) => error_status(source),
            (code, _) => code.classify(),
        }
    }

    /// Returns the wait that `grpc-retry-pushback-ms` or a proxy's `retry-after` requests.
    ///
    /// According to gRPC's proposal A6, a push-back that is not a number of milliseconds requests that the call is not
    /// retried. It is returned as [`Duration::MAX`], which is longer than any permitted wait.
    fn retry_after(&self) -> Option<Duration> {
        let text = |name: &str| self.metadata().get(name)?.to_str().ok();
        match text("grpc-retry-pushback-ms") {
            Some(pushback) => Some(pushback.parse().map_or(Duration::MAX, Duration::from_millis)),
            None => crate::classify::retry_after(text),
        }
    }
}
