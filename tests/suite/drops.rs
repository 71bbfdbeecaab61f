//! The arguments of a tracked function are dropped at the same time and in the same order as without the attribute.

use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

thread_local! {
    static DROPS: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

struct Noted(&'static str);

impl Drop for Noted {
    fn drop(&mut self) {
        DROPS.with_borrow_mut(|drops| drops.push(self.0));
    }
}

/// The way in which a call ends.
#[derive(Clone, Copy, PartialEq, Debug)]
enum End {
    Ready,
    Early,
    Waiting,
    Panic,
}

/// Ends a function that doesn't return.
macro_rules! end {
    ($end:expr) => {
        match $end {
            End::Ready | End::Waiting => {}
            End::Early => return Noted("early"),
            End::Panic => panic!("as it should"),
        }
    };
}

async fn waits(end: End) {
    if end == End::Waiting {
        std::future::pending::<()>().await;
    }
}

/// The same functions, with an attribute or without.
macro_rules! functions {
    ($module:ident $(, $attribute:meta)?) => {
        mod $module {
            #![allow(clippy::needless_pass_by_value, clippy::too_many_arguments)] // What is passed is dropped.
            use super::{End, Future, Noted, waits};

            pub(super) struct Agent(#[allow(dead_code)] pub(super) Noted);

            impl Agent {
                $(#[$attribute])?
                pub(super) async fn patterns(
                    self,
                    a: Noted,
                    (b, _): (Noted, Noted),
                    _: Noted,
                    _c: Noted,
                    (_, d): (Noted, Noted),
                    #[allow(unused_variables)] unused: Noted,
                    moved: Noted,
                    end: End,
                ) -> Noted {
                    let _local = Noted("local");
                    drop(moved);
                    waits(end).await;
                    end!(end);
                    let _last = (&a, &b, &d);
                    Noted("result")
                }

                $(#[$attribute])?
                pub(super) fn patterns_sync(
                    self,
                    a: Noted,
                    (b, _): (Noted, Noted),
                    _: Noted,
                    _c: Noted,
                    (_, d): (Noted, Noted),
                    #[allow(unused_variables)] unused: Noted,
                    moved: Noted,
                    end: End,
                ) -> Noted {
                    let _local = Noted("local");
                    drop(moved);
                    end!(end);
                    let _last = (&a, &b, &d);
                    Noted("result")
                }

                $(#[$attribute])?
                pub(super) async fn names(self, a: Noted, b: Noted, _: Noted, _c: Noted, end: End) -> Noted {
                    let _local = Noted("local");
                    waits(end).await;
                    end!(end);
                    let _last = (&a, &b);
                    Noted("result")
                }
            }

            $(#[$attribute])?
            pub(super) fn opaque(
                a: Noted,
                _: Noted,
                (b, _): (Noted, Noted),
                end: End,
            ) -> impl Future<Output = Noted> {
                let _before = Noted("before");
                async move {
                    let _inside = (&a, &b);
                    waits(end).await;
                    end!(end);
                    Noted("result")
                }
            }

            $(#[$attribute])?
            pub(super) fn boxed(
                a: Noted,
                _: Noted,
                (b, _): (Noted, Noted),
                end: End,
            ) -> std::pin::Pin<Box<dyn Future<Output = Noted>>> {
                let _before = Noted("before");
                Box::pin(async move {
                    let _inside = (&a, &b);
                    waits(end).await;
                    end!(end);
                    Noted("result")
                })
            }
        }
    };
}

functions!(plain);
functions!(tool, agent_metrics::track_tool);
functions!(task, agent_metrics::track_task);
functions!(step, agent_metrics::track_step);
functions!(llm, agent_metrics::track_llm(model = "m", usage = in_body));

fn noted(text: &'static str) -> Noted {
    Noted(text)
}

fn pair(first: &'static str, second: &'static str) -> (Noted, Noted) {
    (Noted(first), Noted(second))
}

/// The values dropped during a call and after it, in order.
fn drops(call: impl FnOnce() -> Option<Noted>) -> Vec<&'static str> {
    let result = catch_unwind(AssertUnwindSafe(call));
    DROPS.with_borrow_mut(|drops| drops.push("-- back at the caller"));
    drop(result);
    DROPS.take()
}

/// The values that a future drops when it is created, polled once, and dropped.
fn drops_of<F: Future<Output = Noted>>(make: impl FnOnce() -> F) -> Vec<&'static str> {
    drops(|| {
        let future = pin!(make());
        DROPS.with_borrow_mut(|drops| drops.push("-- made"));
        let result = match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => Some(result),
            Poll::Pending => None,
        };
        DROPS.with_borrow_mut(|drops| drops.push("-- polled"));
        result
    })
}

/// The values that all functions of a module drop for one kind of end, by function name.
macro_rules! all_drops {
    ($module:ident, $end:expr) => {{
        let end = $end;
        let agent = || $module::Agent(noted("self"));
        let (b, d) = (|| pair("b", "b_"), || pair("d_", "d"));
        let patterns = || {
            agent().patterns(
                noted("a"),
                b(),
                noted("_"),
                noted("_c"),
                d(),
                noted("unused"),
                noted("moved"),
                end,
            )
        };
        let patterns_sync = || {
            let (ignored, unused) = (noted("_"), noted("unused"));
            Some(agent().patterns_sync(
                noted("a"),
                b(),
                ignored,
                noted("_c"),
                d(),
                unused,
                noted("moved"),
                end,
            ))
        };
        let mut all = vec![
            ("patterns", drops_of(patterns)),
            ("names", drops_of(|| agent().names(noted("a"), noted("b"), noted("_"), noted("_c"), end))),
            ("opaque", drops_of(|| $module::opaque(noted("a"), noted("_"), b(), end))),
            ("boxed", drops_of(|| $module::boxed(noted("a"), noted("_"), b(), end))),
        ];
        if end != End::Waiting {
            all.push(("patterns_sync", drops(patterns_sync)));
        }
        all
    }};
}

#[test]
fn tracked_functions_keep_the_drop_order() {
    for end in [End::Ready, End::Early, End::Waiting, End::Panic] {
        let plain = all_drops!(plain, end);
        assert!(plain.iter().all(|(_, drops)| drops.len() > 4), "{plain:?}");
        assert_eq!(all_drops!(tool, end), plain, "a tool, {end:?}");
        assert_eq!(all_drops!(task, end), plain, "a task, {end:?}");
        assert_eq!(all_drops!(step, end), plain, "a step, {end:?}");
        assert_eq!(all_drops!(llm, end), plain, "an LLM call, {end:?}");
    }
}
