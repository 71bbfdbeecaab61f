//! `#[test]` or `#[tokio::test]` and a tracking attribute can be combined in either order.

use super::calls::task;
use agent_metrics::track_task;

#[track_task]
#[tokio::test]
async fn above_a_test() {
    tokio::task::yield_now().await;
    assert_eq!(task("above_a_test").so_far(), [], "the call has not ended");
}

#[tokio::test(flavor = "current_thread")]
#[track_task]
async fn below_a_test() {
    tokio::task::yield_now().await;
    assert_eq!(task("below_a_test").so_far(), [], "the call has not ended");
}

#[track_task]
#[test]
fn above_a_plain_test() {
    assert_eq!(task("above_a_plain_test").so_far(), [], "the call has not ended");
}

#[test]
#[track_task]
fn below_a_plain_test() -> Result<(), std::num::ParseIntError> {
    let one: u8 = "1".parse()?;
    assert_eq!(one, 1);
    Ok(())
}

#[track_task]
#[test]
#[should_panic(expected = "as it should")]
fn a_test_that_panics() {
    panic!("as it should");
}

#[tokio::test]
async fn spawned_tasks_are_counted() {
    #[track_task]
    async fn spawned(number: u8) -> u8 {
        tokio::task::yield_now().await;
        number
    }
    assert_eq!(tokio::spawn(spawned(1)).await.ok(), Some(1));
    assert_eq!(task("spawned").so_far(), [("success".to_owned(), 1)]);
}
