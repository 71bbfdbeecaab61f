//! `async fn` in traits can be tracked without `async-trait`, also where the trait declares `-> impl Future`.

use super::calls::task;
use agent_metrics::track_task;
use std::future::Future;

trait Agent {
    fn declared_as_future(&self, text: &str) -> impl Future<Output = usize> + Send;

    async fn declared_async(&mut self, text: &str) -> Result<usize, String>;

    #[track_task]
    async fn provided_async(&self) -> usize {
        self.declared_as_future("abc").await
    }
}

struct Planner {
    count: usize,
}

impl Agent for Planner {
    #[track_task]
    async fn declared_as_future(&self, text: &str) -> usize {
        std::future::ready(()).await;
        text.len() + self.count
    }

    #[track_task]
    async fn declared_async(&mut self, text: &str) -> Result<usize, String> {
        self.count += text.len();
        Err(text.to_owned())
    }
}

#[test]
fn async_trait_methods_are_counted() {
    let mut planner = Planner { count: 1 };
    assert_eq!(task("provided_async").awaited("success", planner.provided_async()), 4);
    assert_eq!(task("declared_as_future").so_far(), [("success".to_owned(), 1)]);
    assert!(task("declared_async").awaited("failure", planner.declared_async("ab")).is_err());
    assert_eq!(planner.count, 3);
}
