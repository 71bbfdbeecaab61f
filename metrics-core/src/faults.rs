//! Faults that callers must not notice: counted, and given to the hook of the global metrics.

use std::any::Any;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::Fault;

pub(crate) type Hook = Box<dyn Fn(&Fault) + Send + Sync>;

static HOOK: OnceLock<Hook> = OnceLock::new();
static CALLBACK_PANICS: AtomicU64 = AtomicU64::new(0);

/// Sets the hook; the first one stays.
pub(crate) fn set_hook(hook: Hook) {
    let _ = HOOK.set(hook);
}

pub(crate) fn report(fault: &Fault) {
    if let Some(hook) = HOOK.get() {
        // A hook that panics has nobody left to tell.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| hook(fault)));
    }
}

#[cold]
pub(crate) fn callback_panicked(panic: &(dyn Any + Send)) {
    CALLBACK_PANICS.fetch_add(1, Ordering::Relaxed);
    let message = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned());
    report(&Fault::CallbackPanicked { message });
}

pub(crate) fn callback_panics() -> u64 {
    CALLBACK_PANICS.load(Ordering::Relaxed)
}
