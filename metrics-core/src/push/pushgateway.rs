//! Prometheus's Pushgateway: the text format, sent to the URL of a group.
//!
//! Source: <https://github.com/prometheus/pushgateway#command-line> and the section "API" there.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::address::{Address, without_secrets};
use super::target::{Encoder, PreparedTarget, RequestBody, Target, check_labels, sealed};
use crate::error::PushError;
use crate::instance::AgentMetrics;

/// A Prometheus Pushgateway, which keeps the last values of jobs that have ended, so that they can be scraped.
///
/// The gateway stores samples in groups. The key of a group is the job and the labels added by [`group`](Self::group). Each
/// push replaces the whole group, unless [`add`](Self::add) is set. If a sample has a label of the key, the key's value
/// replaces the sample's.
///
/// A group stays until it is deleted, so a job that does not run again should [`delete`](super::Push::delete) it. The
/// gateway writes a bucket bound as `le="1"` where a scrape of the agent has `le="1.0"`.
#[derive(Clone)]
#[must_use = "a target does nothing until it is pushed to"]
pub struct Pushgateway {
    url: String,
    /// The labels of the group, the job first.
    key: Vec<(String, String)>,
    add: bool,
    delete_at_end: bool,
}

impl Pushgateway {
    /// Creates a target from the address of a gateway, such as `http://pushgateway:9091`, and the name of a job.
    pub fn new(url: impl Into<String>, job: impl Into<String>) -> Self {
        let key = vec![("job".to_owned(), job.into())];
        Self { url: url.into(), key, add: false, delete_at_end: false }
    }

    /// Adds a label to the key of the group, such as `instance`. Every value is allowed, even an empty one.
    pub fn group(mut self, label: impl Into<String>, value: impl Into<String>) -> Self {
        self.key.push((label.into(), value.into()));
        self
    }

    /// Replaces only the pushed families of the group (`POST`) and keeps its other families.
    pub fn add(mut self) -> Self {
        self.add = true;
        self
    }

    /// Deletes the group when the [`Pusher`](super::Pusher) ends. Use it for services, whose last values would otherwise be
    /// scraped as if they still ran.
    pub fn delete_at_end(mut self) -> Self {
        self.delete_at_end = true;
        self
    }

    /// The path of the group, such as `/metrics/job/nightly/instance@base64/YS83`.
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
        // Unlike elsewhere, an empty value is valid here.
        let key: Vec<_> = self.key.iter().map(|(label, _)| (label.clone(), "any".to_owned())).collect();
        check_labels("Pushgateway::group", &key)
    }
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Appends a value and its separator from the label. Values that a path cannot carry (with a slash, empty, or only dots)
/// are written in base64.
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

/// Leaves out the login and the query of the URL, which may be secrets.
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
    fn prepare(self) -> Result<PreparedTarget, PushError> {
        self.check()?;
        let address = Address::parse(&self.url)?;
        if address.path().contains("/metrics/job") {
            let why = "its path has a job: give only the part before `/metrics`";
            return Err(PushError::Address { address: address.to_string(), why });
        }
        let path = format!("{}{}", address.path(), self.path());
        Ok(PreparedTarget {
            name: "pushgateway",
            address: address.with_path(path),
            headers: &[("Content-Type", "text/plain; version=0.0.4; charset=utf-8")],
            max_request_bytes: 4 << 20,
            is_temporary: |status| matches!(status, 408 | 429 | 500..=599),
            encoder: Box::new(GroupEncoder { add: self.add, delete_at_end: self.delete_at_end }),
        })
    }
}

/// Encodes pushes to one group.
struct GroupEncoder {
    add: bool,
    delete_at_end: bool,
}

impl Encoder for GroupEncoder {
    /// Unless families are added, the first request replaces the group and further requests add to it.
    fn encode(&mut self, metrics: &AgentMetrics, max_bytes: usize) -> Vec<RequestBody> {
        let mut bodies: Vec<RequestBody> = Vec::new();
        for family in families(&metrics.to_text()) {
            let (text, samples) = without_timestamps(family);
            match bodies.last_mut() {
                Some(body) if body.bytes.len() + text.len() <= max_bytes => {
                    body.bytes.extend_from_slice(text.as_bytes());
                    body.samples += samples;
                }
                last => {
                    let method = if self.add || last.is_some() { "POST" } else { "PUT" };
                    bodies.push(RequestBody { method, bytes: text.into_bytes(), samples });
                }
            }
        }
        bodies
    }

    fn encode_end(&mut self, _: &AgentMetrics, _: usize) -> Vec<RequestBody> {
        let delete = RequestBody { method: "DELETE", bytes: Vec::new(), samples: 0 };
        if self.delete_at_end { vec![delete] } else { Vec::new() }
    }
}

/// Splits an exposition into its families.
fn families(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest.get(1..)?.find("\n# HELP ").map_or(rest.len(), |at| at + 2);
        let (family, after) = rest.split_at(end);
        rest = after;
        Some(family)
    })
}

/// Removes the timestamps of a family and counts its samples. Foreign collectors may set timestamps, and the gateway refuses
/// them.
fn without_timestamps(family: &str) -> (String, u64) {
    let mut text = String::with_capacity(family.len());
    let mut samples = 0;
    for line in family.lines() {
        if line.starts_with('#') {
            text.push_str(line);
        } else {
            // Neither a value nor a timestamp contains a brace or a space.
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
    fn every_label_value_of_a_key_survives_in_the_path() {
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
    fn an_invalid_key_or_address_is_refused() {
        let gateway = |job: &str| Pushgateway::new("http://host:9091", job);
        for (gateway, words) in [
            (gateway(""), "needs a name"),
            (gateway("a").group("job", "b"), "twice"),
            (gateway("a").group("b-c", "d"), "invalid label name"),
            (gateway("a").group("", "d"), "invalid label name"),
            (Pushgateway::new("http://host/metrics/job/a", "a"), "its path has a job"),
            (Pushgateway::new("host:9091", "a"), "expected `http"),
        ] {
            let error = gateway.prepare().expect_err("refused").to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn timestamps_are_removed_and_samples_are_counted() {
        let text = "# HELP a b 1 2\n# TYPE a untyped\na 1 1700000000000\na{x=\"} 3 4\"} 2.5 17\na{y=\"z\"} NaN\n\
                    # HELP b\n# TYPE b gauge\nb 7\n";
        let families: Vec<_> = families(text).map(without_timestamps).collect();
        let first = "# HELP a b 1 2\n# TYPE a untyped\na 1\na{x=\"} 3 4\"} 2.5\na{y=\"z\"} NaN\n";
        assert_eq!(families, [(first.to_owned(), 3), ("# HELP b\n# TYPE b gauge\nb 7\n".to_owned(), 1)]);
    }
}
