//! An `slo(..)` that is empty or out of range is an error at its value; so are other values of the wrong form.
use agent_metrics::{track_llm, track_task, track_tool};

#[track_tool(slo(availability = 100))]
fn all() {}

#[track_tool(slo(latency = "5s", percentile = 0))]
fn none() {}

#[track_tool(slo(latency = "5s", percentile = 100))]
fn every() {}

#[track_tool(slo(latency = "soon", availability = "most", percentile = 95, speed = 3))]
fn several() {}

#[track_task(slo(percentile = 95))]
fn of_what() {}

#[track_task(slo())]
fn nothing() {}

#[track_task(slo)]
fn word() {}

#[track_task(slo = 99.9)]
fn value() {}

#[track_llm(model("m"), provider = 5, docs = "yes")]
fn others() {}

#[track_tool(tool_name = "a tool whose name is longer than anyone would want to read in a label, on a dashboard or in the text of an alert that wakes them")]
fn long() {}

fn main() {}
