//! Lint attributes of a function and of its arguments keep their effect, and an expectation is fulfilled. Checked by clippy.
#![warn(clippy::pedantic)]

use super::calls::tool;
use agent_metrics::track_tool;

#[track_tool]
fn allowed_argument(
    #[allow(clippy::ptr_arg)] list: &Vec<u8>,
    #[expect(clippy::ptr_arg)] text: &String,
) -> usize {
    list.len() + text.len()
}

#[track_tool]
async fn allowed_argument_async(
    #[allow(clippy::ptr_arg)] list: &Vec<u8>,
    #[expect(unused_variables)] n: u8,
) -> usize {
    list.len()
}

#[track_tool]
#[expect(clippy::unused_async, reason = "a trait has it")]
async fn expected() -> u8 {
    1
}

#[track_tool]
#[expect(clippy::needless_pass_by_value)]
fn expected_sync(text: String) -> usize {
    text.len()
}

#[track_tool]
#[expect(clippy::result_large_err)]
fn large_error() -> Result<(), [u8; 512]> {
    Err([0; 512])
}

#[test]
fn functions_with_expected_lints_are_counted() {
    let call = || allowed_argument(&vec![1], &String::new());
    assert_eq!(tool("allowed_argument").called("success", call), 1);
    assert_eq!(tool("allowed_argument_async").awaited("success", allowed_argument_async(&vec![1], 2)), 1);
    assert_eq!(tool("expected").awaited("success", expected()), 1);
    assert_eq!(tool("expected_sync").called("success", || expected_sync(String::new())), 0);
    assert!(tool("large_error").called("error", || large_error().is_err()));
}
