//! The crates people use, each with its own types: made from what providers send, or got by its client from a loopback
//! server.

mod anthropic_sdk_rs;
mod async_openai;
mod aws_sdk_bedrockruntime;
mod genai;
mod golden;
mod ollama_rs;
mod reqwest;
mod retry;
mod rig_core;
mod rmcp;
mod server;
mod tonic;
