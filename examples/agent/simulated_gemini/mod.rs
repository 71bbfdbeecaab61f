//! A stand-in for the model's service, on loopback: the same paths and JSON, written apart from the client's types, so
//! that the two can disagree. It reads the conversation, asks for the tools that fit and answers from their results.

mod faults;
mod replies;
mod tokens;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context as _;
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use fastrand::Rng;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

pub(crate) use faults::Faults;
use faults::{Behaviour, error_response};
use replies::Reply;
use tokens::Usage;

/// The server; dropping it stops it.
#[derive(Debug)]
pub(crate) struct SimulatedGemini {
    address: SocketAddr,
    server: JoinHandle<()>,
}

struct Shared {
    faults: Faults,
    rng: Mutex<Rng>,
}

impl SimulatedGemini {
    /// Listens on a free port of loopback. With one seed and one client, requests meet the same faults in every run.
    ///
    /// # Errors
    /// No port can be had.
    pub(crate) async fn start(faults: Faults, seed: u64) -> anyhow::Result<Self> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("can't start the simulated model")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { faults, rng: Mutex::new(Rng::with_seed(seed)) });
        let router = Router::new().route("/v1beta/models/{call}", post(generate_content)).with_state(shared);
        let server = tokio::spawn(async move {
            // axum's accept loop handles its own errors and never returns one.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, server })
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for SimulatedGemini {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn generate_content(
    State(shared): State<Arc<Shared>>,
    Path(call): Path<String>,
    body: Bytes,
) -> Response {
    let Some(model) = call.strip_suffix(":generateContent").filter(|model| model.starts_with("gemini-"))
    else {
        let message = format!("{call} is not found for API version v1beta");
        return error_response(StatusCode::NOT_FOUND, "NOT_FOUND", &message, None);
    };
    let request: Value = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => {
            let message = format!("Invalid JSON payload received. {error}");
            return error_response(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", &message, None);
        }
    };
    if request["contents"].as_array().is_none_or(Vec::is_empty) {
        let message = "* GenerateContentRequest.contents: contents is not specified";
        return error_response(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", message, None);
    }
    // A generator for each request: how much one draws doesn't change what the next one meets.
    let mut rng = shared.rng.lock().unwrap_or_else(PoisonError::into_inner).fork();
    match shared.faults.draw(&mut rng) {
        Behaviour::Fails { response, latency } => {
            tokio::time::sleep(latency).await;
            response
        }
        Behaviour::Answers { latency } => {
            tokio::time::sleep(latency).await;
            answer(model, &request, &mut rng).into_response()
        }
    }
}

fn answer(model: &str, request: &Value, rng: &mut Rng) -> Json<Value> {
    let mut part = match replies::reply(request) {
        Reply::Call { name, args } => json!({ "functionCall": { "name": name, "args": args } }),
        Reply::Text(text) => json!({ "text": text }),
    };
    let usage = Usage::count(request, &part, rng);
    if usage.thoughts.is_some() {
        part["thoughtSignature"] = json!(format!("{:016x}", rng.u64(..)));
    }
    Json(json!({
        "candidates": [{ "content": { "role": "model", "parts": [part] }, "finishReason": "STOP", "index": 0 }],
        "usageMetadata": usage.to_json(),
        "modelVersion": model,
        "responseId": format!("{:016x}", rng.u64(..)),
    }))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::gemini::http_client;

    async fn post(path: &str, body: &'static str) -> (u16, Value) {
        let server = SimulatedGemini::start(Faults::none(), 1).await.unwrap();
        let url = format!("{}{path}", server.base_url()).parse().unwrap();
        let client = http_client(&url, Duration::from_secs(10)).unwrap();
        let response = client.post(url).body(body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    #[tokio::test]
    async fn it_answers_as_the_service_does() {
        let body = r#"{"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}"#;
        let (status, answer) = post("/v1beta/models/gemini-2.0-flash:generateContent", body).await;
        assert_eq!(status, 200);
        assert_eq!(answer["candidates"][0]["finishReason"], "STOP");
        assert!(answer["candidates"][0]["content"]["parts"][0]["text"].is_string());
        assert_eq!(answer["usageMetadata"]["promptTokenCount"], 2);
        assert_eq!(answer["modelVersion"], "gemini-2.0-flash");
    }

    #[tokio::test]
    async fn wrong_requests_get_the_service_s_error_bodies() {
        let model = "/v1beta/models/gemini-2.0-flash:generateContent";
        for (path, body, status, code) in [
            ("/v1beta/models/other:generateContent", "{}", 404, "NOT_FOUND"),
            ("/v1beta/models/gemini-2.0-flash:embedContent", "{}", 404, "NOT_FOUND"),
            (model, "{", 400, "INVALID_ARGUMENT"),
            (model, r#"{"contents": []}"#, 400, "INVALID_ARGUMENT"),
        ] {
            let (found, answer) = post(path, body).await;
            assert_eq!((found, answer["error"]["status"].as_str()), (status, Some(code)), "{path} {body}");
            assert_eq!(answer["error"]["code"], status);
        }
    }
}
