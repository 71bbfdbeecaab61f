//! Parentheses, braces, semicolons, labels, names, comparisons that say nothing.
#![allow(unused_imports)] // Without the attribute, its name is unused.
use agent_metrics::track_tool;

#[track_tool]
async fn many(Number: u8) -> u8 {
    let badName = (1);
    if (badName > 2) {}
    badName;
    'label: loop {
        break;
    };;
    Number >= 0;
    (1)
}

#[track_tool]
fn many_sync(Number: u8) -> u8 {
    let badName = (1);
    if (badName > 2) {}
    badName;
    'label: loop {
        break;
    };;
    Number >= 0;
    (1)
}

#[track_tool]
async fn badFunction() {}

#[track_tool]
fn badFunctionSync() {
    /// Of nothing.
    drop(1);
    unsafe {}
    use std::mem::swap;
    while true {
        break;
    }
}

fn main() {
    drop(many(1));
    many_sync(1);
    drop(badFunction());
    badFunctionSync();
}
