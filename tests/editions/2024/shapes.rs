//! All function shapes of `tests/ui/pass` compile and are counted in edition 2024.
#![deny(warnings)]

mod only;
#[path = "../../ui/pass/mod.rs"]
mod pass;
