//! Checks against what others say: the seed, Prometheus, Python, the compiler.
#![allow(clippy::float_cmp)] // Counts are whole, and exact up to 2^53.

mod crates;
mod formats;
mod prices;
mod prometheus;
mod readme;
mod seed;
