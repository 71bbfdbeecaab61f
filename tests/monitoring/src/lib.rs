//! What the tests of monitoring files share: the files, and the programs that read them.

mod case;
mod model;

pub use case::{Case, Firing, test_rules};
pub use model::{Asked, Reply, model};

use std::path::{Path, PathBuf};
use std::process::Command;

use agent_metrics::AgentMetrics;
use agent_metrics::monitoring::{Monitoring, Settings};

/// What the defaults make of the agent's own families.
///
/// # Panics
/// Never: the defaults are valid.
pub fn monitoring() -> Monitoring {
    let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
    Monitoring::for_catalogue(metrics.catalogue())
}

/// A folder of its own for a test, with the files that other settings make in it.
///
/// # Panics
/// When it can't be written.
pub fn written(name: &str, change: impl FnOnce(&mut Settings)) -> PathBuf {
    let folder = folder(name);
    monitoring().with(change).write_to(&folder).unwrap_or_else(|error| panic!("{error}"));
    folder
}

/// An empty folder of its own for a test.
///
/// # Panics
/// When it can't be made.
pub fn folder(name: &str) -> PathBuf {
    let folder = root().join("target/tmp/monitoring").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// The folder of the repository.
///
/// # Panics
/// Never.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("a workspace")
}

/// Runs a program to its end: whether it succeeded, and all that it said.
///
/// # Panics
/// When it can't be started.
pub fn run(command: &mut Command) -> (bool, String) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}
