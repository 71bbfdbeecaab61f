//! Async and sync functions are counted once per call, also with an early `return` or `?`.

use super::calls::tool;
use agent_metrics::track_tool;

#[track_tool]
async fn unit_async() {}

#[track_tool]
fn unit_sync() {}

#[track_tool]
async fn explicit_unit() -> () {
    std::future::ready(()).await;
}

#[track_tool]
async fn early_async(n: u8) -> Result<u8, std::io::Error> {
    if n > 1 {
        return Err(std::io::Error::other("too many"));
    }
    std::future::ready(()).await;
    Ok(n)
}

#[track_tool]
fn early_sync(n: u8) -> Result<u8, std::io::Error> {
    if n > 1 {
        return Err(std::io::Error::other("too many"));
    }
    Ok(n)
}

#[track_tool]
async fn question_async(text: &str) -> anyhow::Result<u8> {
    let number = text.parse::<u8>()?;
    Ok(number)
}

#[track_tool]
fn question_sync(text: &str) -> Option<u8> {
    let byte = text.bytes().next()?;
    Some(byte)
}

#[test]
fn each_call_is_counted_once() {
    tool("unit_async").awaited("success", unit_async());
    tool("unit_sync").called("success", unit_sync);
    tool("explicit_unit").awaited("success", explicit_unit());
    assert_eq!(tool("early_sync").called("success", || early_sync(1)).expect("few"), 1);
    assert!(tool("early_async").awaited("error", early_async(2)).is_err());
    assert!(tool("question_async").awaited("error", question_async("x")).is_err());
    assert_eq!(tool("question_sync").called("success", || question_sync("")), None);
}
