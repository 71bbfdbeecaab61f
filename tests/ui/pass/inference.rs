//! Types in the body are still inferred from the function's return type.
#![allow(clippy::type_complexity)] // The types to infer are complex.

use super::calls::tool;
use agent_metrics::track_tool;
use std::collections::HashMap;
use std::error::Error;

#[track_tool]
async fn collects(text: &str) -> Result<HashMap<u8, usize>, std::num::ParseIntError> {
    text.split(',').enumerate().map(|(at, number)| Ok((number.parse()?, at))).collect()
}

#[track_tool]
fn collects_sync(text: &str) -> Vec<String> {
    text.split(',').map(Into::into).collect()
}

#[track_tool]
async fn boxes_an_error(number: u8) -> Result<u8, Box<dyn Error>> {
    if number > 3 {
        return Err("many".into());
    }
    let error = std::io::Error::other("few");
    if number == 2 { Err(Box::new(error)) } else { Ok(number) }
}

#[track_tool]
fn boxes_an_error_sync(number: u8) -> Result<u8, Box<dyn Error + Send + Sync>> {
    let error = std::io::Error::other("few");
    if number == 2 { Err(Box::new(error)) } else { Ok(number) }
}

#[track_tool]
async fn boxes_a_closure(add: usize) -> Box<dyn Fn(&str) -> usize> {
    Box::new(move |text| text.len() + add)
}

#[track_tool]
fn boxes_a_closure_sync(add: usize) -> Option<Box<dyn Fn(&str) -> usize>> {
    Some(Box::new(move |text| text.len() + add))
}

#[track_tool]
async fn unsizes(values: &[u8; 3]) -> &[u8] {
    values
}

#[track_tool]
fn reborrows(values: &mut Vec<u8>) -> &mut u8 {
    if values.is_empty() {
        values.push(1);
    }
    let again = &mut *values;
    &mut again[0]
}

#[track_tool]
async fn reborrows_async<'a>(values: &'a mut Vec<u8>) -> &'a mut [u8] {
    std::future::ready(()).await;
    values
}

#[track_tool]
async fn defaults() -> (u64, Vec<u8>) {
    (Default::default(), Vec::new())
}

#[track_tool]
fn function_pointer() -> fn(&str) -> usize {
    |text| text.len()
}

#[test]
fn types_are_inferred_from_the_return_type() {
    assert!(tool("collects").awaited("error", collects("1,x")).is_err());
    assert_eq!(tool("collects_sync").called("success", || collects_sync("a,b")), ["a", "b"]);
    assert!(tool("boxes_an_error").awaited("error", boxes_an_error(2)).is_err());
    assert_eq!(tool("boxes_an_error_sync").called("success", || boxes_an_error_sync(1)).ok(), Some(1));
    assert_eq!(tool("boxes_a_closure").awaited("success", boxes_a_closure(1))("a"), 2);
    assert!(tool("boxes_a_closure_sync").called("success", || boxes_a_closure_sync(1)).is_some());
    assert_eq!(tool("unsizes").awaited("success", unsizes(&[1, 2, 3])), [1, 2, 3]);
    let mut values = Vec::new();
    *tool("reborrows").called("success", || reborrows(&mut values)) += 1;
    assert_eq!(tool("reborrows_async").awaited("success", reborrows_async(&mut values)), [2]);
    assert_eq!(tool("defaults").awaited("success", defaults()).0, 0);
    assert_eq!(tool("function_pointer").called("success", function_pointer)("a"), 1);
}
