//! Access control of HTTP endpoints: the bearer token and the `Host` header.
//!
//! A page on any web site can make the visitor's browser connect to a loopback address, by a DNS name of the site that
//! resolves to it (DNS rebinding). The browser then treats the response as the site's own, and the page can read it. But the
//! request names the site in its `Host` header, so an endpoint on loopback answers only requests for names that no web
//! site can have: IP addresses and `localhost`, and names that the program allows.

use std::net::{Ipv4Addr, Ipv6Addr};

use subtle::ConstantTimeEq as _;

/// The names under which an endpoint may be requested.
#[derive(Clone, Default, Debug)]
pub(crate) struct AllowedHosts {
    any: bool,
    names: Vec<String>,
}

impl AllowedHosts {
    /// Allows every name, for an endpoint that is meant to be reached by other machines.
    pub(crate) fn any() -> Self {
        Self { any: true, names: Vec::new() }
    }

    /// Allows one more name, without a port.
    pub(crate) fn allow(&mut self, name: impl Into<String>) {
        self.names.push(name.into());
    }

    /// Returns true if no name has been allowed explicitly.
    pub(crate) fn is_default(&self) -> bool {
        !self.any && self.names.is_empty()
    }

    /// Returns true if a request with this `Host` header may be answered. A request without one was not sent by a browser.
    pub(crate) fn admit(&self, host: Option<&str>) -> bool {
        let Some(host) = host.filter(|_| !self.any) else { return true };
        let name = name_of(host.trim());
        is_address(name)
            || is_localhost(name)
            || self.names.iter().any(|allowed| allowed.eq_ignore_ascii_case(name))
    }
}

/// Returns the host of a `Host` header without its port.
fn name_of(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) if port.is_empty() || port.starts_with(':') => address,
        _ => host.rsplit_once(':').map_or(host, |(name, _)| name),
    }
}

/// No DNS name is an IP address, so a page that is loaded from an address was served by that address.
fn is_address(name: &str) -> bool {
    name.parse::<Ipv4Addr>().is_ok() || name.parse::<Ipv6Addr>().is_ok()
}

/// Browsers resolve `localhost` and the names below it to loopback addresses, without asking a DNS server.
fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// Returns true if the value of an `Authorization` header is the bearer token. The comparison takes constant time.
pub(crate) fn has_token(authorization: Option<&[u8]>, token: &str) -> bool {
    let given = authorization.and_then(|value| {
        let (scheme, given) = value.split_at_checked("Bearer ".len())?;
        scheme.eq_ignore_ascii_case(b"Bearer ").then(|| given.trim_ascii())
    });
    given.is_some_and(|given| bool::from(given.ct_eq(token.as_bytes())))
}

/// Returns true if a token is not empty and can be sent in a header.
pub(crate) fn is_usable_token(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_a_web_site_can_have_is_refused() {
        let hosts = AllowedHosts::default();
        for host in [
            "127.0.0.1:9185",
            "127.0.0.1",
            "[::1]:9185",
            "[::1]",
            "localhost:80",
            "LOCALHOST",
            "a.localhost:1",
            "10.1.2.3",
        ] {
            assert!(hosts.admit(Some(host)), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:9185",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "",
            "notlocalhost",
            "[::1].evil.example:x",
        ] {
            assert!(!hosts.admit(Some(host)), "{host}");
        }
        assert!(hosts.admit(None));
    }

    #[test]
    fn further_names_are_allowed_without_their_port() {
        let mut hosts = AllowedHosts::default();
        hosts.allow("metrics.internal");
        assert!(hosts.admit(Some("Metrics.Internal:8080")) && !hosts.admit(Some("other.internal")));
        assert!(AllowedHosts::any().admit(Some("other.internal")));
    }
}
