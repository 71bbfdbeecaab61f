//! A closure of a key can't have an argument that the body takes, and a key can't wait: the error names the way out.
use agent_metrics::{track_task, track_tool};

#[track_tool(cost = |_| name.len() as f64)]
async fn owned(name: String) -> usize {
    name.len()
}

#[track_task(status = |count| status_of(list.len() > *count))]
fn borrowed(list: &mut Vec<u8>) -> usize {
    list.len()
}

struct Tool {
    price: f64,
}

impl Tool {
    #[track_tool(cost = |_| self.price)]
    async fn call(&mut self) {
        self.price = 2.0;
    }
}

async fn kind() -> &'static str {
    "search"
}

#[track_task(task_type = kind().await)]
async fn waits() {}

fn main() {}
