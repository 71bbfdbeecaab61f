//! The function shapes that the attributes accept, one per file. Each edition compiles and runs them.

pub(crate) mod calls;

mod async_in_traits;
mod async_trait_crate;
mod bodies;
mod borrowed_errors;
mod boxed_future;
mod budgets;
mod forbid_unsafe;
mod foreign_traits;
mod functions;
mod generics;
mod impl_arguments;
mod inference;
mod inner_attributes;
mod instantiations;
mod keys;
mod lifetimes;
mod macro_made;
mod methods;
mod nested_impl;
mod never;
mod no_prelude;
mod opaque_future;
mod patterns;
mod raw_names;
mod receivers;
mod recursion;
mod renamed;
mod shadowed_names;
mod streams;
mod unsafe_and_extern;
mod with_axum;
mod with_each_other;
mod with_inert;
mod with_tests;
mod with_tracing;
