//! `#[axum::debug_handler]` and a tracking attribute can be combined in either order.

use super::calls::{ready, tool};
use agent_metrics::track_tool;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{MethodRouter, get};

#[track_tool]
#[axum::debug_handler]
async fn above_handler(State(base): State<usize>, Path(text): Path<String>) -> Result<String, StatusCode> {
    if text.len() > base { Err(StatusCode::NOT_FOUND) } else { Ok(text) }
}

#[axum::debug_handler(state = usize)]
#[track_tool]
async fn below_handler(State(base): State<usize>, body: String) -> Result<String, StatusCode> {
    if body.len() > base { Err(StatusCode::NOT_FOUND) } else { Ok(body) }
}

#[test]
fn tracked_handlers_are_accepted_by_axum() {
    let _: [MethodRouter<usize>; 2] = [get(above_handler), get(below_handler)];
    let result = tool("above_handler").awaited("success", above_handler(State(9), Path("a".to_owned())));
    assert_eq!(result.as_deref(), Ok("a"));
    assert_eq!(ready(below_handler(State(9), "a".to_owned())).as_deref(), Ok("a"));
    assert_eq!(tool("below_handler").so_far(), [("success".to_owned(), 1)]);
}
