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

missing! { track_opening(A, B) try_track_opening(A, B, D) track_stream(A, B) try_track_stream(A, B, D) }

/// A stream in no box.
pub fn box_stream<S>(stream: S) -> S {
    stream
}
