//! A returned closure has the types of its signature: those of its arguments, and what its output is coerced to.

use std::future::Future;
use std::num::ParseIntError;
use std::pin::Pin;

use super::calls::{ready, tool};
use agent_metrics::track_tool;

#[track_tool]
fn closure_by_value() -> impl Fn(String) -> usize {
    |text| text.len()
}

#[track_tool]
async fn closure_from_async() -> impl FnMut(Vec<u8>) -> Option<u8> {
    std::future::ready(()).await;
    |list| list.first().copied()
}

#[track_tool]
fn closure_of_boxes(n: u32) -> impl Fn(u32) -> Box<dyn Fn(u32) -> u32> {
    move |a| Box::new(move |b| a + b + n)
}

type Handler = Pin<Box<dyn Future<Output = u32> + Send>>;

#[track_tool]
fn closure_of_futures(n: u32) -> impl Fn(u32) -> Handler + Send + 'static {
    move |a| Box::pin(async move { a + n })
}

#[track_tool]
fn fallible_closure() -> impl FnOnce(String) -> Result<u8, ParseIntError> {
    |text| Ok(text.parse::<u8>()? + 1)
}

#[track_tool]
async fn generic_closure<T: Clone + Send>(value: T) -> impl Fn(usize, Option<T>) -> Vec<T> {
    move |count, other| {
        let mut list = vec![other.unwrap_or_else(|| value.clone()); count];
        list.truncate(2);
        list
    }
}

#[track_tool]
fn closure_without_output(total: &std::cell::Cell<u32>) -> impl FnMut(u32) + '_ {
    move |n| total.set(total.get() + n.pow(2))
}

#[track_tool]
fn closure_with_a_reference() -> impl Fn(&str) -> usize {
    |text: &str| text.len()
}

#[test]
fn functions_that_return_closures_are_counted() {
    assert_eq!(tool("closure_by_value").called("success", closure_by_value)("ab".to_owned()), 2);
    let mut first = tool("closure_from_async").awaited("success", closure_from_async());
    assert_eq!(first(vec![7]), Some(7));
    let boxes = tool("closure_of_boxes").called("success", || closure_of_boxes(1));
    assert_eq!(boxes(2)(3), 6);
    let handler = tool("closure_of_futures").called("success", || closure_of_futures(1));
    assert_eq!(ready(handler(2)), 3);
    let parse = tool("fallible_closure").called("success", fallible_closure);
    assert_eq!(parse("1".to_owned()), Ok(2));
    let repeat = tool("generic_closure").awaited("success", generic_closure('a'));
    assert_eq!(repeat(3, None), ['a', 'a']);
    let total = std::cell::Cell::new(0);
    tool("closure_without_output").called("success", || closure_without_output(&total))(3);
    assert_eq!(total.get(), 9);
    let length = tool("closure_with_a_reference").called("success", closure_with_a_reference);
    assert_eq!(length("abc"), 3);
}
