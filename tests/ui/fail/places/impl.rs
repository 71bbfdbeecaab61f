//! An impl block isn't a function: the error is at its keyword, and its methods are still there.
use agent_metrics::track_tool;

struct Tools;

#[track_tool]
impl Tools {
    fn search(&self) {}
}

fn main() {
    Tools.search();
}
