//! The operations of LLM calls.

/// The operations that are inferences.
const INFERENCES: [&str; 3] = ["chat", "generate_content", "text_completion"];

/// Returns whether an operation is an inference.
pub(in crate::builtin) fn infers(operation: &str) -> bool {
    INFERENCES.contains(&operation)
}
