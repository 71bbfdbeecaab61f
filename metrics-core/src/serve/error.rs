//! The error of starting an exporter.

use std::net::SocketAddr;
use std::{fmt, io};

use crate::error::RegisterError;

/// The error of starting an exporter.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServeError {
    /// The address can't be parsed or resolved.
    Address(io::Error),
    /// The address can be reached from other machines, which
    /// [`allow_remote`](crate::serve::Exporter::allow_remote) must permit.
    NotLoopback {
        /// The requested address.
        address: SocketAddr,
    },
    /// The operating system refused to bind to the address.
    Bind {
        /// The requested address.
        address: SocketAddr,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The bearer token is empty or has characters that are not visible ASCII.
    Token,
    /// The exporter's family can't be registered.
    Register(RegisterError),
    /// The exporter's thread or its I/O driver can't be started.
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
                write!(f, "invalid listen address ({source}); use a host and a port, as in `127.0.0.1:9185`")
            }
            Self::NotLoopback { address } => write!(
                f,
                "`{address}` can be reached from other machines; to permit that, use `Exporter::new(..).allow_remote()`, \
                 with `.bearer_token(..)` unless everyone may read the metrics"
            ),
            Self::Bind { address, source } => {
                write!(f, "cannot listen on `{address}` ({source}); {}", advice(source.kind()))
            }
            Self::Token => f.write_str(
                "the bearer token is empty or has characters that are not visible ASCII; check for a trailing line break",
            ),
            Self::Register(error) => error.fmt(f),
            Self::Start(source) => write!(f, "cannot start the exporter's thread ({source})"),
        }
    }
}

/// Returns what the user can do about an error of binding.
fn advice(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::AddrInUse => {
            "another program or exporter uses the port; stop it or use another port (0 for any free port)"
        }
        io::ErrorKind::AddrNotAvailable => "no network interface of this machine has that address",
        io::ErrorKind::PermissionDenied => "ports below 1024 need privileges; use a higher port",
        _ => "check the address",
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
