//! The features of edition 2024 work in tracked functions: `let` chains, temporaries of the last expression that are
//! dropped before the locals, lifetimes that `impl Trait` captures implicitly, `unsafe` attributes.
#![allow(unsafe_code)] // `#[unsafe(no_mangle)]` counts as unsafe code.

use super::pass::calls::tool;
use agent_metrics::track_tool;
use std::cell::RefCell;

#[track_tool]
async fn chained(text: Option<&str>) -> usize {
    if let Some(text) = text
        && let Ok(number) = text.parse::<usize>()
        && number > 3
    {
        return number;
    }
    0
}

#[track_tool]
async fn tail_borrows_a_local() -> usize {
    let cell = RefCell::new(vec![1, 2]);
    cell.borrow().len()
}

#[track_tool]
fn tail_borrows_a_local_sync() -> usize {
    let cell = RefCell::new(vec![1, 2]);
    cell.borrow().len()
}

struct Agent {
    count: usize,
}

impl Agent {
    #[track_tool]
    fn captures_all(&mut self, text: &str) -> impl Future<Output = usize> + Send {
        self.count += 1;
        async move { self.count + text.len() }
    }

    #[track_tool]
    async fn captures_all_inside(&self, text: &str) -> Result<impl Iterator<Item = u8>, ()> {
        Ok(text.bytes().map(|byte| byte + self.count as u8))
    }
}

#[track_tool]
#[unsafe(no_mangle)]
extern "C" fn agent_metrics_exported() -> u8 {
    1
}

#[track_tool]
async fn runs_a_closure(run: impl AsyncFnOnce(u8) -> u8) -> u8 {
    run(1).await
}

#[test]
fn function_shapes_of_edition_2024_are_counted() {
    assert_eq!(tool("chained").awaited("success", chained(Some("5"))), 5);
    assert_eq!(tool("tail_borrows_a_local").awaited("success", tail_borrows_a_local()), 2);
    assert_eq!(tool("tail_borrows_a_local_sync").called("success", tail_borrows_a_local_sync), 2);
    let mut agent = Agent { count: 0 };
    assert_eq!(tool("captures_all").awaited("success", agent.captures_all("ab")), 3);
    let bytes = tool("captures_all_inside").awaited("success", agent.captures_all_inside("ab"));
    assert_eq!(bytes.map(Iterator::count), Ok(2));
    assert_eq!(tool("agent_metrics_exported").called("success", || agent_metrics_exported()), 1);
    let run = async |number: u8| number + 1;
    assert_eq!(tool("runs_a_closure").awaited("success", runs_a_closure(run)), 2);
}
