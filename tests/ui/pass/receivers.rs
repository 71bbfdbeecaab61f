//! Methods with every kind of receiver can be tracked.
#![allow(clippy::needless_arbitrary_self_type)] // Typed receivers are under test.

use super::calls::tool;
use agent_metrics::track_tool;
use std::pin::Pin;
use std::sync::Arc;

struct Agent {
    count: usize,
}

impl Agent {
    #[track_tool]
    async fn by_ref(&self) -> &usize {
        &self.count
    }

    #[track_tool]
    fn by_ref_sync(&self) -> &usize {
        &self.count
    }

    #[track_tool]
    async fn by_mut(&mut self) -> &mut usize {
        self.count += 1;
        &mut self.count
    }

    #[track_tool]
    fn by_mut_sync(&mut self) -> &mut usize {
        self.count += 1;
        &mut self.count
    }

    #[track_tool]
    async fn by_value(self) -> usize {
        self.count
    }

    #[track_tool]
    async fn by_mut_value(mut self) -> Self {
        self.count += 1;
        self
    }

    #[track_tool]
    fn by_mut_value_sync(mut self) -> Self {
        self.count += 1;
        self
    }

    #[track_tool]
    async fn by_box(self: Box<Self>) -> usize {
        self.count
    }

    #[track_tool]
    async fn by_arc(self: Arc<Self>) -> usize {
        self.count
    }

    #[track_tool]
    async fn by_arc_ref(self: &Arc<Self>) -> usize {
        self.count
    }

    #[track_tool]
    async fn by_pin(self: Pin<&mut Self>) -> usize {
        self.count
    }

    #[track_tool]
    fn by_pin_sync(self: Pin<&mut Self>) -> usize {
        self.count
    }

    #[track_tool]
    async fn by_typed_self(self: &Self) -> usize {
        self.count
    }

    #[track_tool]
    async fn without() -> Self {
        Self { count: 1 }
    }
}

#[test]
fn methods_with_every_kind_of_receiver_are_counted() {
    let mut agent = tool("without").awaited("success", Agent::without());
    assert_eq!(*tool("by_ref").awaited("success", agent.by_ref()), 1);
    assert_eq!(*tool("by_ref_sync").called("success", || agent.by_ref_sync()), 1);
    *tool("by_mut").awaited("success", agent.by_mut()) += 1;
    *tool("by_mut_sync").called("success", || agent.by_mut_sync()) += 1;
    let agent = tool("by_mut_value").awaited("success", agent.by_mut_value());
    let agent = tool("by_mut_value_sync").called("success", || agent.by_mut_value_sync());
    assert_eq!(tool("by_typed_self").awaited("success", agent.by_typed_self()), 7);
    let mut pinned = Box::pin(Agent { count: 7 });
    assert_eq!(tool("by_pin").awaited("success", pinned.as_mut().by_pin()), 7);
    assert_eq!(tool("by_pin_sync").called("success", || pinned.as_mut().by_pin_sync()), 7);
    let shared = Arc::new(agent);
    assert_eq!(tool("by_arc_ref").awaited("success", shared.by_arc_ref()), 7);
    assert_eq!(tool("by_arc").awaited("success", shared.by_arc()), 7);
    assert_eq!(tool("by_box").awaited("success", Box::new(Agent { count: 7 }).by_box()), 7);
    assert_eq!(tool("by_value").awaited("success", Agent { count: 7 }.by_value()), 7);
}
