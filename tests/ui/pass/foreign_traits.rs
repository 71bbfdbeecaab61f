//! Methods of foreign traits can be tracked, such as `From`, `Display`, `Iterator`, `Future` and `Drop`.

use super::calls::{ready, tool};
use agent_metrics::track_tool;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

struct Agent(u8);

impl<'a> From<&'a Agent> for u8 {
    #[track_tool(tool_name = "trait_from")]
    fn from(agent: &'a Agent) -> u8 {
        agent.0
    }
}

impl fmt::Display for Agent {
    #[track_tool(tool_name = "trait_display")]
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

impl Iterator for Agent {
    type Item = u8;

    #[track_tool(tool_name = "trait_next")]
    fn next(&mut self) -> Option<Self::Item> {
        self.0 = self.0.checked_sub(1)?;
        Some(self.0)
    }
}

struct Now(u8);

impl Future for Now {
    type Output = u8;

    #[track_tool(tool_name = "trait_poll")]
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u8> {
        Poll::Ready(self.0)
    }
}

impl Drop for Now {
    #[track_tool(tool_name = "trait_drop")]
    fn drop(&mut self) {
        self.0 = 0;
    }
}

trait Lends {
    type Lent<'a>
    where
        Self: 'a;

    fn lend<'a>(&'a mut self, other: Option<&mut u8>) -> Self::Lent<'a>;
}

impl Lends for Agent {
    type Lent<'a> = &'a mut u8;

    #[track_tool(tool_name = "trait_lend")]
    fn lend<'a>(&'a mut self, other: Option<&mut u8>) -> Self::Lent<'a> {
        if let Some(other) = other {
            *other += 1;
        }
        &mut self.0
    }
}

#[test]
fn methods_of_foreign_traits_are_counted() {
    let mut agent = Agent(1);
    assert_eq!(tool("trait_from").called("success", || u8::from(&agent)), 1);
    assert_eq!(tool("trait_display").called("success", || agent.to_string()), "1");
    let mut other = 1;
    *tool("trait_lend").called("success", || agent.lend(Some(&mut other))) = 3;
    assert_eq!(other, 2);
    assert_eq!(tool("trait_next").called("success", || agent.next()), Some(2));
    tool("trait_drop").called("success", || {
        assert_eq!(tool("trait_poll").called("success", || ready(Now(1))), 1);
    });
}
