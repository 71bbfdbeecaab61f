//! Functions that return `impl Trait` can be tracked: alone, in `Result`, in `Option`, in tuples and in `Vec`.
#![allow(clippy::needless_lifetimes, clippy::elidable_lifetime_names)] // Named lifetimes are under test.

use super::calls::tool;
use agent_metrics::track_tool;
use std::fmt::Debug;

#[track_tool]
async fn in_result(fails: bool) -> Result<impl Debug, std::io::Error> {
    if fails {
        return Err(std::io::Error::other("no"));
    }
    Ok(1u8)
}

#[track_tool]
fn in_result_sync() -> Result<impl Debug + Clone, std::io::Error> {
    Ok(1u8)
}

#[track_tool]
async fn in_option() -> Option<impl Iterator<Item = u8>> {
    Some(0..3)
}

#[track_tool]
fn in_tuple() -> (impl Iterator<Item = u8>, Vec<impl Debug>) {
    (0..3, vec![1u8])
}

#[track_tool]
async fn in_tuple_of_results() -> (Result<impl Debug, ()>, impl Debug) {
    (Ok(1u8), 'c')
}

#[track_tool]
async fn iterator<'a>(values: &'a [u8]) -> impl Iterator<Item = &'a u8> + 'a {
    values.iter()
}

#[track_tool]
fn mapped<'a>(values: &'a mut Vec<u8>, add: &'a u8) -> impl Iterator<Item = u8> + 'a {
    values.push(1);
    values.iter().map(move |value| value + add)
}

#[track_tool]
fn closure<F>(f: F) -> impl Fn(&str) -> usize
where
    F: Fn(&str) -> usize,
{
    move |text: &str| f(text)
}

#[test]
fn functions_that_return_impl_trait_are_counted() {
    assert!(tool("in_result").awaited("error", in_result(true)).is_err());
    let result = tool("in_result_sync").called("success", in_result_sync).expect("a result");
    assert_eq!(format!("{:?}", result.clone()), "1");
    assert_eq!(tool("in_option").awaited("success", in_option()).into_iter().flatten().count(), 3);
    assert_eq!(tool("in_tuple").called("success", in_tuple).0.count(), 3);
    assert!(tool("in_tuple_of_results").awaited("success", in_tuple_of_results()).0.is_ok());
    assert_eq!(tool("iterator").awaited("success", iterator(&[1, 2])).count(), 2);
    let mut values = vec![1];
    assert_eq!(tool("mapped").called("success", || mapped(&mut values, &1).sum::<u8>()), 4);
    assert_eq!(tool("closure").called("success", || closure(str::len))("ab"), 2);
}
