//! A tracked future is `Send`, `Sync` and `Unpin` where the untracked one is.
#![allow(clippy::unused_self)] // The probe's receiver is what chooses the method.

use std::cell::Cell;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, MutexGuard};

/// Detects the traits of a type: an inherent method exists only where the type has the trait.
struct Probe<T>(PhantomData<T>);

impl<T: Send> Probe<T> {
    fn send(&self) -> bool {
        true
    }
}

impl<T: Sync> Probe<T> {
    fn sync(&self) -> bool {
        true
    }
}

impl<T: Unpin> Probe<T> {
    fn unpin(&self) -> bool {
        true
    }
}

trait Otherwise {
    fn send(&self) -> bool {
        false
    }

    fn sync(&self) -> bool {
        false
    }

    fn unpin(&self) -> bool {
        false
    }
}

impl<T> Otherwise for Probe<T> {}

fn probe<T>(_: &T) -> Probe<T> {
    Probe(PhantomData)
}

/// Reports if the type of a value is `Send`, `Sync` and `Unpin`. A macro, since a generic function would not see the bounds.
macro_rules! traits {
    ($value:expr) => {{
        let probe = probe(&$value);
        (probe.send(), probe.sync(), probe.unpin())
    }};
}

/// The same functions, with an attribute or without.
macro_rules! functions {
    ($module:ident $(, $attribute:meta)?) => {
        mod $module {
            #![allow(clippy::needless_pass_by_value, clippy::await_holding_lock)] // As futures are made of.
            use super::*;

            $(#[$attribute])?
            pub(super) async fn nothing() {}

            $(#[$attribute])?
            pub(super) async fn unused_argument(_rc: Rc<u8>) {}

            $(#[$attribute])?
            pub(super) async fn across_await(number: u8) -> u8 {
                let rc = Rc::new(number);
                std::future::ready(()).await;
                *rc
            }

            $(#[$attribute])?
            pub(super) async fn before_await(number: u8) -> u8 {
                let number = *Rc::new(number);
                std::future::ready(()).await;
                number
            }

            $(#[$attribute])?
            pub(super) async fn not_sync(cell: Cell<u8>) -> u8 {
                std::future::ready(()).await;
                cell.get()
            }

            $(#[$attribute])?
            pub(super) async fn borrows(cell: &Cell<u8>) -> u8 {
                std::future::ready(()).await;
                cell.get()
            }

            $(#[$attribute])?
            pub(super) async fn holds_a_guard(guard: MutexGuard<'_, u8>) -> u8 {
                std::future::ready(()).await;
                *guard
            }

            $(#[$attribute])?
            pub(super) async fn gives(number: u8) -> Rc<u8> {
                std::future::ready(()).await;
                Rc::new(number)
            }

            $(#[$attribute])?
            pub(super) async fn generic<T>(value: T) -> T {
                std::future::ready(()).await;
                value
            }

            $(#[$attribute])?
            pub(super) fn unpin() -> impl Future<Output = u8> {
                std::future::ready(1)
            }

            $(#[$attribute])?
            pub(super) fn opaque(rc: Rc<u8>) -> impl Future<Output = u8> {
                let number = *rc;
                async move { number }
            }

            $(#[$attribute])?
            pub(super) fn boxed() -> Pin<Box<dyn Future<Output = u8> + Send>> {
                Box::pin(async { 1 })
            }
        }
    };
}

functions!(plain);
functions!(tool, agent_metrics::track_tool);
functions!(task, agent_metrics::track_task);
functions!(step, agent_metrics::track_step);
functions!(llm, agent_metrics::track_llm(model = "m", usage = in_body));

macro_rules! all_traits {
    ($module:ident) => {{
        let (mutex, cell) = (std::sync::Mutex::new(1), Cell::new(1));
        vec![
            ("nothing", traits!($module::nothing())),
            ("unused_argument", traits!($module::unused_argument(Rc::new(1)))),
            ("across_await", traits!($module::across_await(1))),
            ("before_await", traits!($module::before_await(1))),
            ("not_sync", traits!($module::not_sync(Cell::new(1)))),
            ("borrows", traits!($module::borrows(&cell))),
            ("holds_a_guard", traits!($module::holds_a_guard(mutex.lock().expect("no panic before")))),
            ("gives", traits!($module::gives(1))),
            ("generic of u8", traits!($module::generic(1u8))),
            ("generic of Rc", traits!($module::generic(Rc::new(1)))),
            ("generic of Arc", traits!($module::generic(Arc::new(1)))),
            ("unpin", traits!($module::unpin())),
            ("opaque", traits!($module::opaque(Rc::new(1)))),
            ("boxed", traits!($module::boxed())),
        ]
    }};
}

#[test]
fn tracked_futures_have_the_auto_traits_of_untracked_ones() {
    let plain = all_traits!(plain);
    assert_eq!(all_traits!(tool), plain, "a tool");
    assert_eq!(all_traits!(task), plain, "a task");
    assert_eq!(all_traits!(step), plain, "a step");
    assert_eq!(all_traits!(llm), plain, "an LLM call");
    assert_eq!(plain[0].1, (true, true, false), "the probe works");
    assert_eq!(plain[2].1, (false, false, false), "the probe works");
}
