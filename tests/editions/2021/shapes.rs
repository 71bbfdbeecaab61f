//! Every shape of function, in edition 2021.
#![deny(warnings)]

#[path = "../../ui/pass/mod.rs"]
mod pass;
