//! Prometheus's Pushgateway: the text format, put under a grouping key.
//!
//! Source: <https://github.com/prometheus/pushgateway#command-line> and the section "API" there.

use std::fmt;
use std::time::Instant;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::address::{Address, without_secrets};
use super::target::{Body, Encoder, Prepared, Target, check_labels, sealed};
use super::{Push, PushError};
use crate::instance::AgentMetrics;

/// Prometheus's Pushgateway, which keeps the last values of jobs that have ended until they are scraped.
///
/// A group is what is pushed under one key: the job and further labels. Each push replaces what the group had, unless
/// [`add`](Self::add) is asked for; the labels of the key hold before a sample's own of the same name. What is pushed stays for
/// ever (a gateway writes a bucket's bound as `le="1"` where a scrape has `le="1.0"`), so a job that is not run again should [`delete`](Push::delete) its group.
#[derive(Clone)]
#[must_use = "a target does nothing until it is pushed to"]
pub struct Pushgateway {
    url: String,
    /// The job first.
    key: Vec<(String, String)>,
    add: bool,
    delete_at_end: bool,
}

impl Pushgateway {
    /// To the address of a gateway, such as `http://pushgateway:9091`, for a job.
    pub fn new(url: impl Into<String>, job: impl Into<String>) -> Self {
        let key = vec![("job".to_owned(), job.into())];
        Self { url: url.into(), key, add: false, delete_at_end: false }
    }

    /// A further label of the key, such as `instance`. Any value will do, also an empty one or one with slashes.
    pub fn group(mut self, label: impl Into<String>, value: impl Into<String>) -> Self {
        self.key.push((label.into(), value.into()));
        self
    }

    /// Replaces only the families that are pushed (`POST`), and leaves the group's others as they are.
    pub fn add(mut self) -> Self {
        self.add = true;
        self
    }

    /// Deletes the group when the [`Pusher`](super::Pusher) ends, for a service: its last values would be scraped as if it still lived.
    pub fn delete_at_end(mut self) -> Self {
        self.delete_at_end = true;
        self
    }

    /// `/metrics/job/nightly/instance@base64/YS83`
    fn path(&self) -> String {
        let mut path = "/metrics".to_owned();
        for (label, value) in &self.key {
            path.push('/');
            path.push_str(label);
            put_value(value, &mut path);
        }
        path
    }

    fn check(&self) -> Result<(), PushError> {
        if self.key[0].1.is_empty() {
            return Err(PushError::setting("Pushgateway::new", "", "a job needs a name"));
        }
        // Here an empty value is one that can be told apart.
        let key: Vec<_> = self.key.iter().map(|(label, _)| (label.clone(), "any".to_owned())).collect();
        check_labels("Pushgateway::group", &key)
    }
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Writes a value and what is between it and its label. A slash, nothing and dots would not survive in a path.
fn put_value(value: &str, path: &mut String) {
    if value.is_empty() {
        path.push_str("@base64/=");
    } else if value.contains('/') || value.bytes().all(|byte| byte == b'.') {
        path.push_str("@base64/");
        path.push_str(&BASE64_URL_SAFE_NO_PAD.encode(value));
    } else {
        path.push('/');
        for byte in value.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => path.push(byte.into()),
                other => {
                    path.push('%');
                    path.extend([other >> 4, other & 15].map(|digit| HEX[usize::from(digit)] as char));
                }
            }
        }
    }
}

/// Without a login or a query, which may be secrets.
impl fmt::Debug for Pushgateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, key, add, delete_at_end } = self;
        f.debug_struct("Pushgateway")
            .field("url", &without_secrets(url))
            .field("key", key)
            .field("add", add)
            .field("delete_at_end", delete_at_end)
            .finish()
    }
}

impl sealed::Sealed for Pushgateway {}

impl Target for Pushgateway {
    fn prepare(self) -> Result<Prepared, PushError> {
        self.check()?;
        let address = Address::parse(&self.url)?;
        if address.path().contains("/metrics/job") {
            let why = "it has a job in its path: give only what is before `/metrics`";
            return Err(PushError::Address { address: address.to_string(), why });
        }
        let path = format!("{}{}", address.path(), self.path());
        Ok(Prepared {
            name: "pushgateway",
            address: address.with_path(path),
            headers: &[("Content-Type", "text/plain; version=0.0.4; charset=utf-8")],
            max_request_bytes: 4 << 20,
            is_temporary: |status| matches!(status, 408 | 429 | 500..=599),
            encoder: Box::new(Grouped { add: self.add, delete_at_end: self.delete_at_end }),
        })
    }
}

