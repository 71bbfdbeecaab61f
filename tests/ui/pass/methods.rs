//! Trait methods can be tracked, provided or implemented, and a constant of the type can name them.

use super::calls::tool;
use agent_metrics::track_tool;

trait Tool {
    const NAME: &'static str;

    fn required(&self, text: &str) -> usize;

    #[track_tool]
    fn provided(&self, count: usize) -> usize {
        self.required("ab") + count
    }

    #[track_tool(tool_name = Self::NAME)]
    fn named_by_the_type(&self) {}
}

struct Search;

impl Tool for Search {
    const NAME: &'static str = "method_search";

    #[track_tool(tool_name = "method_required")]
    fn required(&self, text: &str) -> usize {
        text.len()
    }
}

struct Fetch;

impl Tool for Fetch {
    const NAME: &'static str = "method_fetch";

    #[track_tool(tool_name = Self::NAME)]
    fn required(&self, text: &str) -> usize {
        text.len()
    }
}

#[test]
fn trait_methods_are_counted() {
    let sum = tool("provided").called("success", || {
        tool("method_required").called("success", || Search.required("abc")) + Fetch.provided(1)
    });
    assert_eq!(sum, 6);
    tool("method_search").called("success", || Search.named_by_the_type());
    assert_eq!(tool("method_fetch").so_far(), [("success".to_owned(), 1)]);
}
