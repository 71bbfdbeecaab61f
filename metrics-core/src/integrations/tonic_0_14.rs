//! tonic 0.14: the statuses of gRPC. The feature is `tonic-0_14`.
//!
//! A code is what the HTTP status code stands for that `google.rpc.Code` (googleapis, `google/rpc/code.proto`) maps it to,
//! with two exceptions: `UNKNOWN` is what the error behind it says, else `error`, and `UNIMPLEMENTED` is `rejected`, since
//! no other time will be better.

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

    /// By `grpc-retry-pushback-ms` (gRPC's proposal A6, where anything but a count asks not to be tried again: then it
    /// is longer than any wait) or a proxy's `retry-after`.
    fn retry_after(&self) -> Option<Duration> {
        let text = |name: &str| self.metadata().get(name)?.to_str().ok();
        match text("grpc-retry-pushback-ms") {
            Some(pushback) => Some(pushback.parse().map_or(Duration::MAX, Duration::from_millis)),
            None => crate::classify::retry_after(text),
        }
    }
}
