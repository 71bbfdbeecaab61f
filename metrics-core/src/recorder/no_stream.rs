//! What the `stream` key says without the feature of that name.

/// Implemented by nothing.
#[diagnostic::on_unimplemented(
    message = "the `stream` key needs the feature `stream` of `agent-metrics`",
    label = "needs the feature `stream`",
    note = "add `features = [\"stream\"]` to `agent-metrics` in Cargo.toml"
)]
pub trait NeedsFeatureStream {}

macro_rules! missing {
    ($($name:ident($($more:ident),*))*) => {$(
        /// Without the feature nothing can follow a stream.
        pub fn $name<C: NeedsFeatureStream, S, $($more),*>(_: C, source: S, $(_: $more),*) -> S {
            source
        }
    )*};
}

missing! { open(A, B) try_open(A, B, D) stream(A, B) try_stream(A, B, D) }

/// A stream in no box.
pub fn boxed<S>(stream: S) -> S {
    stream
}
