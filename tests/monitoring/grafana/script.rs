//! A scripted load on the main example: the requests of its clients, the responses of its model, and a log of both.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use agent_metrics_monitoring_tests::{Reply, model};
use agent_metrics_tests::get;
use serde_json::{Value, json};

/// The tokens of each response of the model.
pub const INPUT_TOKENS: f64 = 1_000.0;
pub const OUTPUT_TOKENS: f64 = 200.0;
/// The bundled price of `gemini-2.0-flash` in USD per token: 0.10 and 0.40 per million.
pub const INPUT_USD: f64 = 0.10 / 1e6;
pub const OUTPUT_USD: f64 = 0.40 / 1e6;
/// A prompt with this text makes the model reject the call.
const REFUSED: &str = "refuse this";
/// A prompt with this text makes the model answer the first attempt with a rate limit.
const LIMITED: &str = "not so fast";
/// The response time of the model, so long that several tasks are always in flight.
const THOUGHT: Duration = Duration::from_millis(200);
/// The time between two tasks.
const PACE: Duration = Duration::from_millis(100);

/// An event of the scripted load.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Event {
    /// A client requested a task.
    Began,
    /// The service responded to a request, for a task or something else.
    Answered { status: u16, task: bool, seconds: f64 },
    /// The model responded, with or without a tool call.
    Called { tool: bool },
}

/// The log of events, each with its Unix time in seconds.
#[derive(Clone, Default)]
pub struct EventLog(Arc<Mutex<Vec<(f64, Event)>>>);

impl EventLog {
    fn add(&self, event: Event) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((now(), event));
    }

    /// Returns the events from one time to another.
    pub fn between(&self, from: f64, to: f64) -> Vec<Event> {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.iter().filter(|(when, _)| (from..to).contains(when)).map(|(_, event)| *event).collect()
    }

    /// Returns the number of events from one time to another.
    pub fn count(&self, from: f64, to: f64, is_one: impl Fn(Event) -> bool) -> f64 {
        self.between(from, to).into_iter().filter(|event| is_one(*event)).count() as f64
    }
}

pub fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64()
}

/// Serves the model of the example, which requests one search in each task and then responds with text. Returns the address for
/// `--base-url`.
pub fn scripted(log: &EventLog) -> String {
    let log = log.clone();
    let limited = AtomicBool::new(false);
    model(move |request| {
        if request.body.contains(REFUSED) {
            return Reply::rejected().after(THOUGHT);
        }
        // Every other time, so that the next attempt succeeds.
        if request.body.contains(LIMITED) && request.wants_tool() && !limited.fetch_not(Ordering::Relaxed) {
            return Reply::rate_limited();
        }
        let tool = request.wants_tool() && request.body.contains("search_docs");
        let tokens = Some([INPUT_TOKENS, OUTPUT_TOKENS]);
        let reply = if tool {
            request.tool("search_docs", &json!({ "query": "rust" }), tokens)
        } else {
            request.words("So it is.", tokens)
        };
        log.add(Event::Called { tool });
        reply.headers("x-ratelimit-remaining-requests: 99\r\n").after(THOUGHT)
    })
}

/// Sends tasks at an even pace until it is dropped.
pub struct Load {
    stop: std::sync::mpsc::Sender<()>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Load {
    pub fn on(address: &str, log: &EventLog) -> Self {
        let (stop, stopped) = std::sync::mpsc::channel();
        let (address, log) = (address.to_owned(), log.clone());
        let thread = std::thread::spawn(move || {
            for number in 0.. {
                let (address, log) = (address.clone(), log.clone());
                std::thread::spawn(move || send_request(number, &address, &log));
                if stopped.recv_timeout(PACE) != Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                    return;
                }
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        let _ = self.stop.send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Sends the request of one client. Of ten clients, the model rejects two and rate-limits one; one chats, one sends an invalid
/// request, and one gives a score; the others request a task.
fn send_request(number: usize, address: &str, log: &EventLog) {
    let send = |path: &str, body: &Value| {
        let (start, task) = (now(), path != "/feedback" && body["task_type"] != "cooking");
        if task {
            log.add(Event::Began);
        }
        if let Some(status) = post(address, path, &body.to_string()) {
            log.add(Event::Answered { status, task, seconds: now() - start });
        }
    };
    // Each prompt is different, because the agent caches answers.
    let send_task = |prompt: &str| {
        let kind = ["search", "analysis", "coding"][number % 3];
        send("/tasks", &json!({ "task_type": kind, "prompt": format!("{prompt} of case {number}") }));
    };
    match number % 10 {
        0 | 5 => send_task(REFUSED),
        1 => send_task(LIMITED),
        2 => send("/chat", &json!({ "message": format!("a summary of case {number}") })),
        3 => send("/tasks", &json!({ "task_type": "cooking", "prompt": "bake bread" })),
        4 => send("/feedback", &json!({ "score": 5, "task_type": "search" })),
        _ => send_task("a summary"),
    }
}

/// Sends JSON by `POST` and returns the status of the response.
fn post(address: &str, path: &str, body: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    let head = format!(
        "POST {path} HTTP/1.0\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    String::from_utf8_lossy(&answer).split(' ').nth(1)?.parse().ok()
}

/// Evaluates a query at a time; returns the labels and the value of each series.
pub fn ask(prometheus: &str, query: &str, at: f64) -> Result<Vec<(Value, f64)>, String> {
    let encoded = query.bytes().fold(String::new(), |encoded, byte| encoded + &format!("%{byte:02x}"));
    let (_, body) =
        get(prometheus, &format!("/api/v1/query?time={at}&query={encoded}"), "").ok_or("no answer")?;
    let answer: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    if answer["status"] != "success" {
        return Err(answer["error"].to_string());
    }
    let series = answer["data"]["result"].as_array().cloned().unwrap_or_default();
    let value = |one: &Value| Some((one["metric"].clone(), one["value"][1].as_str()?.parse().ok()?));
    Ok(series.iter().filter_map(value).collect())
}
