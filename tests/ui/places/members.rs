//! Unknown methods and fields are reported at their names.
use agent_metrics::track_tool;

struct Agent {
    name: String,
}

#[track_tool]
async fn method(text: &str) -> usize {
    text.length()
}

#[track_tool]
fn method_sync(text: &str) -> usize {
    text.length()
}

#[track_tool]
fn generic_sync<T>(value: T) -> String {
    value.to_string()
}

impl Agent {
    #[track_tool]
    async fn field(&self) -> usize {
        self.nme.len()
    }

    #[track_tool]
    fn field_sync(&self) -> usize {
        self.nme.len()
    }

    #[track_tool]
    async fn own_method(&self) {
        self.nowhere().await;
    }
}

fn main() {}
