//! The address of a target, checked before the first push.

use std::fmt;

use ureq::http::Uri;
use ureq::http::uri::Authority;

use crate::error::PushError;

/// The address of a target. Its `Display` leaves out the query, which may contain a secret.
#[derive(Clone)]
pub struct Address {
    /// The scheme and the authority: `http://host:port`.
    origin: String,
    path: String,
    query: Option<String>,
}

impl Address {
    pub(super) fn parse(text: &str) -> Result<Self, PushError> {
        let refuse = |why| PushError::Address { address: without_secrets(text), why };
        let uri: Uri =
            text.parse().map_err(|_| refuse("not a URL: expected, for example, `http://host:9090/path`"))?;
        let Some(scheme) = uri.scheme_str().filter(|scheme| ["http", "https"].contains(scheme)) else {
            return Err(refuse("expected `http://` or `https://` before its host"));
        };
        if scheme == "https" && !cfg!(feature = "push-tls") {
            return Err(refuse("`https` needs the feature `push-tls`"));
        }
        let authority = uri.authority().map(Authority::as_str).unwrap_or_default();
        if authority.contains('@') {
            return Err(refuse("it contains a login, which would appear in logs: use `basic_auth` instead"));
        }
        let host = uri.host().unwrap_or_default();
        if host.is_empty() {
            return Err(refuse("it has no host"));
        }
        if authority.len() > host.len() && uri.port_u16().is_none() {
            return Err(refuse("its port is not a number up to 65535"));
        }
        Ok(Self {
            origin: format!("{scheme}://{authority}"),
            path: uri.path().trim_end_matches('/').to_owned(),
            query: uri.query().map(str::to_owned),
        })
    }

    /// The path, without a trailing slash.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    #[cfg(any(feature = "pushgateway", feature = "otlp"))]
    pub(super) fn with_path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// The whole URL of requests, with its query.
    pub(super) fn url(&self) -> String {
        match &self.query {
            Some(query) => format!("{self}?{query}"),
            None => self.to_string(),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)?;
        f.write_str(if self.path.is_empty() { "/" } else { &self.path })
    }
}

/// Leaves out the query, which may contain a secret.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

/// Returns a URL without its login, query and fragment.
pub(super) fn without_secrets(url: &str) -> String {
    let shown = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = shown.split_once("://").map_or(("", shown), |(scheme, rest)| (scheme, rest));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    if scheme.is_empty() { format!("{host}{path}") } else { format!("{scheme}://{host}{path}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_address_is_refused_without_showing_its_secrets() {
        for (url, words) in [
            ("", "not a URL"),
            ("not a url", "not a URL"),
            ("localhost:9091", "expected `http"),
            ("ftp://host/path", "expected `http"),
            ("/api/v1/write", "expected `http"),
            ("http://", "not a URL"),
            ("http://user:secret@host/", "basic_auth"),
            ("http://:9090/", "no host"),
            ("http://host:port/", "its port"),
            ("http://host:99999/", "its port"),
            ("bad scheme://user:secret@host/?token=secret", "not a URL"),
        ] {
            let message =
                Address::parse(url).err().unwrap_or_else(|| panic!("{url} was accepted")).to_string();
            assert!(message.contains(words) && !message.contains("secret"), "{url}: {message}");
        }
    }

    #[test]
    fn an_address_is_shown_without_its_query() {
        let address = Address::parse("http://[::1]:9090/api/v1/write/?token=secret").unwrap();
        assert_eq!(address.to_string(), "http://[::1]:9090/api/v1/write");
        assert_eq!(address.url(), "http://[::1]:9090/api/v1/write?token=secret");
        assert_eq!(Address::parse("http://host").unwrap().to_string(), "http://host/");
    }

    #[test]
    #[cfg(not(feature = "push-tls"))]
    fn https_names_its_feature() {
        let error = Address::parse("https://host/").err().unwrap().to_string();
        assert!(error.contains("push-tls"), "{error}");
    }
}
