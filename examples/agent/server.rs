//! The service around the agent: tasks and feedback in, answers and metrics out.

use std::{convert::Infallible, sync::Arc, time::Duration};

use agent_metrics::{
    AgentMetrics, BudgetSpent, LabelValue as _, TimedOut,
    live::LivePage,
    web::axum::{http_metrics, live_page, metrics_route},
};
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State, rejection::JsonRejection},
    http::{StatusCode, header},
    response::{
        Html, IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
    routing::{get, post},
};
use futures_util::{Stream, StreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    agent::{Agent, Part},
    insight::{ByTask, Insight},
    model::ModelError,
    shutdown::Shutdown,
    task::{Answer, TaskKind},
};

const LONGEST_PROMPT: usize = 4_000;
const LARGEST_BODY: usize = 64 * 1024;
/// The time that requests get to finish during shutdown.
pub(crate) const GRACE: Duration = Duration::from_secs(5);
/// The page is self-contained.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; form-action 'none'";

struct Service {
    agent: Agent,
    metrics: AgentMetrics,
}

pub(crate) fn router(agent: Agent, metrics: &AgentMetrics, live: &LivePage) -> Router {
    Router::new()
        .merge(live_page("/", live))
        .route("/try", get(page))
        .route("/tasks", post(do_task).get(last_tasks))
        .route("/chat", post(chat))
        .route("/feedback", post(take_feedback))
        .route("/metrics", metrics_route(metrics))
        .fallback(nothing_here)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(http_metrics(metrics))
        .with_state(Arc::new(Service { agent, metrics: metrics.clone() }))
}

/// Serves until the program must stop and every request in flight is answered.
///
/// # Errors
/// Returns an error when the listener fails.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    mut shutdown: Shutdown,
) -> std::io::Result<()> {
    axum::serve(listener, router).with_graceful_shutdown(async move { shutdown.begun().await }).await
}

