//! Overlapping borrows, and borrows that outlive their value, are reported in the body.
use agent_metrics::track_tool;

#[track_tool]
async fn shared_and_mutable(mut values: Vec<u8>) {
    let first = &values[0];
    values.push(1);
    drop(*first);
}

#[track_tool]
fn shared_and_mutable_sync(mut values: Vec<u8>) {
    let first = &values[0];
    values.push(1);
    drop(*first);
}

#[track_tool]
async fn twice_mutable(values: &mut Vec<u8>) {
    let (first, second) = (&mut *values, &mut *values);
    first.append(second);
}

#[track_tool]
fn twice_mutable_sync(values: &mut Vec<u8>) {
    let (first, second) = (&mut *values, &mut *values);
    first.append(second);
}

#[track_tool]
async fn across_await(mut values: Vec<u8>) {
    let first = &mut values;
    std::future::ready(()).await;
    values.clear();
    first.clear();
}

#[track_tool]
async fn short_lived() -> usize {
    let text;
    {
        let owned = String::new();
        text = owned.as_str();
    }
    text.len()
}

#[track_tool]
fn short_lived_sync() -> usize {
    let text;
    {
        let owned = String::new();
        text = owned.as_str();
    }
    text.len()
}

fn main() {}
