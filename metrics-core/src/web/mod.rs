//! HTTP frameworks: each a thin skin over recording and exposition.

#[cfg(feature = "axum")]
pub mod axum;
mod body;
pub mod tower;

pub use body::MeasuredBody;
