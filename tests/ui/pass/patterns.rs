//! Arguments may be patterns, ignored, mutable, or conditional by `cfg`.
#![allow(clippy::many_single_char_names)] // The patterns bind many values.

use super::calls::tool;
use agent_metrics::track_tool;

struct Point {
    x: u8,
    y: u8,
}

#[track_tool]
async fn patterns(
    (a, _): (String, String),
    [b, mut c]: [u8; 2],
    _: String,
    _named: String,
    mut d: Vec<u8>,
    Point { x, y: z }: Point,
    &e: &u8,
) -> usize {
    d.push(1);
    c += 1;
    std::future::ready(()).await;
    a.len() + usize::from(b + c + x + z + e) + d.len()
}

#[track_tool]
fn patterns_sync(
    (a, _): (String, String),
    [b, .., mut c]: [u8; 3],
    _: String,
    _named: String,
    mut d: Vec<u8>,
    ref e: String,
    f @ Point { x, .. }: Point,
) -> usize {
    d.push(1);
    c += 1;
    a.len() + usize::from(b + c + x + f.y) + d.len() + e.len()
}

#[track_tool]
async fn under_cfg(
    #[allow(unused_variables)] unused: u8,
    #[cfg(any())] never: u8,
    #[cfg(test)] always: u8,
    #[cfg(any())] (never_a, never_b): (u8, u8),
) -> u8 {
    always
}

#[track_tool]
fn under_cfg_sync(#[cfg(any())] never: u8, #[cfg_attr(test, allow(unused_mut))] mut always: u8) -> u8 {
    always
}

#[track_tool]
async fn shadows(a: u8) -> u8 {
    let a = a + 1;
    #[allow(clippy::let_and_return)]
    let a = {
        let a = a * 2;
        a
    };
    a
}

#[track_tool]
async fn or_pattern((Ok(n) | Err(n)): Result<u8, u8>) -> u8 {
    n
}

#[track_tool]
fn or_pattern_sync((Ok(n) | Err(n)): Result<u8, u8>, (a, _): (u8, u8)) -> u8 {
    n + a
}

#[track_tool]
async fn mutable_reference(ref mut a: String, (ref mut b, _): (String, u8)) -> usize {
    a.push('a');
    b.push('b');
    a.len() + b.len()
}

#[track_tool]
fn mutable_reference_sync(ref mut a: String, (ref mut b, _): (String, u8)) -> usize {
    a.push('a');
    b.push('b');
    a.len() + b.len()
}

#[test]
fn functions_with_or_patterns_and_mutable_references_are_counted() {
    assert_eq!(tool("or_pattern").awaited("success", or_pattern(Err(1))), 1);
    let either = tool("or_pattern_sync").called("success", || or_pattern_sync(Ok(1), (2, 0)));
    assert_eq!(either, 3);
    let text = || String::from("a");
    let future = mutable_reference(text(), (text(), 1));
    assert_eq!(tool("mutable_reference").awaited("success", future), 4);
    let call = || mutable_reference_sync(text(), (text(), 1));
    assert_eq!(tool("mutable_reference_sync").called("success", call), 4);
}

#[test]
fn functions_with_argument_patterns_are_counted() {
    let (text, pair, point) = (String::new, || (String::from("ab"), String::new()), || Point { x: 1, y: 1 });
    let future = patterns(pair(), [1, 1], text(), text(), vec![], point(), &1);
    assert_eq!(tool("patterns").awaited("success", future), 9);
    let call = || patterns_sync(pair(), [1, 0, 1], text(), text(), vec![], text(), point());
    assert_eq!(tool("patterns_sync").called("success", call), 8);
    assert_eq!(tool("under_cfg").awaited("success", under_cfg(1, 2)), 2);
    assert_eq!(tool("under_cfg_sync").called("success", || under_cfg_sync(2)), 2);
    assert_eq!(tool("shadows").awaited("success", shadows(1)), 4);
}
