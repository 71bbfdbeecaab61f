//! A compile error in a tracked body has the code and the position that it has without the attribute.

use agent_metrics_tests::{Known, check_same};

const KNOWN: [Known; 3] = [
    Known {
        program: "loops_of_sync",
        new: &["error[E0267] 6:5"],
        lost: &["error[E0268] 6:5"],
        reason: "the body is in a closure, and rustc has a code of its own for loops around closures",
    },
    Known {
        program: "opaque_of_async",
        new: &[],
        lost: &["error[E0271] 5:46"],
        reason: "rustc reports an `async fn` twice, at its type and at its body, but a `fn` once",
    },
    Known {
        program: "recursion",
        new: &["error[E0733] 6:5"],
        lost: &["error[E0733] 5:1"],
        reason: "what holds itself is the async block, which is located at the body's tail",
    },
];

#[test]
fn compile_errors_in_tracked_bodies_keep_code_and_position() {
    check_same("places", "error", &KNOWN, concat!(env!("CARGO_TARGET_TMPDIR"), "/twice"));
}
