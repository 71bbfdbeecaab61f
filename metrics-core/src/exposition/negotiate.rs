//! Which format and which compression a client gets.

/// A format of an exposition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Format {
    /// Prometheus text 0.0.4.
    Text,
    /// OpenMetrics 1.0.0.
    OpenMetrics,
}

impl Format {
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// The format with the highest quality in an `Accept` header; of equals the first; text where
    /// nothing fits.
    pub(crate) fn negotiate(accept: &str) -> Self {
        let mut best = (0.0, Self::Text);
        for item in items(accept) {
            if let Some(format) = Self::of(&item).filter(|_| item.quality > best.0) {
                best = (item.quality, format);
            }
        }
        best.1
    }

    fn of(item: &Item<'_>) -> Option<Self> {
        let version = item.parameter("version");
        match item.value.to_ascii_lowercase().as_str() {
            "application/openmetrics-text" if matches!(version, None | Some("1.0.0")) => {
                Some(Self::OpenMetrics)
            }
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
}

impl Encoding {
    /// gzip, if the crate has it and the client wants it no less than plain text.
    pub(crate) fn negotiate(accept_encoding: &str) -> Self {
        let quality = |name: &str| {
            items(accept_encoding).find(|item| item.value.eq_ignore_ascii_case(name)).map(|item| item.quality)
        };
        let gzip = quality("gzip").or_else(|| quality("*")).unwrap_or(0.0);
        let identity = quality("identity").unwrap_or(0.0);
        match gzip > 0.0 && gzip >= identity {
            #[cfg(feature = "gzip")]
            true => Self::Gzip,
            _ => Self::Identity,
        }
    }

    /// Compresses a body: the value for `Content-Encoding`, and what is sent.
    pub(crate) fn apply(self, body: Vec<u8>) -> (Option<&'static str>, Vec<u8>) {
        match self {
            Self::Identity => (None, body),
            #[cfg(feature = "gzip")]
            Self::Gzip => {
                use std::io::Write;
                let out = Vec::with_capacity(body.len() / 8);
                let mut encoder = flate2::write::GzEncoder::new(out, flate2::Compression::fast());
                // Writing to a `Vec` cannot fail; if it did, plain text is always right.
                match encoder.write_all(&body).and_then(|()| encoder.finish()) {
                    Ok(compressed) => (Some("gzip"), compressed),
                    Err(_) => (None, body),
                }
            }
        }
    }
}

/// One element of a header's list.
struct Item<'a> {
    value: &'a str,
    parameters: &'a str,
    quality: f32,
}

impl<'a> Item<'a> {
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

    #[test]
    fn real_scrapers_get_what_they_prefer() {
        // Prometheus 2.42, then with native histograms on, Prometheus 3, VictoriaMetrics, a browser.
        let prometheus = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        let native = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        let three = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        for accept in [prometheus, native, three] {
            assert_eq!(Format::negotiate(accept), Format::OpenMetrics, "{accept}");
        }
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for accept in ["text/plain;version=0.0.4;q=1,*/*;q=0.1", browser, "", "*/*"] {
            assert_eq!(Format::negotiate(accept), Format::Text, "{accept}");
        }
    }

    #[test]
    fn a_bad_header_gets_text() {
        for accept in [
            ";;;,,=",
            "application/openmetrics-text;q=high",
            "application/openmetrics-text;q=2",
            "application/openmetrics-text;q=NaN",
            "application/openmetrics-text;q=0",
            "application/openmetrics-text;version=9.9",
            "image/png",
            "\u{0}\u{1}",
        ] {
            assert_eq!(Format::negotiate(accept), Format::Text, "{accept}");
        }
    }

    #[test]
    fn quality_decides() {
        let text_first = "application/openmetrics-text;q=0.2, text/plain;q=0.3";
        assert_eq!(Format::negotiate(text_first), Format::Text);
        assert_eq!(
            Format::negotiate("text/plain; q=0.2 , Application/OpenMetrics-Text ; Version=\"1.0.0\""),
            Format::OpenMetrics
        );
    }

    #[test]
    #[cfg(feature = "gzip")]
    fn gzip_is_taken_when_wanted() {
        for wanted in ["gzip", "deflate, gzip;q=0.5", "*", "GZIP", "gzip;q=0.5, identity;q=0.5"] {
            assert_eq!(Encoding::negotiate(wanted), Encoding::Gzip, "{wanted}");
        }
        for unwanted in ["", "deflate", "gzip;q=0", "gzip;q=0.2, identity", "gzip;q=x"] {
            assert_eq!(Encoding::negotiate(unwanted), Encoding::Identity, "{unwanted}");
        }
    }
}
