//! What one observed call records, from its start to its one end.

mod by_hand;
mod call;
mod classify;
mod facts;
mod family_call;
pub(crate) mod global;
mod in_task;
mod llm;
#[cfg(not(feature = "stream"))]
mod no_stream;
mod reader;
mod request;
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

pub use by_hand::InvalidRate;
pub use call::{Guard, Observed};
pub(crate) use classify::downcast;
pub use classify::{Classify, Derived, error_status, register_classifier};
pub use family_call::{CallFamily, CallLabels, FamilyCall, GlobalFamily, OwnFamily, family_call};
pub use global::global;
pub use in_task::{FutureExt, InTask, TaskHandle, current_task};
pub use llm::{Call, LlmCall, llm};
#[cfg(not(feature = "stream"))]
pub use no_stream::*;
pub use reader::*;
pub use request::RequestGuard;
pub use scope::{Global, Scope};
pub use site::{Arg, Label, Site, SiteRef, ViaClosed, ViaNoLabel, ViaText, shared_names, sites};
pub use step::{StepCall, Uncounted, step};
#[cfg(feature = "stream")]
pub use streamed::{Streamed, boxed, open, stream, try_open, try_stream};
pub use task::{TaskCall, task};
pub use timeout::TimedOut;
pub use timeout::limit::limited;
#[cfg(feature = "tokio")]
pub use timeout::limit::timeout;
pub use tool::{ToolCall, tool};
pub use tracked::{call_by, tracked_by};
