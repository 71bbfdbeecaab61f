//! The use of a moved value is reported at the use.
use agent_metrics::track_tool;

struct Agent(String);

#[track_tool]
async fn argument(values: Vec<u8>) -> usize {
    drop(values);
    values.len()
}

#[track_tool]
fn argument_sync(values: Vec<u8>) -> usize {
    drop(values);
    values.len()
}

#[track_tool]
async fn local() {
    let values = vec![1];
    let other = values;
    drop((values, other));
}

#[track_tool]
fn in_loop_sync(values: Vec<u8>) {
    for _ in 0..2 {
        drop(values);
    }
}

impl Agent {
    #[track_tool]
    async fn out_of_borrow(&self) -> String {
        self.0
    }

    #[track_tool]
    fn out_of_borrow_sync(&self) -> String {
        self.0
    }

    #[track_tool]
    async fn out_of_self(self) -> String {
        drop(self.0);
        self.0
    }
}

#[track_tool]
fn pattern_sync((first, _): (String, u8)) -> (String, String) {
    (first, first)
}

fn main() {}
