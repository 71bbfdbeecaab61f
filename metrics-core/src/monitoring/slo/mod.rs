//! Service level objectives: what they ask, and the rules that watch it.

mod collect;
mod objective;
mod rules;

pub use objective::Objective;
pub(super) use rules::groups;
