//! Embeddings.

use async_openai::types::embeddings::{
    CreateBase64EmbeddingResponse, CreateEmbeddingResponse, EmbeddingUsage,
};

use crate::integrations::parts::named;
use crate::usage::{TokenUsage, Usage};

/// An embedding has no output tokens.
impl TokenUsage for EmbeddingUsage {
    fn token_usage(&self) -> Option<Usage> {
        // Some servers report only the total.
        Some(Usage::new(self.prompt_tokens.max(self.total_tokens).into(), 0))
    }
}

macro_rules! embeddings {
    ($($response:ident)*) => {$(
        impl TokenUsage for $response {
            fn token_usage(&self) -> Option<Usage> {
                self.usage.token_usage()
            }

            fn served_model(&self) -> Option<&str> {
                named(&self.model)
            }
        }
    )*};
}

embeddings!(CreateEmbeddingResponse CreateBase64EmbeddingResponse);
