//! Labels, nested items, macros and `return` in closures work in a tracked body as without the attribute.

use super::calls::tool;
use agent_metrics::{track_step, track_tool};

#[track_tool]
async fn labelled_block(numbers: &[u8]) -> Option<u8> {
    'found: {
        for number in numbers {
            if *number > 3 {
                break 'found Some(*number);
            }
        }
        None
    }
}

#[track_tool]
async fn nested_items(number: u8) -> u8 {
    #[track_step]
    async fn inner(number: u8) -> u8 {
        number + BASE
    }
    static BASE: u8 = 1;
    use std::convert::identity;
    identity(inner(number).await)
}

#[track_tool]
fn returning_closure(numbers: &[u8]) -> usize {
    let is_big = |number: &&u8| {
        if **number > 100 {
            return true;
        }
        **number > 3
    };
    numbers.iter().filter(is_big).count()
}

#[track_tool]
async fn inner_futures(number: u8) -> Result<u8, String> {
    let fails = async { Err::<u8, String>("no".to_owned()) };
    let works = async {
        let one: u8 = async { Ok::<u8, String>(1) }.await?;
        Ok::<u8, String>(one + number)
    };
    assert!(fails.await.is_err());
    works.await
}

#[track_tool]
fn one_macro() -> String {
    format!("{}", 1)
}

#[track_tool]
fn statement_macro(number: u8) {
    assert!(number > 0);
}

#[track_tool]
fn one_match(number: u8) -> &'static str {
    match number {
        0 => "none",
        _ => "some",
    }
}

#[track_tool]
async fn struct_tail(number: u8) -> std::ops::Range<u8> {
    std::ops::Range { start: 0, end: number }
}

#[track_tool]
fn moved_in_part(pair: (String, String)) -> String {
    let first = pair.0;
    first + &pair.1
}

#[test]
fn tracked_bodies_return_the_same_values() {
    assert_eq!(tool("labelled_block").awaited("success", labelled_block(&[1, 5])), Some(5));
    assert_eq!(tool("nested_items").awaited("success", nested_items(1)), 2);
    assert_eq!(tool("returning_closure").called("success", || returning_closure(&[1, 5, 200])), 2);
    assert_eq!(tool("inner_futures").awaited("success", inner_futures(1)), Ok(2));
    assert_eq!(tool("one_macro").called("success", one_macro), "1");
    tool("statement_macro").called("success", || statement_macro(1));
    assert_eq!(tool("one_match").called("success", || one_match(1)), "some");
    assert_eq!(tool("struct_tail").awaited("success", struct_tail(2)).len(), 2);
    let pair = ("a".to_owned(), "b".to_owned());
    assert_eq!(tool("moved_in_part").called("success", || moved_in_part(pair)), "ab");
}
