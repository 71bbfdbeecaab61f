//! A scripted load on the main example: what is asked of it, what its model answers, and notes of both.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use agent_metrics_monitoring_tests::{Reply, model};
use agent_metrics_tests::get;
use serde_json::{Value, json};

/// What each answer of the model uses.
pub const INPUT_TOKENS: f64 = 1_000.0;
pub const OUTPUT_TOKENS: f64 = 200.0;
/// USD a token of `gemini-2.0-flash`, as the bundled prices have it: 0.075 and 0.30 a million.
pub const INPUT_USD: f64 = 0.075 / 1e6;
pub const OUTPUT_USD: f64 = 0.30 / 1e6;
/// In a prompt, it makes the model refuse.
const REFUSED: &str = "refuse this";
/// In a prompt, it makes the model ask for patience once.
const LIMITED: &str = "not so fast";
/// What the model takes for an answer: several tasks are always under way.
const THOUGHT: Duration = Duration::from_millis(200);
/// Between two tasks.
const PACE: Duration = Duration::from_millis(100);

/// Something that happened.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Event {
    /// The service was asked for a task.
    Began,
    /// The service answered with this status, for a task or something else, after so many seconds.
    Answered { status: u16, task: bool, seconds: f64 },
    /// The model answered, asking for a tool or not.
    Called { tool: bool },
}

/// What happened, and when in seconds of the epoch.
#[derive(Clone, Default)]
pub struct Notes(Arc<Mutex<Vec<(f64, Event)>>>);

impl Notes {
    fn add(&self, event: Event) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((now(), event));
    }

    /// What happened from one moment to another.
    pub fn between(&self, from: f64, to: f64) -> Vec<Event> {
        let notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        notes.iter().filter(|(when, _)| (from..to).contains(when)).map(|(_, event)| *event).collect()
    }

    /// How many events there were from one moment to another.
    pub fn count(&self, from: f64, to: f64, is_one: impl Fn(Event) -> bool) -> f64 {
        self.between(from, to).into_iter().filter(|event| is_one(*event)).count() as f64
    }
}

pub fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64()
}

/// The example's model: it asks for one search in each task, then answers in words. The address for `--base-url`.
pub fn scripted(notes: &Notes) -> String {
    let notes = notes.clone();
    let limited = AtomicBool::new(false);
    model(move |asked| {
        if asked.body.contains(REFUSED) {
            return Reply::rejected().after(THOUGHT);
        }
        // Once a prompt, so that the next attempt succeeds.
        if asked.body.contains(LIMITED) && asked.wants_tool() && !limited.fetch_not(Ordering::Relaxed) {
            return Reply::rate_limited();
        }
        let tool = asked.wants_tool() && asked.body.contains("search_docs");
        let tokens = Some([INPUT_TOKENS, OUTPUT_TOKENS]);
        let reply = if tool {
            asked.tool("search_docs", &json!({ "query": "rust" }), tokens)
        } else {
            asked.words("So it is.", tokens)
        };
        notes.add(Event::Called { tool });
        reply.headers("x-ratelimit-remaining-requests: 99\r\n").after(THOUGHT)
    })
}

/// Sends tasks at an even pace until it is dropped.
pub struct Load {
    stop: std::sync::mpsc::Sender<()>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Load {
    pub fn on(address: &str, notes: &Notes) -> Self {
        let (stop, stopped) = std::sync::mpsc::channel();
        let (address, notes) = (address.to_owned(), notes.clone());
        let thread = std::thread::spawn(move || {
            for number in 0.. {
                let (address, notes) = (address.clone(), notes.clone());
                std::thread::spawn(move || visit(number, &address, &notes));
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

/// What one of the visitors does. Of ten, two are refused by the model, one has to wait, one chats, one makes a mistake, and
/// one gives a score.
fn visit(number: usize, address: &str, notes: &Notes) {
    let send = |path: &str, body: &Value| {
        let (begin, task) = (now(), path != "/feedback" && body["task_type"] != "cooking");
        if task {
            notes.add(Event::Began);
        }
        if let Some(status) = post(address, path, &body.to_string()) {
            notes.add(Event::Answered { status, task, seconds: now() - begin });
        }
    };
    // Never the same twice: what was answered before comes from the agent's memory.
    let asks = |prompt: &str| {
        let kind = ["search", "analysis", "coding"][number % 3];
        send("/tasks", &json!({ "task_type": kind, "prompt": format!("{prompt} of case {number}") }));
    };
    match number % 10 {
        0 | 5 => asks(REFUSED),
        1 => asks(LIMITED),
        2 => send("/chat", &json!({ "message": format!("tell me of case {number}") })),
        3 => send("/tasks", &json!({ "task_type": "cooking", "prompt": "bake bread" })),
        4 => send("/feedback", &json!({ "score": 5, "task_type": "search" })),
        _ => asks("tell me"),
    }
}

/// The status of the answer to a `POST` of JSON.
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

/// What Prometheus answers to a query at a moment: the labels and the value of each series.
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
