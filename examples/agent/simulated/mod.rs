//! A stand-in for a model's service, on loopback: the same paths and JSON, written apart from the client's types, so
//! that the two can disagree. It reads the conversation, asks for the tools that fit and answers from their results.

mod anthropic;
mod faults;
mod gemini;
mod openai;
mod replies;
mod service;
mod tokens;

use std::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderValue, Uri, header::RETRY_AFTER},
    response::{IntoResponse, Response, Sse, sse},
};
use fastrand::Rng;
use futures_util::stream::{self, StreamExt as _};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::model::Provider;
use faults::Behaviour;
pub(crate) use faults::Faults;
use replies::Reply;
use service::{Answer, Asked, Event, Refusal, Service};
use tokens::Usage;

/// Tools that there aren't, as models make them up.
const MADE_UP: [&str; 3] = ["web_search", "run_python", "search_documents"];
/// Requests that a client has before its limit, which the simulation never enforces.
const REQUESTS: u64 = 10_000;

/// The server; dropping it stops it.
#[derive(Debug)]
pub(crate) struct SimulatedModel {
    address: SocketAddr,
    provider: Provider,
    server: JoinHandle<()>,
}

struct Shared {
    service: &'static dyn Service,
    faults: Faults,
    rng: Mutex<Rng>,
    requests: AtomicU64,
}

impl SimulatedModel {
    /// Listens on a free loopback port. With the same seed and one client, requests meet the same faults in every run.
    ///
    /// # Errors
    /// No port can be had.
    pub(crate) async fn start(provider: Provider, faults: Faults, seed: u64) -> anyhow::Result<Self> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("can't start the simulated model")?;
        let address = listener.local_addr()?;
        let service: &dyn Service = match provider {
            Provider::Gemini => &gemini::Gemini,
            Provider::OpenAi => &openai::OpenAi,
            Provider::Anthropic => &anthropic::Anthropic,
        };
        let (rng, requests) = (Mutex::new(Rng::with_seed(seed)), AtomicU64::new(0));
        let router =
            Router::new().fallback(serve).with_state(Arc::new(Shared { service, faults, rng, requests }));
        let server = tokio::spawn(async move {
            // axum's accept loop handles its own errors and never returns one.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, provider, server })
    }

    pub(crate) fn base_url(&self) -> String {
        let version = if self.provider == Provider::OpenAi { "/v1" } else { "" };
        format!("http://{}{version}", self.address)
    }
}

impl Drop for SimulatedModel {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(State(shared): State<Arc<Shared>>, uri: Uri, body: Bytes) -> Response {
    let asked = serde_json::from_slice::<Value>(&body)
        .map_err(|error| Refusal::Invalid(format!("Invalid JSON payload received. {error}")))
        .and_then(|body| shared.service.read(uri.path(), &body));
    let mut response = match asked {
        Ok(asked) => shared.respond(&asked).await,
        Err(refusal) => shared.refuse(&refusal),
    };
    if let Some(header) = shared.service.limit_header() {
        let used = shared.requests.fetch_add(1, Ordering::Relaxed) % REQUESTS;
        response.headers_mut().insert(header, HeaderValue::from(REQUESTS - 1 - used));
    }
    response
}

impl Shared {
    async fn respond(&self, asked: &Asked) -> Response {
        // A generator for each request: how much one draws doesn't change what the next one meets.
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner).fork();
        let (reply, latency) = match self.faults.draw(&mut rng) {
            Behaviour::Refuses { refusal, latency } => {
                tokio::time::sleep(latency).await;
                return self.refuse(&refusal);
            }
            Behaviour::Withholds { latency } => (Reply::Withheld, latency),
            Behaviour::Answers { latency } => (replies::reply(asked), latency),
        };
        let usage = Usage::count(asked, reply.characters(), &mut rng);
        let answer = Answer { reply: self.perhaps_made_up(reply, &mut rng), usage, id: rng.u64(..) };
        tokio::time::sleep(latency).await;
        if !asked.streams {
            return Json(self.service.whole(asked, &answer)).into_response();
        }
        let mut events = self.service.events(asked, &answer);
        if rng.f64() < self.faults.broken {
            events.truncate(events.len() / 2);
        }
        stream(events, self.faults.gap).into_response()
    }

    fn perhaps_made_up(&self, reply: Reply, rng: &mut Rng) -> Reply {
        match reply {
            Reply::Call { args, .. } if rng.f64() < self.faults.made_up => {
                Reply::Call { name: MADE_UP[rng.usize(..MADE_UP.len())].to_owned(), args }
            }
            reply => reply,
        }
    }

    fn refuse(&self, refusal: &Refusal) -> Response {
        let (status, body) = self.service.refuse(refusal);
        let mut response = (status, Json(body)).into_response();
        if let Refusal::RateLimited(seconds) = refusal {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(*seconds));
        }
        response
    }
}

