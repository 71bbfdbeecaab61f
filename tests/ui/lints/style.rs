//! Style lints report needless parentheses, unused labels, non-standard names and useless comparisons.
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
    /// A doc comment without an item.
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
