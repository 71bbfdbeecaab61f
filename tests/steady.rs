//! A call allocates nothing once its series exists. This is a separate process because of its counting allocator.
#![allow(unsafe_code)] // An allocator is unsafe by its nature; this one counts and passes on.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use agent_metrics::{
    Bounded, CallLabels, LabelValue, Usage, track, track_llm, track_step, track_task, track_tool,
};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call is passed unchanged to the system allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: guaranteed by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: guaranteed by the caller.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[derive(Clone, Copy, LabelValue)]
enum Kind {
    Search,
}

#[derive(Clone, Copy, CallLabels)]
#[calls(name = "steady")]
struct Steady {
    kind: Kind,
    tenant: Bounded<4>,
}

#[track(Steady, kind = Kind::Search, tenant = tenant)]
fn family(tenant: &str) -> Result<(), std::fmt::Error> {
    Err(std::fmt::Error)
}

#[track_tool]
fn tool() -> Option<u8> {
    None
}

#[track_step]
async fn step() {}

#[track_llm(model = model, usage = |()| Usage::new(3, 4).cache_read(1))]
async fn llm(model: &str) -> Result<(), std::io::Error> {
    Err(std::io::ErrorKind::TimedOut.into())
}

#[track_task(task_type = kind)]
async fn task(kind: Kind) -> Result<(), std::io::Error> {
    step().await;
    let _ = family("acme");
    let _ = tool();
    llm("gemini-2.0-flash").await
}

fn run() {
    let task = pin!(task(Kind::Search));
    assert!(task.poll(&mut Context::from_waker(Waker::noop())).is_ready());
    // A task that is dropped before it ends.
    assert!(pin!(task_that_waits()).poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

#[track_task]
async fn task_that_waits() {
    std::future::pending::<()>().await;
}

#[test]
fn the_steady_state_allocates_nothing() {
    run();
    let before = ALLOCATIONS.get();
    for _ in 0..1000 {
        run();
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);
}
