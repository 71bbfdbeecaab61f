//! The files of the page, embedded in the program.

use std::hash::Hasher as _;
use std::io::Write as _;
use std::sync::OnceLock;

use rustc_hash::FxHasher;

/// A file of the page.
pub(super) struct Asset {
    /// The path below the page.
    path: &'static str,
    pub(super) content_type: &'static str,
    pub(super) bytes: &'static [u8],
    compressed: OnceLock<Compressed>,
}

/// A file compressed by gzip, with the tag of its content.
pub(super) struct Compressed {
    pub(super) bytes: Vec<u8>,
    pub(super) tag: String,
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

macro_rules! assets {
    ($($path:literal $file:literal $kind:ident,)*) => {
        static ASSETS: [Asset; 11] = [$(Asset {
            path: $path,
            content_type: $kind,
            bytes: include_bytes!(concat!("assets/", $file)),
            compressed: OnceLock::new(),
        },)*];
    };
}

assets! {
    "" "index.html" HTML,
    "style.css" "style.css" CSS,
    "uplot.css" "uPlot-1.6.32/uPlot.min.css" CSS,
    "uplot.js" "uPlot-1.6.32/uPlot.iife.min.js" SCRIPT,
    "app.js" "app.js" SCRIPT,
    "charts.js" "charts.js" SCRIPT,
    "colours.js" "colours.js" SCRIPT,
    "connection.js" "connection.js" SCRIPT,
    "format.js" "format.js" SCRIPT,
    "tables.js" "tables.js" SCRIPT,
    "icon.svg" "icon.svg" SVG,
}

/// Returns the file at a path below the page.
pub(super) fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}

/// The paths of all files.
#[cfg(any(feature = "axum", feature = "actix-web", feature = "rocket"))]
pub(super) fn paths() -> impl Iterator<Item = &'static str> {
    ASSETS.iter().map(|asset| asset.path)
}

impl Asset {
    /// The compressed file. It is compressed at the first request.
    pub(super) fn compressed(&self) -> &Compressed {
        self.compressed.get_or_init(|| {
            let mut hasher = FxHasher::default();
            hasher.write(self.bytes);
            let tag = format!("\"{:016x}\"", hasher.finish());
            Compressed { bytes: gzip(self.bytes, flate2::Compression::best()), tag }
        })
    }
}

/// Compresses by gzip. Writing to a vector can't fail.
pub(super) fn gzip(bytes: &[u8], level: flate2::Compression) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::with_capacity(bytes.len() / 4), level);
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_takes_at_most_90_kilobytes_on_the_wire() {
        let bytes: usize = ASSETS.iter().map(|asset| asset.compressed().bytes.len()).sum();
        assert!(bytes <= 90 * 1024, "{bytes}");
    }

    #[test]
    fn the_page_names_no_other_origin() {
        for asset in ASSETS.iter().filter(|asset| !asset.path.starts_with("uplot")) {
            let text = std::str::from_utf8(asset.bytes).expect("text");
            let without_namespace = text.replace("http://www.w3.org/2000/svg", "");
            assert!(
                !without_namespace.contains("//cdn") && !without_namespace.contains("https://"),
                "{}",
                asset.path
            );
            assert!(!without_namespace.contains("http://"), "{}", asset.path);
        }
    }
}
