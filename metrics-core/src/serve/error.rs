//! Why an exporter doesn't start.

use std::net::SocketAddr;
use std::{fmt, io};

use crate::error::RegisterError;

/// Why an exporter was not started.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServeError {
    /// What was given is no address.
    Address(io::Error),
    /// The address can be reached from other machines, and nobody said that this is meant.
    NotLoopback {
        /// The address.
        address: SocketAddr,
    },
    /// The system doesn't give the address.
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A token that is empty, or has characters that a header can't carry.
    Token,
    /// The exporter's own family can't be registered.
    Register(RegisterError),
    /// The system gives no thread or no timer.
    Start(io::Error),
}

impl From<RegisterError> for ServeError {
    fn from(error: RegisterError) -> Self {
        Self::Register(error)
    }
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(source) => {
                write!(f, "no address to listen on ({source}); write a host and a port, as in `127.0.0.1:9185`")
            }
            Self::NotLoopback { address } => write!(
                f,
                "`{address}` can be reached from other machines; if that is meant, say \
                 `Exporter::new(..).allow_remote()`, with `.bearer_token(..)` unless all may read the metrics"
            ),
            Self::Bind { address, source } => {
                write!(f, "can't listen on `{address}` ({source}); {}", advice(source.kind()))
            }
            Self::Token => f.write_str(
                "the bearer token is empty or has characters other than visible ASCII; does it end with a line break?",
            ),
            Self::Register(error) => error.fmt(f),
            Self::Start(source) => write!(f, "the exporter's thread didn't start ({source})"),
        }
    }
}

fn advice(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::AddrInUse => {
            "another program or exporter has it: stop that, or take another port (0: any)"
        }
        io::ErrorKind::AddrNotAvailable => "no interface of this machine has that address",
        io::ErrorKind::PermissionDenied => "ports below 1024 need privileges: take a higher one",
        _ => "see whether the address is right",
    }
}

impl std::error::Error for ServeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Address(source) | Self::Bind { source, .. } | Self::Start(source) => Some(source),
            Self::Register(error) => Some(error),
            Self::NotLoopback { .. } | Self::Token => None,
        }
    }
}
