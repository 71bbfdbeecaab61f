//! Helpers of several tests: a strict reader of the text format, instances, programs to start and to compile, the import
//! graph of a crate.

mod import_graph;
mod instance;
mod program;
pub mod protobuf;
mod samples;
mod served;
mod started;
mod twice;

pub use import_graph::ImportGraph;
pub use instance::{ToolError, build, samples, tools};
pub use program::{Program, get, missing, on_path, python, python_with, until};
pub use protobuf::{Exemplar, MetricFamily};
pub use samples::Samples;
pub use served::serve;
pub use started::{built, example, free_address, prometheus};
pub use twice::{Known, check_same};
