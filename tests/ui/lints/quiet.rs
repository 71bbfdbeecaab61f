//! A tracked function without mistakes gets no warning, even with many optional lints enabled.
#![warn(unused, rust_2018_idioms, rust_2021_compatibility, rust_2024_compatibility)]
#![warn(absolute_paths_not_starting_with_crate, elided_lifetimes_in_paths, explicit_outlives_requirements)]
#![warn(impl_trait_redundant_captures, let_underscore_drop, missing_debug_implementations, missing_docs)]
#![warn(redundant_lifetimes, single_use_lifetimes, trivial_casts, trivial_numeric_casts, unit_bindings)]
#![warn(unnameable_types, unreachable_pub, unsafe_code, unused_lifetimes, unused_qualifications, unused_results)]
#![allow(unused_imports)] // Without the attribute, its name is unused.
use agent_metrics::track_tool;

use std::cell::RefCell;
use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;

#[track_tool]
async fn plain(number: u8, _: u8, _meant: u8) -> u8 {
    std::future::ready(number).await
}

#[track_tool]
fn plain_sync(number: u8, _: u8, _meant: u8) -> u8 {
    number
}

#[track_tool]
async fn borrowed<'a>(text: &'a str, _: &str) -> &'a str {
    text
}

#[track_tool]
async fn opaque(cell: &RefCell<u8>) -> Result<impl Display, String> {
    Ok(*cell.borrow())
}

#[track_tool]
fn future(text: &str) -> impl Future<Output = usize> + '_ {
    async move { text.len() }
}

#[track_tool]
fn boxed(text: &str) -> Pin<Box<dyn Future<Output = usize> + Send + '_>> {
    Box::pin(async move { text.len() })
}

#[track_tool]
async fn generic<T: Display, const N: usize>(mut value: Vec<T>, array: [T; N]) -> usize {
    value.extend(array);
    value.len()
}

fn main() {
    drop(plain(1, 2, 3));
    drop(borrowed("a", "b"));
    drop(opaque(&RefCell::new(1)));
    drop(future("a"));
    drop(boxed("a"));
    drop(generic(vec![1], [1]));
    let _ = plain_sync(1, 2, 3);
}