async fn page() -> impl IntoResponse {
    ([(header::CONTENT_SECURITY_POLICY, PAGE_POLICY)], Html(include_str!("page.html")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TaskRequest {
    task_type: String,
    prompt: String,
}

async fn do_task(
    State(service): State<Arc<Service>>,
    request: Result<Json<TaskRequest>, JsonRejection>,
) -> Result<Json<Answer>, Refusal> {
    let allowed =
        || json!({ "task_type": TaskKind::VALUES, "prompt": format!("1 to {LONGEST_PROMPT} characters") });
    let Json(TaskRequest { task_type, prompt }) =
        request.map_err(|rejection| Refusal::from_json(&rejection, allowed()))?;
    let kind =
        task_type.parse::<TaskKind>().map_err(|error| Refusal::from_value(error.to_string(), allowed()))?;
    let prompt =
        check_length("prompt", &prompt).map_err(|message| Refusal::from_value(message, allowed()))?;
    service.agent.run(kind, prompt).await.map(Json).map_err(|error| Refusal::from_task(&error))
}

async fn last_tasks(State(service): State<Arc<Service>>) -> impl IntoResponse {
    Json(service.agent.exchanges())
}

/// Returns the text without surrounding whitespace.
fn check_length<'a>(what: &str, text: &'a str) -> Result<&'a str, String> {
    let text = text.trim();
    let length = text.chars().count();
    if (1..=LONGEST_PROMPT).contains(&length) {
        return Ok(text);
    }
    Err(format!("the {what} has {length} characters, expected 1 to {LONGEST_PROMPT}"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChatRequest {
    message: String,
}

/// Answers with server-sent events: `token`s, then `done` or `error`. When the client disconnects, the stream and with it
/// the task are dropped.
async fn chat(
    State(service): State<Arc<Service>>,
    request: Result<Json<ChatRequest>, JsonRejection>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    let allowed = || json!({ "message": format!("1 to {LONGEST_PROMPT} characters") });
    let Json(ChatRequest { message }) =
        request.map_err(|rejection| Refusal::from_json(&rejection, allowed()))?;
    let message =
        check_length("message", &message).map_err(|message| Refusal::from_value(message, allowed()))?;
    let parts = service.agent.chat(message).await.map_err(|error| Refusal::from_task(&error))?;
    Ok(Sse::new(parts.map(|part| Ok(event(part)))).keep_alive(KeepAlive::default()))
}

fn event(part: Result<Part, ModelError>) -> Event {
    let (name, data) = match part {
        Ok(Part::Text(text)) => ("token", json!({ "text": text })),
        Ok(Part::Done(done)) => ("done", json!(done)),
        Err(error) => ("error", json!({ "message": error.to_string() })),
    };
    Event::default().event(name).data(data.to_string())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Feedback {
    score: f64,
    /// The type of the answered task.
    task_type: Option<String>,
}

async fn take_feedback(
    State(service): State<Arc<Service>>,
    request: Result<Json<Feedback>, JsonRejection>,
) -> Result<StatusCode, Refusal> {
    let allowed = || json!({ "score": "a number from 1 to 5", "task_type": TaskKind::VALUES });
    let Json(Feedback { score, task_type }) =
        request.map_err(|rejection| Refusal::from_json(&rejection, allowed()))?;
    if !(1.0..=5.0).contains(&score) {
        return Err(Refusal::from_value(format!("the score is {score}, expected 1 to 5"), allowed()));
    }
    let kind = task_type.as_deref().map(str::parse::<TaskKind>).transpose();
    let kind = kind.map_err(|unknown| Refusal::from_value(unknown.to_string(), allowed()))?;
    service.metrics.record_user_satisfaction(score);
    if let Some(task_type) = kind {
        Insight::global().response_quality_score.with(ByTask { task_type }).observe(score);
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn nothing_here() -> Refusal {
    let paths = json!([
        "GET /",
        "GET /try",
        "GET /tasks",
        "POST /tasks",
        "POST /chat",
        "POST /feedback",
        "GET /metrics"
    ]);
    Refusal { status: StatusCode::NOT_FOUND, message: "there is nothing here".to_owned(), allowed: paths }
}

/// An error response: `{"error": {"message": "..", "allowed": ..}}`.
struct Refusal {
    status: StatusCode,
    message: String,
    allowed: Value,
}

impl Refusal {
    fn from_json(rejection: &JsonRejection, allowed: Value) -> Self {
        Self { status: rejection.status(), message: rejection.body_text(), allowed }
    }

    fn from_value(message: String, allowed: Value) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, message, allowed }
    }

    fn from_task(error: &anyhow::Error) -> Self {
        let of_model = || match error.downcast_ref::<ModelError>()? {
            ModelError::RateLimited { .. } | ModelError::BudgetSpent(_) => {
                Some(StatusCode::SERVICE_UNAVAILABLE)
            }
            ModelError::TimedOut => Some(StatusCode::GATEWAY_TIMEOUT),
            ModelError::Withheld { .. } | ModelError::TooLong { .. } => {
                Some(StatusCode::UNPROCESSABLE_ENTITY)
            }
            ModelError::Unavailable { .. }
            | ModelError::Unreachable(_)
            | ModelError::Rejected { .. }
            | ModelError::Unusable(_) => Some(StatusCode::BAD_GATEWAY),
        };
        let of_budget = || error.is::<BudgetSpent>().then_some(StatusCode::SERVICE_UNAVAILABLE);
        if error.is::<TimedOut>() {
            let message = "the task wasn't done in its time".to_owned();
            return Self { status: StatusCode::GATEWAY_TIMEOUT, message, allowed: Value::Null };
        }
        let status = of_model().or_else(of_budget).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, message: format!("{error:#}"), allowed: Value::Null }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut error = json!({ "message": self.message });
        if !self.allowed.is_null() {
            error["allowed"] = self.allowed;
        }
        (self.status, Json(json!({ "error": error }))).into_response()
    }
}
