//! A function with a raw identifier is counted under its name without `r#`.

use super::calls::tool;
use agent_metrics::track_tool;

#[track_tool]
async fn r#type(r#in: u8, mut r#match: u8) -> u8 {
    r#match += 1;
    r#in + r#match
}

#[track_tool(tool_name = r#fn)]
fn r#loop(r#fn: &str) -> usize {
    r#fn.len()
}

struct Raw {
    r#struct: String,
}

impl Raw {
    #[track_tool(tool_name = self.r#struct)]
    async fn r#enum<'r>(&self, (r#use, _): (&'r str, u8)) -> &'r str {
        r#use
    }
}

#[test]
fn raw_identifiers_are_counted_without_their_prefix() {
    assert_eq!(tool("type").awaited("success", r#type(1, 1)), 3);
    assert_eq!(tool("raw_text").called("success", || r#loop("raw_text")), 8);
    let raw = Raw { r#struct: "raw_field".to_owned() };
    assert_eq!(tool("raw_field").awaited("success", raw.r#enum(("a", 1))), "a");
}
