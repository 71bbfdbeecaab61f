//! The negotiation of format and compression by the headers of a request.

/// A format of an exposition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Format {
    /// Prometheus text 0.0.4.
    Text,
    /// Prometheus text 1.0.0. It allows any UTF-8 in names, which this crate does not use; otherwise it equals 0.0.4.
    Text1,
    /// OpenMetrics 1.0.0.
    OpenMetrics,
    /// Prometheus's protocol buffers, each message preceded by its length.
    Protobuf,
}

impl Format {
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::Text1 => "text/plain; version=1.0.0; charset=utf-8; escaping=underscores",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Protobuf => {
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
            }
        }
    }

    /// Returns the format with the highest quality in an `Accept` header: the first among equals, and text if none is
    /// supported.
    pub(crate) fn negotiate(accept: &str) -> Self {
        let mut best = (0.0, Self::Text);
        for item in items(accept) {
            if let Some(format) = Self::from_item(&item).filter(|_| item.quality > best.0) {
                best = (item.quality, format);
            }
        }
        best.1
    }

    fn from_item(item: &Item<'_>) -> Option<Self> {
        let version = item.parameter("version");
        match item.value.to_ascii_lowercase().as_str() {
            "application/openmetrics-text" if matches!(version, None | Some("1.0.0")) => {
                Some(Self::OpenMetrics)
            }
            "application/vnd.google.protobuf" if item.is_delimited_family() => Some(Self::Protobuf),
            "text/plain" if version == Some("1.0.0") => Some(Self::Text1),
            "text/plain" if matches!(version, None | Some("0.0.4")) => Some(Self::Text),
            "text/*" | "*/*" => Some(Self::Text),
            _ => None,
        }
    }
}

/// A compression of an exposition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Encoding {
    Identity,
    #[cfg(feature = "gzip")]
    Gzip,
    #[cfg(feature = "zstd")]
    Zstd,
}

impl Encoding {
    /// The supported compressions, the best first.
    const ALL: &'static [(&'static str, Self)] = &[
        #[cfg(feature = "zstd")]
        ("zstd", Self::Zstd),
        #[cfg(feature = "gzip")]
        ("gzip", Self::Gzip),
    ];

    /// Returns the compression with the highest quality in an `Accept-Encoding` header, unless `identity` has a higher one.
    pub(crate) fn negotiate(accept_encoding: &str) -> Self {
        let quality = |name: &str| {
            items(accept_encoding).find(|item| item.value.eq_ignore_ascii_case(name)).map(|item| item.quality)
        };
        let other = quality("*").unwrap_or(0.0);
        let mut best = (0.0, Self::Identity);
        for (name, encoding) in Self::ALL {
            let quality = quality(name).unwrap_or(other);
            if quality > best.0 {
                best = (quality, *encoding);
            }
        }
        if best.0 >= quality("identity").unwrap_or(0.0) { best.1 } else { Self::Identity }
    }
}

/// One element of a header's list.
#[derive(Clone, Copy)]
struct Item<'a> {
    value: &'a str,
    parameters: &'a str,
    quality: f32,
}

impl<'a> Item<'a> {
    /// Returns true for the message and the encoding that [`Format::Protobuf`] produces.
    fn is_delimited_family(&self) -> bool {
        self.parameter("encoding") == Some("delimited")
            && matches!(self.parameter("proto"), None | Some("io.prometheus.client.MetricFamily"))
    }

    fn parameter(&self, name: &str) -> Option<&'a str> {
        parameters(self.parameters).find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

fn items(header: &str) -> impl Iterator<Item = Item<'_>> {
    header.split(',').filter_map(|item| {
        let (value, rest) = item.split_once(';').unwrap_or((item, ""));
        let quality = match parameters(rest).find(|(key, _)| key.eq_ignore_ascii_case("q")) {
            None => 1.0,
            Some((_, text)) => text.parse().ok().filter(|quality| (0.0..=1.0).contains(quality))?,
        };
        Some(Item { value: value.trim(), parameters: rest, quality })
    })
}

