//! A tracking attribute on a trait, or on a method without a body, is an error.
use agent_metrics::{track_task, track_tool};

#[track_tool]
pub trait Search {
    fn search(&self);
}

trait Agent {
    #[track_task]
    async fn answer(&self) -> u8;

    #[track_tool]
    fn tool(&self);
}

struct Planner;

impl Agent for Planner {
    async fn answer(&self) -> u8 {
        1
    }

    fn tool(&self) {}
}

impl Search for Planner {
    fn search(&self) {}
}

fn main() {}
