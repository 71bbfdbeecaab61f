//! HTTP frameworks: each a thin skin over recording and exposition.

#[cfg(feature = "axum")]
pub mod axum;
mod body;
mod chunks;
pub mod tower;

pub use body::MeasuredBody;
