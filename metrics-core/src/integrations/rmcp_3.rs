//! rmcp 3: results and errors of MCP tools. Needs the feature `rmcp-3`.
//!
//! A failed tool returns `Ok` with `is_error = true`. It is counted as an error, both in a function that returns the
//! result itself and in one that returns `Result<CallToolResult, _>`.

use rmcp::model::{CallToolResult, ErrorCode};
use rmcp::{ErrorData, ServiceError};

use crate::classify::{Classify, error_status};
use crate::status::Status;

super::parts::found_in_chains!(ErrorData, ServiceError);

impl Classify for CallToolResult {
    fn classify(&self) -> Status {
        if self.is_error == Some(true) { Status::Error } else { Status::Success }
    }
}

/// `rejected` if the server refused the request, `error` if it failed to process it.
impl Classify for ErrorData {
    fn classify(&self) -> Status {
        match self.code {
            ErrorCode::INVALID_REQUEST
            | ErrorCode::INVALID_PARAMS
            | ErrorCode::METHOD_NOT_FOUND
            | ErrorCode::RESOURCE_NOT_FOUND
            | ErrorCode::HEADER_MISMATCH
            | ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY
            | ErrorCode::UNSUPPORTED_PROTOCOL_VERSION => Status::Rejected,
            _ => Status::Error,
        }
    }
}

impl Classify for ServiceError {
    fn classify(&self) -> Status {
        match self {
            Self::McpError(error) => error.classify(),
            Self::Timeout { .. } => Status::Timeout,
            Self::Cancelled { .. } => Status::Cancelled,
            Self::TransportClosed => Status::Unavailable,
            Self::TransportSend(error) => match error_status(&*error.error) {
                Status::Error => Status::Unavailable,
                known => known,
            },
            _ => Status::Error,
        }
    }
}
