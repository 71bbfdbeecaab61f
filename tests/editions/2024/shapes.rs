//! Every shape of function, in edition 2024.
#![deny(warnings)]

mod only;
#[path = "../../ui/pass/mod.rs"]
mod pass;
