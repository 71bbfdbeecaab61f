//! Tracked calls, from their start to their end, and the ledgers of tasks.

/// Implements `Debug` for types whose parts say nothing to a reader: the output is the type's name.
macro_rules! debug_by_name {
    ($($name:ident [$($generics:tt)*] [$($arguments:tt)*];)*) => {$(
        impl<$($generics)*> std::fmt::Debug for $name<$($arguments)*> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}

#[cfg(any(feature = "retry", feature = "tower", feature = "rig-core-0_44"))]
mod attempt;
mod budgeted;
mod by_hand;
mod cached;
mod call;
mod dropped;
mod facts;
mod family_call;
pub(crate) mod global;
mod global_metrics;
pub(crate) mod held;
mod in_task;
mod label;
pub(crate) mod ledger;
mod llm;
mod nesting;
#[cfg(not(feature = "stream"))]
mod no_stream;
mod own_cost;
mod reader;
mod request;
mod reservation;
#[cfg(feature = "retry")]
mod retry;
pub mod returned;
mod scope;
mod site;
#[cfg(feature = "testing")]
pub(crate) mod stand_in;
mod step;
#[cfg(feature = "stream")]
mod streamed;
mod task;
mod timeout;
mod tool;
mod tracked;

#[cfg(any(feature = "tower", feature = "rig-core-0_44"))]
pub(crate) use attempt::AttemptGuard;
pub use budgeted::{
    BudgetCheck, EnclosingBudgets, ViaBudgetSpent, ViaNoBudgetSpent, check_budgets, refused,
    with_budget_check,
};
pub use by_hand::{CompletionWindow, InvalidRate};
pub(crate) use cached::Cached;
pub use call::CallRecorder;
pub use facts::LiveFacts;
pub use family_call::{CallFamily, CallGuard, CallLabels, FamilyCall, GlobalFamily, OwnFamily};
pub use global::global;
pub use global_metrics::GlobalMetrics;
pub use in_task::{FutureExt, InTask, TaskHandle, current_task};
pub use label::{CallLabel, LabelExpr, ViaInvalidLabel, ViaLabelReference, ViaLabelValue, ViaStr};
pub use llm::{Call, LlmCall, LlmGuard, llm};
#[cfg(not(feature = "stream"))]
pub use no_stream::*;
pub use reader::*;
pub use request::RequestGuard;
pub use reservation::{Reservation, reserve_budgets};
#[cfg(feature = "retry")]
pub use retry::{Retry, retry};
pub use scope::{Global, Scope, family_call};
pub(crate) use site::tool_names;
pub use site::{Site, SiteRef, duplicate_names, sites};
pub use step::{StepCall, UnrecordedCall, step};
#[cfg(feature = "stream")]
pub use streamed::{
    LlmStream, StreamExt, Streamed, TaskStream, box_stream, track_opening, track_stream, try_track_opening,
    try_track_stream,
};
pub use task::{TaskCall, TaskGuard, task};
pub use timeout::limit::with_timeout;
#[cfg(feature = "tokio")]
pub use timeout::limit::{Timeout, timeout};
pub use timeout::{ViaNoTimedOut, ViaTimedOut};
pub use tool::{ToolCall, ToolGuard, tool};
pub use tracked::{make_future, track_call, track_future};
