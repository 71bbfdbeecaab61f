//! Helpers of the tests of monitoring files: generated files, and the programs that read them.

mod case;
mod model;

pub use case::{Case, Firing, test_rules};
pub use model::{Asked, Reply, model};

use std::path::{Path, PathBuf};
use std::process::Command;

use agent_metrics::AgentMetrics;
use agent_metrics::monitoring::{Monitoring, Settings};

/// Returns the generator for the built-in families with the default settings.
///
/// # Panics
/// Never: the defaults are valid.
pub fn monitoring() -> Monitoring {
    let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
    Monitoring::for_catalogue(metrics.catalogue())
}

/// Returns a folder for a test, with the files that changed settings generate in it.
///
/// # Panics
/// Panics if the folder can't be written.
pub fn written(name: &str, change: impl FnOnce(&mut Settings)) -> PathBuf {
    let folder = folder(name);
    monitoring().with(change).write_to(&folder).unwrap_or_else(|error| panic!("{error}"));
    folder
}

/// Returns an empty folder for a test.
///
/// # Panics
/// Panics if the folder can't be created.
pub fn folder(name: &str) -> PathBuf {
    let folder = root().join("target/tmp/monitoring").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// Returns the folder of the repository.
///
/// # Panics
/// Never.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("a workspace")
}

/// Runs a program to its end. Returns whether it succeeded, and its output.
///
/// # Panics
/// Panics if the program can't be started.
pub fn run(command: &mut Command) -> (bool, String) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}
