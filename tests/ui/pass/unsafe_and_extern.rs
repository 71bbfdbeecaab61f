//! Unsafe functions and `extern` functions can be tracked, and stay unsafe.
#![allow(unsafe_code)] // Tracked functions with an unsafe signature are under test.

use super::calls::tool;
use agent_metrics::track_tool;

/// # Safety
/// The pointer must be valid.
#[track_tool]
async unsafe fn unsafe_async(pointer: *const u8) -> u8 {
    // SAFETY: the caller guarantees that the pointer is valid.
    unsafe { *pointer }
}

/// # Safety
/// The pointer must be valid.
#[track_tool]
unsafe fn unsafe_sync(pointer: *const u8) -> u8 {
    // SAFETY: the caller guarantees that the pointer is valid.
    unsafe { *pointer }
}

#[track_tool]
extern "C" fn extern_c(number: u8) -> u8 {
    number + 1
}

/// # Safety
/// The pointer must be valid.
#[track_tool]
unsafe extern "C" fn unsafe_extern_c(pointer: *const u8) -> u8 {
    // SAFETY: the caller guarantees that the pointer is valid.
    unsafe { *pointer }
}

#[test]
fn unsafe_functions_stay_unsafe() {
    let number = 7;
    // SAFETY: the pointer is to a local variable that outlives the call.
    let future = unsafe { unsafe_async(&raw const number) };
    assert_eq!(tool("unsafe_async").awaited("success", future), 7);
    // SAFETY: as above.
    assert_eq!(tool("unsafe_sync").called("success", || unsafe { unsafe_sync(&raw const number) }), 7);
    let pointer: unsafe extern "C" fn(*const u8) -> u8 = unsafe_extern_c;
    // SAFETY: as above.
    assert_eq!(tool("unsafe_extern_c").called("success", || unsafe { pointer(&raw const number) }), 7);
    let pointer: extern "C" fn(u8) -> u8 = extern_c;
    assert_eq!(tool("extern_c").called("success", || pointer(1)), 2);
}