impl Push<Pushgateway> {
    /// Deletes the group with all that was pushed to it.
    ///
    /// # Errors
    /// As [`once`](Self::once).
    pub fn delete(self, metrics: &AgentMetrics) -> Result<(), PushError> {
        let until = Instant::now() + self.settings.deadline;
        let target = self.target.delete_at_end();
        Self { target, settings: self.settings }.delivery(metrics)?.farewell(until).map(drop)
    }
}

struct Grouped {
    add: bool,
    delete_at_end: bool,
}

impl Encoder for Grouped {
    /// The first request replaces the group, further ones add to it.
    fn read(&mut self, metrics: &AgentMetrics, max_bytes: usize) -> Vec<Body> {
        let mut bodies: Vec<Body> = Vec::new();
        for family in families(&metrics.to_text()) {
            let (text, samples) = without_timestamps(family);
            match bodies.last_mut() {
                Some(body) if body.bytes.len() + text.len() <= max_bytes => {
                    body.bytes.extend_from_slice(text.as_bytes());
                    body.samples += samples;
                }
                last => {
                    let method = if self.add || last.is_some() { "POST" } else { "PUT" };
                    bodies.push(Body { method, bytes: text.into_bytes(), samples });
                }
            }
        }
        bodies
    }

    fn farewell(&mut self, _: &AgentMetrics, _: usize) -> Vec<Body> {
        let delete = Body { method: "DELETE", bytes: Vec::new(), samples: 0 };
        if self.delete_at_end { vec![delete] } else { Vec::new() }
    }
}

/// An exposition, family by family.
fn families(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest.get(1..)?.find("\n# HELP ").map_or(rest.len(), |at| at + 2);
        let (family, after) = rest.split_at(end);
        rest = after;
        Some(family)
    })
}

/// The gateway refuses timestamps, which other people's collectors may give: it is scraped later. Also counts the samples.
fn without_timestamps(family: &str) -> (String, u64) {
    let mut text = String::with_capacity(family.len());
    let mut samples = 0;
    for line in family.lines() {
        if line.starts_with('#') {
            text.push_str(line);
        } else {
            // Neither values nor timestamps have braces or spaces in them.
            let labels = line.rfind('}').map_or(0, |at| at + 2);
            let begin = if labels == 0 { line.find(' ').map_or(0, |at| at + 1) } else { labels };
            let value = line[begin..].split(' ').next().unwrap_or_default();
            text.push_str(&line[..begin + value.len()]);
            samples += 1;
        }
        text.push('\n');
    }
    (text, samples)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_path_whatever_is_in_it() {
        let gateway = Pushgateway::new("http://host", "a b")
            .group("plain", "x-1_y.z~")
            .group("slash", "var/lib")
            .group("empty", "")
            .group("dots", "..")
            .group("wide", "ünï%");
        let expected = "/metrics/job/a%20b/plain/x-1_y.z~/slash@base64/dmFyL2xpYg/empty@base64/=\
                        /dots@base64/Li4/wide/%C3%BCn%C3%AF%25";
        assert_eq!(gateway.path(), expected);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let gateway = |job: &str| Pushgateway::new("http://host:9091", job);
        for (gateway, words) in [
            (gateway(""), "needs a name"),
            (gateway("a").group("job", "b"), "twice"),
            (gateway("a").group("b-c", "d"), "invalid label name"),
            (gateway("a").group("", "d"), "invalid label name"),
            (Pushgateway::new("http://host/metrics/job/a", "a"), "has a job in its path"),
            (Pushgateway::new("host:9091", "a"), "neither"),
        ] {
            let error = gateway.prepare().err().expect("refused").to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn timestamps_are_left_out() {
        let text = "# HELP a b 1 2\n# TYPE a untyped\na 1 1700000000000\na{x=\"} 3 4\"} 2.5 17\na{y=\"z\"} NaN\n\
                    # HELP b\n# TYPE b gauge\nb 7\n";
        let families: Vec<_> = families(text).map(without_timestamps).collect();
        let first = "# HELP a b 1 2\n# TYPE a untyped\na 1\na{x=\"} 3 4\"} 2.5\na{y=\"z\"} NaN\n";
        assert_eq!(families, [(first.to_owned(), 3), ("# HELP b\n# TYPE b gauge\nb 7\n".to_owned(), 1)]);
    }
}
