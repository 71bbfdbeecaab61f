//! Every shape of function, in edition 2018.
#![deny(warnings)]

#[path = "../../ui/pass/mod.rs"]
mod pass;
