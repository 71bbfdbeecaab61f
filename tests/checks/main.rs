//! Checks against what others say: the seed, Prometheus, Python, the compiler.

mod crates;
mod prometheus;
mod readme;
mod seed;
