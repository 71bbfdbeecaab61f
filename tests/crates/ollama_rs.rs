//! ollama-rs.

use agent_metrics::classify::error_status;
use agent_metrics::usage::wire::WireFormat;
use agent_metrics::{Classify, Status, TokenUsage, Usage, assert_metrics, testing, track_llm};
use futures_util::{Stream, StreamExt as _};
use ollama_rs::Ollama;
use ollama_rs::error::OllamaError;
use ollama_rs::generation::chat::request::ChatMessageRequest;
use ollama_rs::generation::chat::{ChatMessage, ChatMessageResponse};
use ollama_rs::generation::completion::GenerationResponse;

use crate::golden::golden;
use crate::server::{Answer, Server};

#[test]
fn chats_report_the_same_facts_as_their_json() {
    for body in [golden!("ollama/plain.json"), golden!("ollama/reasoning.json")] {
        let typed: ChatMessageResponse = serde_json::from_str(body).expect("a chat");
        let facts = WireFormat::Ollama.facts_of_slice(body.as_bytes());
        assert_eq!(typed.token_usage(), facts.usage, "{body}");
        assert_eq!(typed.served_model(), facts.served_model.as_deref(), "{body}");
        assert_eq!(typed.finish_reason(), None, "the crate doesn't report it");
    }
    let typed: GenerationResponse =
        serde_json::from_str(golden!("ollama/generate.json")).expect("a response");
    let facts = WireFormat::Ollama.facts_of_slice(golden!("ollama/generate.json").as_bytes());
    assert_eq!(vec![typed].token_usage(), facts.usage);
    let part = r#"{"model": "m", "created_at": "", "response": "It", "done": false}"#;
    let part: GenerationResponse = serde_json::from_str(part).expect("a part");
    assert_eq!(part.token_usage(), None, "unknown is not 0");
}

fn request() -> ChatMessageRequest {
    ChatMessageRequest::new("llama3.2".to_owned(), vec![ChatMessage::user("Does it rain?".to_owned())])
}

fn client(address: &str) -> Ollama {
    Ollama::try_new(format!("http://{address}")).expect("a client")
}

#[track_llm(model = "llama3.2", provider = "ollama")]
async fn ask(client: &Ollama) -> Result<ChatMessageResponse, OllamaError> {
    client.send_chat_messages(request()).await
}

#[track_llm(model = "llama3.2", stream)]
async fn stream(
    client: &Ollama,
) -> Result<impl Stream<Item = Result<ChatMessageResponse, ()>> + use<>, OllamaError> {
    client.send_chat_messages_stream(request()).await
}

#[tokio::test]
async fn whole_and_streamed_chats_are_counted() {
    let metrics = testing::isolated();
    let server = Server::start([
        Answer::new(200, golden!("ollama/plain.json")),
        Answer::new(200, golden!("ollama/stream.jsonl")),
    ]);
    let client = client(&server.address);
    let reply = ask(&client).await.expect("it is answered");
    assert_eq!(reply.token_usage(), Some(Usage::new(26, 298)));
    assert_eq!(stream(&client).await.expect("it begins").count().await, 3);
    assert_metrics!(metrics, {
        agent_llm_calls_total { model = "llama3.2", status = "success" } == 2,
        agent_llm_input_tokens_sum { model = "llama3.2" } == 52,
        agent_llm_output_tokens_sum { model = "llama3.2" } == 301,
        agent_llm_usage_missing_total { model = "llama3.2" } == 0,
    });
}

#[tokio::test]
async fn errors_are_classified_as_far_as_the_crate_keeps_their_cause() {
    let server = Server::start([Answer::new(400, golden!("ollama/too_long.json")), Answer::new(500, "{}")]);
    let client = client(&server.address);
    for expected in [Status::ContextOverflow, Status::Error] {
        let error = client.send_chat_messages(request()).await.expect_err("it fails");
        assert_eq!(error.classify(), expected, "{error}");
    }
    let refused = self::client(&Server::refusing_address());
    let error = refused.send_chat_messages(request()).await.expect_err("the connection is refused");
    let error = anyhow::Error::from(error).context("while asking");
    assert_eq!(error_status(error.as_ref()), Status::Unavailable, "{error:#}");
}
