//! A method whose signature or body doesn't fit its trait is reported.
use agent_metrics::track_tool;

trait Agent {
    async fn answer(&self, text: &str) -> usize;

    fn tool(&self) -> u8;
}

struct Planner;

impl Agent for Planner {
    #[track_tool]
    async fn answer(&self, text: &str) -> usize {
        text
    }

    #[track_tool]
    fn tool(&self) -> u16 {
        1
    }

    #[track_tool]
    fn other(&self) {}
}

fn main() {}
