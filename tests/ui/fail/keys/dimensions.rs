//! `dimensions(..)` takes one or two closed labels, is given at most once, and is for built-in families only.
use agent_metrics::{LabelValue, track, track_llm, track_task, track_tool};

#[derive(Clone, Copy, LabelValue)]
enum Tier {
    Free,
}

#[track_tool(dimensions)]
fn word() {}

#[track_tool(dimensions())]
fn nothing() {}

#[track_task(dimensions = Tier::Free)]
fn value() {}

#[track_llm(model = "m", usage = in_body, dimensions(Tier::Free, true, false))]
fn three() {}

#[track_task(dimensions(Tier::Free), dimensions(Tier::Free))]
fn twice() {}

#[track(Tier, dimensions(Tier::Free))]
fn of_a_family() {}

fn main() {}
