//! A tracking attribute on a closure is an error at the attribute.
use agent_metrics::track_tool;

fn main() {
    let closure = #[track_tool]
    |number: u8| number + 1;
    closure(1);
    #[track_tool]
    let bound = |number: u8| number + 1;
    bound(1);
}
