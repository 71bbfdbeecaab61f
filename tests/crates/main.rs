//! Integrations with client crates. Responses are parsed from the golden files of the wire formats, or requested by the
//! crate's client from a server on loopback.

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
