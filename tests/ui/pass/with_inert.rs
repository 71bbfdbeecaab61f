//! Attributes of the compiler, such as `#[must_use]`, `#[inline]` and `#[cfg]`, stay on the tracked function.

use super::calls::tool;
use agent_metrics::track_tool;
use std::panic::Location;

#[must_use]
#[track_tool]
fn must_use_sync() -> u8 {
    1
}

#[track_tool]
#[must_use = "the result is needed"]
async fn must_use_async() -> u8 {
    1
}

#[track_caller]
#[track_tool]
fn with_track_caller(place: &Location<'_>) -> bool {
    place.file() == Location::caller().file()
}

#[track_tool]
#[inline(always)]
#[cold]
#[allow(clippy::inline_always)]
fn inlined() -> u8 {
    1
}

#[deprecated(note = "it is old")]
#[track_tool]
async fn old() {}

/// Documented.
#[rustfmt::skip]
#[track_tool]
#[doc(hidden)]
async fn skipped( ) { }

#[cfg(any())]
#[track_tool]
fn absent() -> NotAType {}

#[cfg_attr(test, track_tool(tool_name = "by_cfg_attr"))]
async fn conditional() {}

#[cfg_attr(any(), track_tool)]
fn untracked() {}

#[test]
#[allow(deprecated)] // The test calls a deprecated function on purpose.
fn attributes_of_the_compiler_take_effect() {
    assert_eq!(tool("must_use_sync").called("success", must_use_sync), 1);
    assert_eq!(tool("must_use_async").awaited("success", must_use_async()), 1);
    assert!(tool("with_track_caller").called("success", || with_track_caller(Location::caller())));
    assert_eq!(tool("inlined").called("success", inlined), 1);
    tool("old").awaited("success", old());
    tool("skipped").awaited("success", skipped());
    tool("by_cfg_attr").awaited("success", conditional());
    untracked();
    assert_eq!(tool("untracked").so_far(), []);
}
