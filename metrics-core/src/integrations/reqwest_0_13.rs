//! reqwest 0.13: statuses of errors and responses. Needs the feature `reqwest-0_13`.
//!
//! An error is `timeout`, the status of its HTTP status code, or `unavailable` if no connection could be made or the
//! connection broke. A mistake of the caller, such as an invalid URL, and a body that isn't JSON are `error`. A response
//! has the status of its HTTP status code, so `#[track_tool]` on a function that returns `reqwest::Result<Response>`
//! counts a 503 as `unavailable`.

use std::time::Duration;

use crate::classify::Classify;
use crate::status::Status;

super::parts::found_in_chains!(reqwest::Error);

impl Classify for reqwest::Error {
    fn classify(&self) -> Status {
        super::parts::reqwest_status!(self)
    }
}

impl Classify for reqwest::Response {
    fn classify(&self) -> Status {
        Status::from_http(self.status().as_u16())
    }

    fn retry_after(&self) -> Option<Duration> {
        crate::classify::retry_after(|name| self.headers().get(name)?.to_str().ok())
    }
}

#[cfg(feature = "tower")]
impl super::tower::ResponseHead for reqwest::Response {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }
}