fn parameters(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split(';').filter_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        Some((key.trim(), value.trim().trim_matches('"')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The headers of real scrapers. Those of Prometheus 2.42 and `VictoriaMetrics` 1.79 were captured from the programs.
    /// Those of Prometheus 3 are built as `acceptHeader` in its `scrape.go` does: the first weight is 0.6 and depends on
    /// the number of protocols that it supports, not on the configured list.
    const PROMETHEUS_2: &str = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    const PROMETHEUS_2_NATIVE: &str = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    const PROMETHEUS_3: &str = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
    const PROMETHEUS_3_NATIVE: &str = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
    /// With `scrape_protocols: [PrometheusText1.0.0, PrometheusText0.0.4]`.
    const PROMETHEUS_3_TEXT: &str =
        "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.4";
    const VICTORIA_METRICS: &str = "text/plain;version=0.0.4;q=1,*/*;q=0.1";
    const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

    #[test]
    fn real_scrapers_get_the_format_they_prefer() {
        for (accept, format) in [
            (PROMETHEUS_2, Format::OpenMetrics),
            (PROMETHEUS_2_NATIVE, Format::Protobuf),
            (PROMETHEUS_3, Format::OpenMetrics),
            (PROMETHEUS_3_NATIVE, Format::Protobuf),
            (PROMETHEUS_3_TEXT, Format::Text1),
            (VICTORIA_METRICS, Format::Text),
            (BROWSER, Format::Text),
            ("*/*", Format::Text),
            ("", Format::Text),
        ] {
            assert_eq!(Format::negotiate(accept), format, "{accept}");
        }
    }

    #[test]
    fn an_invalid_or_unsupported_accept_header_gets_text() {
        for accept in [
            ";;;,,=",
            "application/openmetrics-text;q=high",
            "application/openmetrics-text;q=2",
            "application/openmetrics-text;q=NaN",
            "application/openmetrics-text;q=0",
            "application/openmetrics-text;version=9.9",
            "application/vnd.google.protobuf",
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text",
            "application/vnd.google.protobuf;proto=some.other.Message;encoding=delimited",
            "image/png",
            "\u{0}\u{1}",
        ] {
            assert_eq!(Format::negotiate(accept), Format::Text, "{accept}");
        }
    }

    #[test]
    fn the_highest_quality_decides_the_format() {
        let text_first = "application/openmetrics-text;q=0.2, text/plain;q=0.3";
        assert_eq!(Format::negotiate(text_first), Format::Text);
        assert_eq!(
            Format::negotiate("text/plain; q=0.2 , Application/OpenMetrics-Text ; Version=\"1.0.0\""),
            Format::OpenMetrics
        );
    }

    #[test]
    #[cfg(feature = "zstd")]
    fn zstd_is_used_if_the_client_prefers_it() {
        for preferred in ["zstd", "gzip, deflate, br, zstd", "*", "gzip;q=0.5, zstd;q=0.6"] {
            assert_eq!(Encoding::negotiate(preferred), Encoding::Zstd, "{preferred}");
        }
        for not_preferred in ["gzip", "zstd;q=0", "zstd;q=0.2, identity"] {
            assert_ne!(Encoding::negotiate(not_preferred), Encoding::Zstd, "{not_preferred}");
        }
    }

    #[test]
    #[cfg(feature = "gzip")]
    fn gzip_is_used_if_the_client_prefers_it() {
        for preferred in ["gzip", "deflate, gzip;q=0.5", "GZIP", "gzip;q=0.5, identity;q=0.5"] {
            assert_eq!(Encoding::negotiate(preferred), Encoding::Gzip, "{preferred}");
        }
        for not_preferred in ["", "deflate", "gzip;q=0", "gzip;q=0.2, identity", "gzip;q=x"] {
            assert_eq!(Encoding::negotiate(not_preferred), Encoding::Identity, "{not_preferred}");
        }
    }
}
