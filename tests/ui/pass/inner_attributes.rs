//! Attributes and doc comments inside the body keep their effect.

use super::calls::tool;
use agent_metrics::track_tool;

#[track_tool]
fn inner_sync() -> u8 {
    #![allow(unused_variables)]
    let unused = 1;
    2
}

#[track_tool]
async fn inner_async(number: u8) -> u8 {
    //! A doc comment of the function.
    #![allow(unused_variables, clippy::no_effect_underscore_binding)]
    let unused = number;
    2
}

#[track_tool]
async fn on_statements(number: u8) -> u8 {
    #[allow(unused_variables)]
    let unused = 1;
    #[cfg(any())]
    compile_error!("this is not compiled");
    #[rustfmt::skip]
    let sum = number+1;
    sum
}

#[test]
fn attributes_inside_the_body_take_effect() {
    assert_eq!(tool("inner_sync").called("success", inner_sync), 2);
    assert_eq!(tool("inner_async").awaited("success", inner_async(1)), 2);
    assert_eq!(tool("on_statements").awaited("success", on_statements(1)), 2);
}
