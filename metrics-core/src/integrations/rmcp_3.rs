//! rmcp 3: results and errors of MCP tools. The feature is `rmcp-3`.
//!
//! A tool that failed answers `Ok` with `is_error = true`, which counts as the error it is: in a function that
//! returns the result as well as in one that returns `Result<CallToolResult, _>`.

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

/// What the other side refused is `rejected`, what it failed at `error`.
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
                told => told,
            },
            _ => Status::Error,
        }
    }
}
