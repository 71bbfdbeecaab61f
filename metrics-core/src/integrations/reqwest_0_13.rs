//! reqwest 0.13: the statuses of its errors and responses. The feature is `reqwest-0_13`.
//!
//! An error is `timeout`, what its HTTP status code stands for, or `unavailable` where no connection came about or the one
//! there was broke; what the caller did wrong (a URL, a body that is no JSON) is `error`. A response is what its status
//! code stands for, so that `#[track_tool]` on a function that returns `reqwest::Result<Response>` sees a 503.

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
        Status::of_http(self.status().as_u16())
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
