//! Type errors in `let`, in arguments, in conditions and in operators are reported there.
use agent_metrics::track_tool;

fn takes(_: u8) {}

#[track_tool]
async fn declared() {
    let _number: u8 = "text";
}

#[track_tool]
fn declared_sync() {
    let _number: u8 = "text";
}

#[track_tool]
async fn argument() {
    takes("text");
}

#[track_tool]
fn arguments_sync() {
    takes(1, 2);
}

#[track_tool]
async fn condition(number: u8) {
    if number {}
}

#[track_tool]
fn operator_sync(number: u8) -> u8 {
    number + "text"
}

#[track_tool]
async fn unknown_type() {
    let _ = Vec::new();
}

#[track_tool]
fn unknown_type_sync() -> usize {
    let all = "a".chars().collect();
    1
}

fn main() {}
