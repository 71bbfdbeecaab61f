//! The measured functions: the same body with different attributes.

use std::fmt::Error;
use std::hint::black_box;

use agent_metrics::{Bounded, CallLabels, LabelValue, track, track_llm, track_task, track_tool};
use autometrics::autometrics;

#[derive(Clone, Copy, LabelValue)]
pub(crate) enum Index {
    Docs,
    Code,
}

#[derive(Clone, Copy, CallLabels)]
#[calls(name = "bench_constant")]
pub(crate) struct Constant {
    index: Index,
}

#[derive(Clone, Copy, CallLabels)]
#[calls(name = "bench_lookup")]
pub(crate) struct Lookup {
    index: Index,
}

#[derive(Clone, Copy, CallLabels)]
#[calls(name = "bench_tenant")]
pub(crate) struct Tenant {
    tenant: Bounded<64>,
}

macro_rules! functions {
    ($($(#[$attribute:meta])* [$($kind:tt)*] $name:ident($($arg:ident: $ty:ty)?);)*) => {$(
        $(#[$attribute])*
        pub(crate) $($kind)* $name($($arg: $ty,)? n: u64) -> Result<u64, Error> {
            $(let _ = $arg;)?
            if n == u64::MAX { Err(Error) } else { Ok(black_box(n)) }
        }
    )*};
}

// Never inlined, so that a loop calls the function as an agent would. For labels that change, there is a function
// that takes the same argument and has a constant label.
functions! {
    #[inline(never)] [fn] plain();
    #[inline(never)] #[track_tool] [fn] tool();
    #[inline(never)] #[track_task] [fn] task();
    #[inline(never)] #[autometrics] [fn] auto();

    #[inline(never)] #[track_tool] [fn] tool_constant(index: Index);
    #[inline(never)] #[track_tool(tool_name = index)] [fn] tool_enum(index: Index);
    #[inline(never)] #[track(Constant, index = Index::Docs)] [fn] own_constant(index: Index);
    #[inline(never)] #[track(Lookup, index = index)] [fn] own_enum(index: Index);

    #[inline(never)] #[track(Constant, index = Index::Code)] [fn] own_unread(text: &str);
    #[inline(never)] #[track(Tenant, tenant = text)] [fn] own_bounded(text: &str);
    #[inline(never)] #[track_llm(model = "constant", usage = |_| None)] [fn] llm_constant(text: &str);
    #[inline(never)] #[track_llm(model = text, usage = |_| None)] [fn] llm_model(text: &str);

    [async fn] plain_async();
    #[track_tool] [async fn] tool_async();
    #[autometrics] [async fn] auto_async();
}
