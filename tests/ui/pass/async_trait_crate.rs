//! Methods of `#[async_trait]` traits can be tracked, in the trait and in its implementations.

use super::calls::{task, tool};
use agent_metrics::{track_task, track_tool};
use async_trait::async_trait;

#[async_trait]
trait Agent {
    async fn answer(&mut self, question: &str) -> Result<usize, std::io::Error>;

    #[track_task]
    async fn boxed_default(&self) -> usize
    where
        Self: Sync,
    {
        std::future::ready(2).await
    }
}

#[async_trait(?Send)]
trait Local<T> {
    async fn local(&self, value: T) -> T;
}

struct Planner {
    count: usize,
}

#[async_trait]
impl Agent for Planner {
    #[track_task(task_type = "boxed_answer")]
    async fn answer(&mut self, question: &str) -> Result<usize, std::io::Error> {
        self.count += 1;
        let length: usize = async { Ok::<_, std::io::Error>(question.len()) }.await?;
        if length > 3 {
            return Err(std::io::Error::other("long"));
        }
        Ok(length)
    }
}

#[async_trait(?Send)]
impl<T: 'static> Local<T> for Planner {
    #[inline]
    #[track_tool(tool_name = "boxed_local")]
    async fn local(&self, value: T) -> T {
        value
    }
}

#[test]
fn async_trait_methods_are_counted_when_their_future_ends() {
    let mut planner = Planner { count: 0 };
    assert!(task("boxed_answer").awaited("failure", planner.answer("long one")).is_err());
    assert_eq!(task("boxed_default").awaited("success", planner.boxed_default()), 2);
    assert_eq!(tool("boxed_local").awaited("success", planner.local(5)), 5);
    let dynamic: &mut dyn Agent = &mut planner;
    assert!(super::calls::ready(dynamic.answer("abc")).is_ok());
    assert_eq!(task("boxed_answer").so_far().len(), 2);
}
