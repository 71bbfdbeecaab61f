//! A panic in a tracked body reaches the caller with its payload and its original location.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::Once;
use std::task::{Context, Waker};

use agent_metrics::{track_llm, track_step, track_task, track_tool};

thread_local! {
    /// The line of the panic that this thread expects, if any.
    static EXPECTED: Cell<Option<u32>> = const { Cell::new(None) };
    static SEEN: RefCell<Option<(String, u32)>> = const { RefCell::new(None) };
}

/// Records the locations of panics in this file, and passes those of other tests to the previous hook.
fn watch() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if EXPECTED.get().is_none() {
                return before(info);
            }
            let place = info.location().map(|at| (at.file().to_owned(), at.line()));
            SEEN.replace(place);
        }));
    });
}

/// Expects a panic on the next line.
macro_rules! here {
    () => {
        EXPECTED.set(Some(line!() + 1))
    };
}

#[track_tool]
fn panics_by_panic_macro() -> u8 {
    here!();
    panic!("payload")
}

#[track_tool]
fn by_option(nothing: Option<u8>) -> u8 {
    here!();
    let number = nothing.expect("payload");
    number + 1
}

#[track_task]
async fn by_index(numbers: &[u8]) -> u8 {
    std::future::ready(()).await;
    here!();
    numbers[5]
}

#[track_step]
async fn by_assertion(number: u8) {
    here!();
    assert_eq!(number, 2, "payload");
}

#[track_llm(model = "m", usage = in_body)]
async fn panics_by_todo_macro() -> Result<String, std::io::Error> {
    here!();
    todo!("payload")
}

#[track_tool]
fn opaque(number: u8) -> impl Future<Output = u8> {
    async move {
        here!();
        number / number.saturating_sub(1)
    }
}

#[track_tool]
fn opaque_before(number: u8) -> impl Future<Output = u8> {
    here!();
    assert!(number > 5, "payload");
    async move { number }
}

#[track_task]
fn boxed(number: u8) -> std::pin::Pin<Box<dyn Future<Output = u8>>> {
    Box::pin(async move {
        here!();
        number.checked_sub(5).expect("payload")
    })
}

#[track_tool]
fn panics_by_resume_unwind() -> u8 {
    resume_unwind(Box::new(5u8))
}

fn polled<T>(future: impl Future<Output = T>) {
    let _ = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
}

#[test]
fn panics_report_their_original_location() {
    watch();
    let calls: [(&str, fn()); 8] = [
        ("panics_by_panic_macro", || _ = panics_by_panic_macro()),
        ("by_option", || _ = by_option(None)),
        ("by_index", || polled(by_index(&[1]))),
        ("by_assertion", || polled(by_assertion(1))),
        ("panics_by_todo_macro", || polled(panics_by_todo_macro())),
        ("opaque", || polled(opaque(1))),
        ("opaque_before", || polled(opaque_before(1))),
        ("boxed", || polled(boxed(1))),
    ];
    for (name, call) in calls {
        // An earlier, unexpected panic is detected too.
        EXPECTED.set(Some(0));
        assert!(catch_unwind(call).is_err(), "{name}");
        let (expected, seen) = (EXPECTED.take(), SEEN.take().expect("a panic was seen"));
        assert_eq!(Some(seen.1), expected, "{name}");
        assert!(seen.0.ends_with("panics.rs"), "{name}: {}", seen.0);
    }
}

#[test]
fn panic_payloads_reach_the_caller_unchanged() {
    let payload = catch_unwind(AssertUnwindSafe(panics_by_resume_unwind)).expect_err("it panics");
    assert_eq!(payload.downcast_ref::<u8>(), Some(&5));
}
