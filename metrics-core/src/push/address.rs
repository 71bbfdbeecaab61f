//! Addresses of engines, checked when pushing is set up.

use std::fmt;

use ureq::http::Uri;
use ureq::http::uri::Authority;

use crate::error::PushError;

/// Where an engine listens. What is shown of it has no query, since that may hold a secret.
#[derive(Clone)]
pub struct Address {
    /// `http://host:port`
    origin: String,
    path: String,
    query: Option<String>,
}

impl Address {
    pub(super) fn parse(text: &str) -> Result<Self, PushError> {
        let refuse = |why| PushError::Address { address: without_secrets(text), why };
        let uri: Uri =
            text.parse().map_err(|_| refuse("no URL: expected one such as `http://host:9090/path`"))?;
        let Some(scheme) = uri.scheme_str().filter(|scheme| ["http", "https"].contains(scheme)) else {
            return Err(refuse("neither `http://` nor `https://` is before its host"));
        };
        if scheme == "https" && !cfg!(feature = "push-tls") {
            return Err(refuse("`https` needs the feature `push-tls`"));
        }
        let authority = uri.authority().map(Authority::as_str).unwrap_or_default();
        if authority.contains('@') {
            return Err(refuse("a login in it would be seen in logs: give it to `basic_auth`"));
        }
        let host = uri.host().unwrap_or_default();
        if host.is_empty() {
            return Err(refuse("there is no host in it"));
        }
        if authority.len() > host.len() && uri.port_u16().is_none() {
            return Err(refuse("its port is no number up to 65535"));
        }
        Ok(Self {
            origin: format!("{scheme}://{authority}"),
            path: uri.path().trim_end_matches('/').to_owned(),
            query: uri.query().map(str::to_owned),
        })
    }

    /// The path, without a slash at its end.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    #[cfg(any(feature = "pushgateway", feature = "otlp"))]
    pub(super) fn with_path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// All of it, as it is asked for.
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

/// A URL without its login and its query.
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
    fn what_is_no_address_is_refused_and_shows_no_secret() {
        for (url, words) in [
            ("", "no URL"),
            ("not a url", "no URL"),
            ("localhost:9091", "neither"),
            ("ftp://host/path", "neither"),
            ("/api/v1/write", "neither"),
            ("http://", "no URL"),
            ("http://user:secret@host/", "basic_auth"),
            ("http://:9090/", "no host"),
            ("http://host:port/", "its port"),
            ("http://host:99999/", "its port"),
            ("bad scheme://user:secret@host/?token=secret", "no URL"),
        ] {
            let message = Address::parse(url).err().unwrap_or_else(|| panic!("{url} was taken")).to_string();
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
