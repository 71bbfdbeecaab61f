//! The live page in a real browser.

mod browser;
mod figures;
mod page;
mod promql;

use std::path::PathBuf;

/// The folder of the pictures that tests take.
fn pictures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/live")
}
