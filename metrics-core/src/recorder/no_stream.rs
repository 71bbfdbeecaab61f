//! The compile error of the `stream` key without the feature of that name.

/// Implemented by no type.
#[diagnostic::on_unimplemented(
    message = "the `stream` key needs the feature `stream` of `agent-metrics`",
    label = "needs the feature `stream`",
    note = "add `features = [\"stream\"]` to `agent-metrics` in Cargo.toml"
)]
pub trait NeedsFeatureStream {}

macro_rules! missing {
    ($($name:ident($($more:ident),*))*) => {$(
        /// Reports the missing feature.
        pub fn $name<C: NeedsFeatureStream, S, $($more),*>(_: C, source: S, $(_: $more),*) -> S {
            source
        }
    )*};
}

missing! { track_opening(A, B) try_track_opening(A, B, D) track_stream(A, B) try_track_stream(A, B, D) }

/// Stands for `Stream`, so that the missing feature is the only error.
pub trait Stream {
    /// The type of the items.
    type Item;
}

impl<T> Stream for T {
    type Item = ();
}

/// Returns the stream as it is.
pub fn box_stream<S>(stream: S) -> S {
    stream
}
