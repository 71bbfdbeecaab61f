//! Mistakes inside closures, macro calls and nested blocks are reported there.
use agent_metrics::track_tool;

#[track_tool]
async fn closure(values: Vec<u8>) -> usize {
    values.iter().filter(|value| value.len() > 1).count()
}

#[track_tool]
fn closure_sync(values: Vec<u8>) -> Vec<u8> {
    values.into_iter().map(|value| "text").collect::<Vec<u8>>()
}

#[track_tool]
async fn in_macro() -> String {
    format!("{} {}", 1)
}

#[track_tool]
fn nested_sync() -> u8 {
    {
        {
            let inner: u8 = "text";
            inner
        }
    }
}

#[track_tool]
async fn block() -> u8 {
    let number: u8 = async { "text" }.await;
    number
}

#[track_tool]
fn inner_function_sync() -> u8 {
    fn inner() -> u8 {
        "text"
    }
    inner()
}

fn main() {}