/// Events one after the other, with a wait before each but the first.
fn stream(events: Vec<Event>, gap: Duration) -> impl IntoResponse {
    let events = stream::iter(events).enumerate().then(move |(number, (name, data))| async move {
        if number > 0 {
            tokio::time::sleep(gap).await;
        }
        let event = sse::Event::default().data(data);
        Ok::<_, Infallible>(match name {
            Some(name) => event.event(name),
            None => event,
        })
    });
    Sse::new(events)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::model::http_client;

    async fn post(provider: Provider, path: &str, body: &Value) -> (u16, String) {
        let server = SimulatedModel::start(provider, Faults::none(), 1).await.unwrap();
        let url = format!("http://{}{path}", server.address).parse().unwrap();
        let client = http_client(&url, Duration::from_secs(10)).unwrap();
        let response = client.post(url).body(body.to_string()).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    fn read(body: &str) -> Value {
        serde_json::from_str(body).unwrap()
    }

    #[tokio::test]
    async fn each_answers_as_its_service_does() {
        let gemini = json!({"contents": [{"role": "user", "parts": [{"text": "hello"}]}]});
        let path = "/v1beta/models/gemini-2.0-flash:generateContent";
        let answer = read(&post(Provider::Gemini, path, &gemini).await.1);
        assert_eq!(answer["candidates"][0]["finishReason"], "STOP");
        assert!(answer["candidates"][0]["content"]["parts"][0]["text"].is_string());
        assert_eq!(
            (&answer["usageMetadata"]["promptTokenCount"], &answer["modelVersion"]),
            (&json!(2), &json!("gemini-2.0-flash"))
        );

        let messages = json!([{"role": "user", "content": "hello"}]);
        let openai = json!({"model": "gpt-4.1-mini", "messages": messages});
        let answer = read(&post(Provider::OpenAi, "/v1/chat/completions", &openai).await.1);
        assert_eq!(answer["choices"][0]["finish_reason"], "stop");
        assert_eq!(
            (&answer["usage"]["prompt_tokens"], &answer["model"]),
            (&json!(2), &json!("gpt-4.1-mini-2025-04-14"))
        );

        let messages = json!([{"role": "user", "content": [{"type": "text", "text": "hello"}]}]);
        let anthropic = json!({"model": "claude-haiku-4-5", "messages": messages, "max_tokens": 9});
        let answer = read(&post(Provider::Anthropic, "/v1/messages", &anthropic).await.1);
        assert_eq!(
            (&answer["stop_reason"], &answer["content"][0]["type"]),
            (&json!("end_turn"), &json!("text"))
        );
    }

    #[tokio::test]
    async fn streams_end_as_their_formats_do() {
        let messages = json!([{"role": "user", "content": "hello"}]);
        let openai = json!({"model": "gpt-4.1-mini", "messages": messages, "stream": true});
        let (_, unasked) = post(Provider::OpenAi, "/v1/chat/completions", &openai).await;
        assert!(unasked.ends_with("data: [DONE]\n\n") && !unasked.contains("usage"), "{unasked}");

        let messages = json!([{"role": "user", "content": [{"type": "text", "text": "hello"}]}]);
        let anthropic =
            json!({"model": "claude-haiku-4-5", "messages": messages, "max_tokens": 9, "stream": true});
        let (_, text) = post(Provider::Anthropic, "/v1/messages", &anthropic).await;
        let names: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
        assert_eq!(names[..3], ["message_start", "content_block_start", "ping"]);
        assert_eq!(names[names.len() - 3..], ["content_block_stop", "message_delta", "message_stop"]);
    }

    #[tokio::test]
    async fn wrong_requests_get_the_services_error_bodies() {
        let gemini = "/v1beta/models/gemini-2.0-flash:generateContent";
        let (openai, anthropic) = ("/v1/chat/completions", "/v1/messages");
        let claude = json!({"model": "claude-x", "messages": [{"role": "user", "content": []}]});
        for (provider, path, body, status, key, code) in [
            (Provider::Gemini, "/v1beta/models/other:generateContent", json!({}), 404, "status", "NOT_FOUND"),
            (Provider::Gemini, "/v1beta/models/gemini-x:embedContent", json!({}), 404, "status", "NOT_FOUND"),
            (Provider::Gemini, gemini, json!({"contents": []}), 400, "status", "INVALID_ARGUMENT"),
            (Provider::OpenAi, openai, json!({"model": "other"}), 404, "code", "model_not_found"),
            (Provider::OpenAi, openai, json!({"model": "gpt-4o"}), 400, "type", "invalid_request_error"),
            (Provider::OpenAi, "/v1/embeddings", json!({}), 404, "type", "invalid_request_error"),
            (Provider::Anthropic, anthropic, json!({"model": "other"}), 404, "type", "not_found_error"),
            (Provider::Anthropic, anthropic, claude, 400, "type", "invalid_request_error"),
        ] {
            let (found, answer) = post(provider, path, &body).await;
            let answer = read(&answer);
            assert_eq!((found, &answer["error"][key]), (status, &json!(code)), "{provider} {path} {body}");
        }
    }
}
