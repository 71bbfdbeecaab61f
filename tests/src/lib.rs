//! What several tests need: a strict reader of the text format, instances, and the programs they run.

mod instance;
mod program;
mod samples;

pub use instance::{ToolError, build, samples, tools};
pub use program::{Program, get, missing, on_path, python, python_with, until};
pub use samples::Samples;
