//! A light load: visitors who use the service over HTTP as people do. Some ask for what they asked before, some make
//! mistakes, some leave before the answer.

use std::{net::SocketAddr, time::Duration};

use fastrand::Rng;
use reqwest::{Client, StatusCode, Url};
use serde_json::{Value, json};
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};

use crate::{model::http_client, shutdown::Shutdown, task::TaskKind};

/// More visitors than this at once aren't let in: the load stays light when the model is slow.
const MOST_VISITORS: usize = 64;
/// Longer than a task may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Shares of the visits.
const LEAVES: f64 = 0.05;
const MISTAKEN: f64 = 0.03;
const GIVES_FEEDBACK: f64 = 0.2;
const CHATS: f64 = 0.15;

const SUBJECTS: &[&str] = &[
    "Python",
    "FastAPI",
    "axum",
    "microservices",
    "monoliths",
    "SQL databases",
    "NoSQL databases",
    "indexes",
    "histograms in Prometheus",
    "error budgets",
    "cardinality of labels",
    "tracing and logs",
    "tools of AI agents",
    "rate limits",
    "the cost of language models",
    "cancellation",
    "type hints",
    "transactions",
];
const KINDS: [TaskKind; 3] = [TaskKind::Search, TaskKind::Analysis, TaskKind::Coding];
const CODE: &[&str] = &[
    "sorts a list",
    "counts words",
    "searches a sorted list",
    "retries with backoff",
    "reads a file line by line",
];
const FILES: &[&str] = &["python.md", "databases.md", "recipes.md", "missing.md"];

#[derive(Debug, Clone)]
pub(crate) struct Load {
    http: Client,
    base: Url,
    per_second: f64,
}

impl Load {
    /// # Errors
    /// Returns an error when no HTTP client can be created.
    pub(crate) fn new(server: SocketAddr, per_second: f64) -> anyhow::Result<Self> {
        let base = Url::parse(&format!("http://{}", reachable(server)))?;
        Ok(Self { http: http_client(&base, PATIENCE)?, base, per_second })
    }

    /// Lets visitors in until the program is to stop, then waits for those inside.
    pub(crate) async fn run(self, mut shutdown: Shutdown) {
        let mut visitors = JoinSet::new();
        let mut ticks = interval(Duration::from_secs_f64(1.0 / self.per_second));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                _ = ticks.tick() => if visitors.len() < MOST_VISITORS {
                    visitors.spawn(self.clone().visit(Rng::new()));
                },
                Some(_) = visitors.join_next() => {}
                () = shutdown.begun() => break,
            }
        }
        while visitors.join_next().await.is_some() {}
    }

    async fn visit(self, mut rng: Rng) {
        if rng.f64() < MISTAKEN {
            let mistakes =
                [("/tasks", json!({ "task_type": "cooking", "prompt": "Bake bread" })), ("/task", json!({}))];
            let (path, body) = &mistakes[rng.usize(..mistakes.len())];
            self.post(path, body).await;
            return;
        }
        let (path, task_type, body) = if rng.f64() < CHATS {
            let subject = SUBJECTS[rng.usize(..SUBJECTS.len())];
            ("/chat", TaskKind::Chat, json!({ "message": format!("Tell me about {subject}") }))
        } else {
            let (kind, prompt) = task(&mut rng);
            ("/tasks", kind, json!({ "task_type": kind.name(), "prompt": prompt }))
        };
        let answered = self.post(path, &body);
        let answered = if rng.f64() < LEAVES {
            // Dropping the request closes the connection, and the service drops the task.
            timeout(Duration::from_millis(rng.u64(50..900)), answered).await.unwrap_or(None)
        } else {
            answered.await
        };
        if answered == Some(StatusCode::OK) && rng.f64() < GIVES_FEEDBACK {
            let scores = [5, 5, 5, 5, 4, 4, 4, 3, 3, 2, 1];
            let score = scores[rng.usize(..scores.len())];
            self.post("/feedback", &json!({ "score": score, "task_type": task_type.name() })).await;
        }
    }

    /// The status of the answer. A visitor doesn't mind a failure: the metrics show it.
    async fn post(&self, path: &str, body: &Value) -> Option<StatusCode> {
        let url = self.base.join(path).ok()?;
        let response = self.http.post(url).json(body).send().await.ok()?;
        let status = response.status();
        // Read to its end, so that the connection can be used again.
        response.bytes().await.ok()?;
        Some(status)
    }
}

fn task(rng: &mut Rng) -> (TaskKind, String) {
    let kind = KINDS[rng.usize(..KINDS.len())];
    let first = rng.usize(..SUBJECTS.len());
    let subject = SUBJECTS[first];
    let prompt = match kind {
        TaskKind::Search | TaskKind::Chat => match rng.u8(..4) {
            0 => format!("What is {} * ({} - {})", rng.u16(2..500), rng.u16(10..99), rng.u16(1..9)),
            // Now and then a division by zero: the tool fails, the task doesn't.
            1 => format!("What is {} / ({} - {})", rng.u16(2..500), rng.u8(4..7), rng.u8(4..7)),
            2 => format!("Summarize {}", FILES[rng.usize(..FILES.len())]),
            _ => format!("Find information about {subject}"),
        },
        TaskKind::Analysis => {
            let other = SUBJECTS[(first + rng.usize(1..SUBJECTS.len())) % SUBJECTS.len()];
            format!("Compare {subject} with {other}")
        }
        TaskKind::Coding => {
            let code = CODE[rng.usize(..CODE.len())];
            format!("Write a function that {code}, for {} * {} items", rng.u8(2..9), rng.u16(10..900))
        }
    };
    (kind, prompt)
}

/// The address by which this machine reaches its own listener.
fn reachable(mut server: SocketAddr) -> SocketAddr {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    match server.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => server.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => server.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    server
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unspecified_address_is_reached_by_loopback() {
        assert_eq!(reachable("0.0.0.0:80".parse().unwrap()), "127.0.0.1:80".parse().unwrap());
        assert_eq!(reachable("[::]:80".parse().unwrap()), "[::1]:80".parse().unwrap());
    }
}
