//! tonic.

use std::time::Duration;

use agent_metrics::classify::error_status;
use agent_metrics::{Classify, Status as CallStatus, assert_metrics, testing, track_tool};
use tonic::{Code, Response, Status};

#[test]
fn every_grpc_code_has_its_status() {
    use CallStatus as Is;
    for (code, expected) in [
        (Code::Ok, Is::Success),
        (Code::Cancelled, Is::Cancelled),
        (Code::Unknown, Is::Error),
        (Code::InvalidArgument, Is::Rejected),
        (Code::DeadlineExceeded, Is::Timeout),
        (Code::NotFound, Is::Rejected),
        (Code::AlreadyExists, Is::Rejected),
        (Code::PermissionDenied, Is::Rejected),
        (Code::ResourceExhausted, Is::RateLimited),
        (Code::FailedPrecondition, Is::Rejected),
        (Code::Aborted, Is::Rejected),
        (Code::OutOfRange, Is::Rejected),
        (Code::Unimplemented, Is::Rejected),
        (Code::Internal, Is::Unavailable),
        (Code::Unavailable, Is::Unavailable),
        (Code::DataLoss, Is::Unavailable),
        (Code::Unauthenticated, Is::Rejected),
    ] {
        assert_eq!((code.classify(), Status::new(code, "..").classify()), (expected, expected), "{code:?}");
    }
}

#[test]
fn an_unknown_code_has_the_status_of_its_source() {
    let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
    let status = Status::from_error(Box::new(refused));
    assert_eq!(status.classify(), CallStatus::Unavailable, "{status:?}");
    let error = anyhow::Error::from(Status::resource_exhausted("..")).context("while asking");
    assert_eq!(error_status(error.as_ref()), CallStatus::RateLimited);
}

#[test]
fn a_servers_push_back_is_the_requested_wait() {
    let mut status = Status::unavailable("..");
    assert_eq!(status.retry_after(), None);
    status.metadata_mut().insert("grpc-retry-pushback-ms", "250".parse().expect("ASCII"));
    assert_eq!(status.retry_after(), Some(Duration::from_millis(250)));
    status.metadata_mut().insert("grpc-retry-pushback-ms", "-1".parse().expect("ASCII"));
    assert_eq!(status.retry_after(), Some(Duration::MAX), "the server requests no retry");
}

#[track_tool]
async fn look_up(status: Option<Status>) -> Result<Response<()>, Status> {
    status.map_or_else(|| Ok(Response::new(())), Err)
}

#[tokio::test]
async fn a_tracked_method_is_counted_by_its_grpc_status() {
    let metrics = testing::isolated();
    let _ = (look_up(None).await, look_up(Some(Status::deadline_exceeded(".."))).await);
    assert_metrics!(metrics, {
        agent_tool_calls_total { tool_name = "look_up", status = "success" } == 1,
        agent_tool_calls_total { tool_name = "look_up", status = "timeout" } == 1,
    });
}
