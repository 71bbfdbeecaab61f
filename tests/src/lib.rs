//! What several tests need: a strict reader of the text format, and the programs they run.

mod program;
mod samples;

pub use program::{Program, get, missing, on_path, python, until};
pub use samples::Samples;
