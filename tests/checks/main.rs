//! Checks against other programs and against the source: the original system, Prometheus, Python, the compiler, the layers.
#![allow(clippy::float_cmp)] // Counts are whole, and exact up to 2^53.

mod crates;
mod formats;
mod layers;
mod litellm;
mod original;
mod prices;
mod prometheus;
mod readme;
