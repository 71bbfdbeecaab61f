//! `fn -> Pin<Box<dyn Future>>` whose last expression is `Box::pin(..)` is measured until the future ends.

use super::calls::tool;
use agent_metrics::track_tool;
use std::future::Future;
use std::pin::Pin;

struct Agent {
    count: usize,
}

impl Agent {
    #[track_tool]
    fn boxed<'a>(
        &'a mut self,
        text: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<usize, std::io::Error>> + Send + 'a>> {
        self.count += 1;
        let length = text.len();
        Box::pin(async move {
            self.count += 1;
            if length > 3 {
                return Err(std::io::Error::other("long"));
            }
            Ok(self.count)
        })
    }

    #[track_tool(timeout = "1h")]
    fn boxed_limited(&self) -> Pin<Box<dyn Future<Output = anyhow::Result<usize>> + '_>> {
        Box::pin(async move { Ok(self.count) })
    }
}

trait Dynamic {
    #[track_tool]
    fn boxed_default(&self) -> ::std::pin::Pin<::std::boxed::Box<dyn Future<Output = u8> + Send + '_>>
    where
        Self: Sync,
    {
        let one = 1;
        ::std::boxed::Box::pin(async move {
            let _ = self;
            one
        })
    }
}

impl Dynamic for Agent {}

#[test]
fn boxed_futures_are_counted_when_they_end() {
    let mut agent = Agent { count: 0 };
    assert!(tool("boxed").awaited("error", agent.boxed("long one")).is_err());
    let boxed = agent.boxed("abc");
    assert_eq!(tool("boxed").so_far(), [("error".to_owned(), 1)], "not polled");
    drop(boxed);
    assert_eq!(agent.count, 3);
    assert_eq!(tool("boxed_default").awaited("success", agent.boxed_default()), 1);
}

#[tokio::test]
async fn a_boxed_future_may_have_a_timeout() {
    let agent = Agent { count: 1 };
    assert_eq!(tool("boxed_limited").awaited("success", agent.boxed_limited()).ok(), Some(1));
}
