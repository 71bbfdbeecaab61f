//! `fn -> Pin<Box<dyn Future>>` whose last expression is `Box::pin(..)` is measured until the future ends.

use super::calls::tool;
use agent_metrics::track_tool;
use futures_util::future::{BoxFuture, FutureExt as _, LocalBoxFuture};
use std::future::Future;
use std::num::ParseIntError;
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

impl Agent {
    #[track_tool(timeout = "1h")]
    fn boxed_by_method<'a>(
        &'a mut self,
        text: &'a str,
        (more, _): (usize, String),
    ) -> BoxFuture<'a, Result<usize, anyhow::Error>> {
        self.count += more;
        async move {
            std::future::ready(()).await;
            Ok(self.count + text.len())
        }
        .boxed()
    }

    #[track_tool]
    fn boxed_locally(&self) -> LocalBoxFuture<'_, usize> {
        async move { self.count }.map(|count| count + 1).boxed_local()
    }
}

#[track_tool]
#[rustfmt::skip]
fn boxed_with_comma(n: u32) -> BoxFuture<'static, u32> {
    Box::pin(
        async move { n },
    )
}

#[track_tool]
#[allow(clippy::needless_return)] // The returns are what the program is about.
fn closures_that_return(text: &str) -> Pin<Box<dyn Future<Output = u32> + Send>> {
    let clamp = |x: u32| if x > 9 { return 9 } else { return x };
    let parse = |text: &str| -> Result<u32, ParseIntError> {
        if text.is_empty() {
            return Ok(0);
        }
        text.parse()
    };
    let n = clamp(parse(text).unwrap_or(1));
    Box::pin(async move { n })
}

#[test]
fn other_forms_of_boxed_futures_are_counted_when_they_end() {
    let agent = Agent { count: 1 };
    assert_eq!(tool("boxed_locally").awaited("success", agent.boxed_locally()), 2);
    assert_eq!(tool("boxed_with_comma").awaited("success", boxed_with_comma(3)), 3);
    assert_eq!(tool("closures_that_return").awaited("success", closures_that_return("12")), 9);
}

#[tokio::test]
async fn a_future_that_is_boxed_by_a_method_may_have_a_timeout() {
    let mut agent = Agent { count: 1 };
    assert_eq!(agent.boxed_by_method("abc", (1, String::new())).await.ok(), Some(5));
    assert_eq!(tool("boxed_by_method").so_far(), [("success".to_owned(), 1)]);
}

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
