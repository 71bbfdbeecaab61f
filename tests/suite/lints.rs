//! Compiler warnings in a tracked function: the same ones at the same positions, and no others.

use agent_metrics_tests::{Known, check_same};

const KNOWN: [Known; 4] = [
    Known {
        program: "mutable_arguments",
        new: &[],
        lost: &["warning[unused_variables] 20:19"],
        reason: "as in `named_arguments`",
    },
    Known {
        program: "must_use_async",
        new: &[],
        lost: &["warning[unused_must_use] 12:5"],
        reason: "rustc looks for the attribute on an `async fn` only, and this has become a `fn`",
    },
    Known {
        program: "named_arguments",
        new: &[],
        lost: &[
            "warning[unused_variables] 6:19",
            "warning[unused_variables] 18:19",
            "warning[unused_variables] 23:22",
        ],
        reason: "an argument that the body names is captured, which is a use; to bind it again makes futures larger",
    },
    Known {
        program: "recursion",
        new: &[],
        lost: &["warning[unconditional_recursion] 6:1"],
        reason: "the call is in a closure, which the lint doesn't look into",
    },
];

#[test]
fn a_tracked_function_has_the_warnings_of_the_untracked_one() {
    check_same("lints", "warning", &KNOWN, concat!(env!("CARGO_TARGET_TMPDIR"), "/twice"));
}
