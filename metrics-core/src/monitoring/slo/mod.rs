//! Service level objectives: what they ask, and the rules that watch it.

mod objective;

pub use objective::Objective;
