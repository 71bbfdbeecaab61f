//! All function shapes of `tests/ui/pass` compile and are counted in edition 2021.
#![deny(warnings)]

#[path = "../../ui/pass/mod.rs"]
mod pass;
