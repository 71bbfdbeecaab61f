//! Generic functions and methods can be tracked: type and const parameters, where clauses, default parameters.
#![allow(clippy::multiple_bound_locations)] // Bounds in both places are under test.

use super::calls::tool;
use agent_metrics::track_tool;
use std::fmt::{Debug, Display};

#[track_tool]
async fn generic<T: Display, const N: usize>(value: T, array: [u8; N], f: impl Fn() -> u8) -> String
where
    T: Clone,
{
    std::future::ready(()).await;
    format!("{value}{}{}", array.len(), f())
}

#[track_tool]
fn generic_sync<T, E>(result: Result<T, E>) -> Result<T, E>
where
    E: Debug,
{
    result
}

#[track_tool]
async fn converts<T>(text: &str) -> Result<T, T::Err>
where
    T: std::str::FromStr,
{
    text.parse()
}

struct Store<'a, T: ?Sized, const N: usize = 4> {
    text: &'a str,
    value: Box<T>,
}

impl<'a, T: ?Sized + Debug, const N: usize> Store<'a, T, N> {
    #[track_tool]
    async fn generic_method(&self) -> String {
        format!("{:?}{N}", self.value)
    }

    #[track_tool]
    async fn rebuilt(self, text: &'a str) -> Store<'a, T, N> {
        Self { text, value: self.value }
    }

    #[track_tool]
    fn rebuilt_sync(self, text: &'a str) -> Self {
        Self { text, ..self }
    }
}

#[test]
fn generic_functions_are_counted() {
    assert_eq!(tool("generic").awaited("success", generic("a", [0; 3], || 7)), "a37");
    assert!(tool("generic_sync").called("error", || generic_sync::<(), _>(Err("no"))).is_err());
    assert!(tool("converts").awaited("error", converts::<u8>("x")).is_err());
    let store: Store<'_, [u8]> = Store { text: "a", value: Box::new([1]) };
    assert_eq!(tool("generic_method").awaited("success", store.generic_method()), "[1]4");
    let store = tool("rebuilt").awaited("success", store.rebuilt("b"));
    let store = tool("rebuilt_sync").called("success", || store.rebuilt_sync("c"));
    assert_eq!(store.text, "c");
}
