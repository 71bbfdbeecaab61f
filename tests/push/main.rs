//! What is pushed arrives, in real engines and in a receiver that can be made to fail.

mod agent;
mod engines;
mod failures;
mod fleet;
mod otlp;
mod pushgateway;
mod receiver;
mod remote_write;
