//! Functions made by `macro_rules!`, with every kind of fragment.

use super::calls::tool;
use agent_metrics::track_tool;
use std::future::Future;
use std::pin::Pin;

macro_rules! from_expression {
    ($name:ident, $returned:ty, $body:expr) => {
        #[track_tool]
        async fn $name(number: u8) -> $returned {
            let _ = number;
            $body
        }
    };
}
from_expression!(macro_expression, &'static str, "x");

macro_rules! from_block {
    ($(#[$attr:meta])* $name:ident($($arg:ident: $ty:ty),*) -> $returned:ty $body:block) => {
        $(#[$attr])*
        async fn $name($($arg: $ty),*) -> $returned $body
    };
    (sync $(#[$attr:meta])* $name:ident($($arg:pat => $ty:ty),*) -> $returned:ty $body:block) => {
        $(#[$attr])*
        fn $name($($arg: $ty),*) -> $returned $body
    };
}
from_block!(#[track_tool] macro_block(a: u8, b: &str) -> usize { usize::from(a) + b.len() });
from_block!(#[track_tool] macro_statements(a: u8) -> usize { let b = a; usize::from(b) });
from_block!(sync #[track_tool] macro_sync((a, _) => (u8, u8)) -> usize { let b = a; usize::from(b) });

macro_rules! methods {
    ($self:ident, $name:ident, $label:expr, $returned:ty, $ty:ty, $body:expr) => {
        struct Made {
            number: $ty,
        }

        impl Made {
            #[track_tool(tool_name = $label)]
            async fn $name(&$self) -> $returned {
                $body
            }

            #[track_tool]
            fn macro_method(&self, number: $ty) -> $ty {
                self.number + number
            }

            #[track_tool]
            fn macro_boxed(&self) -> Pin<Box<dyn Future<Output = $ty> + '_>> {
                Box::pin(async move { self.number })
            }
        }
    };
}
methods!(self, labelled, "macro_labelled", &u8, u8, &self.number);

/// The name that the body uses is the macro's, not the caller's.
macro_rules! hygienic {
    ($name:ident, $number:ident, $body:expr) => {
        #[track_tool]
        fn $name($number: u8, number: u8) -> u8 {
            number + $body
        }
    };
}
hygienic!(macro_hygiene, number, number * 10);

macro_rules! item {
    ($item:item) => {
        #[track_tool]
        $item
    };
}
item!(
    async fn macro_item<'a>(text: &'a str) -> &'a str {
        text
    }
);

#[test]
fn made_functions_count() {
    assert_eq!(tool("macro_expression").awaited("success", macro_expression(1)), "x");
    assert_eq!(tool("macro_block").awaited("success", macro_block(1, "ab")), 3);
    assert_eq!(tool("macro_statements").awaited("success", macro_statements(1)), 1);
    assert_eq!(tool("macro_sync").called("success", || macro_sync((1, 2))), 1);
    let made = Made { number: 1 };
    assert_eq!(*tool("macro_labelled").awaited("success", made.labelled()), 1);
    assert_eq!(tool("macro_method").called("success", || made.macro_method(1)), 2);
    assert_eq!(tool("macro_boxed").awaited("success", made.macro_boxed()), 1);
    assert_eq!(tool("macro_hygiene").called("success", || macro_hygiene(1, 2)), 12);
    assert_eq!(tool("macro_item").awaited("success", macro_item("a")), "a");
}
