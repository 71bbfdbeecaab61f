//! The user's items don't collide with names in generated code, even if they have the same names.
#![allow(dead_code)] // Most items exist only to shadow names.

use self::inner::*;
use super::calls::{llm, task, tool};

mod inner {
    #![allow(non_camel_case_types)]

    pub(super) struct Ok;
    pub(super) struct Err;
    pub(super) struct Some;
    pub(super) struct None;
    pub(super) struct Option;
    pub(super) struct Result;
    pub(super) struct Box;
    pub(super) struct Pin;
    pub(super) struct String;
    pub(super) struct Default;
    pub(super) struct Site;
    pub(super) struct u64;
    pub(super) struct f64;
    pub(super) struct str;
    pub(super) struct bool;
    pub(super) trait Future {}
    pub(super) trait Fn {}
    pub(super) trait FnOnce {}
    pub(super) trait Into {}
    pub(super) trait Clone {}
    pub(super) trait Send {}
    pub(super) mod core {}
    pub(super) mod std {}
    pub(super) mod alloc {}
    pub(super) mod metrics {}
    pub(super) mod prometheus {}
    pub(super) mod agent_metrics {}
    pub(super) mod __rt {}
    pub(super) const __SITE: () = ();

    #[derive(Clone, Copy)]
    pub(super) enum Status {
        Success,
    }

    use ::agent_metrics::{TokenUsage, Usage, track, track_llm, track_step, track_task, track_tool};

    pub(super) struct Reply;

    impl TokenUsage for Reply {
        fn token_usage(&self) -> ::core::option::Option<Usage> {
            ::core::option::Option::None
        }
    }

    #[derive(Clone, Copy, PartialEq, Eq, ::agent_metrics::LabelValue)]
    pub(super) enum Kind {
        Shadowed,
    }

    #[derive(Clone, Copy, ::agent_metrics::CallLabels)]
    #[calls(name = "shadowed_lookup")]
    pub(super) struct Lookup {
        kind: Kind,
    }

    #[track_task(task_type = Kind::Shadowed)]
    pub(super) async fn shadowed_task(
        fails: ::core::primitive::bool,
    ) -> ::core::result::Result<(), &'static ::core::primitive::str> {
        shadowed_step();
        if fails { ::core::result::Result::Err("no") } else { ::core::result::Result::Ok(()) }
    }

    #[track_step]
    pub(super) fn shadowed_step() {}

    #[track_tool]
    pub(super) fn shadowed_tool((a, _): (u8, Ok), __arg1: u8, __call: u8) -> u8 {
        a + __arg1 + __call
    }

    #[track_llm(model = "shadowed_model")]
    pub(super) fn shadowed_llm()
    -> ::std::pin::Pin<::std::boxed::Box<dyn ::core::future::Future<Output = Reply>>> {
        ::std::boxed::Box::pin(async { Reply })
    }

    #[track(Lookup, kind = Kind::Shadowed)]
    pub(super) async fn shadowed_lookup(mut number: u8) -> u8 {
        number += 1;
        number
    }
}

#[test]
fn the_users_items_do_not_shadow_names_in_generated_code() {
    assert!(task("shadowed").awaited("failure", shadowed_task(true)).is_err());
    assert_eq!(tool("shadowed_tool").called("success", || shadowed_tool((1, Ok), 2, 4)), 7);
    llm("shadowed_model").awaited("success", shadowed_llm());
    assert_eq!(super::calls::ready(shadowed_lookup(1)), 2);
}
