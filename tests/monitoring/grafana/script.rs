//! A scripted load on the main example: what is asked of it, what its model answers, and notes of both.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use agent_metrics_tests::get;

/// What each answer of the model uses.
pub const INPUT_TOKENS: f64 = 1_000.0;
pub const OUTPUT_TOKENS: f64 = 200.0;
/// USD a token of `gemini-2.0-flash`, as the bundled prices have it: 0.075 and 0.30 a million.
pub const INPUT_USD: f64 = 0.075 / 1e6;
pub const OUTPUT_USD: f64 = 0.30 / 1e6;
/// In a prompt, it makes the model refuse.
const REFUSED: &str = "refuse this";
/// One task in so many is refused by the model.
const REFUSED_EVERY: usize = 5;
/// Between two tasks.
const PACE: Duration = Duration::from_millis(100);

/// Something that happened.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Event {
    /// The service answered a request with this status.
    Answered(u16),
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

    /// How many events there were from one moment to another.
    pub fn count(&self, from: f64, to: f64, is_one: impl Fn(Event) -> bool) -> f64 {
        let notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        notes.iter().filter(|(when, event)| (from..to).contains(when) && is_one(*event)).count() as f64
    }
}

pub fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64()
}

/// A model behind Gemini's REST format: it asks for one search in each task, then answers in words. Its address.
pub fn model(notes: &Notes) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    let notes = notes.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let notes = notes.clone();
            std::thread::spawn(move || answer(stream, &notes));
        }
    });
    address
}

/// One request, and the connection's end.
fn answer(mut stream: TcpStream, notes: &Notes) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut length = 0;
    for line in reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()) {
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8_lossy(&body);
    let (status, text) = if body.contains(REFUSED) {
        ("400 Bad Request", r#"{"error":{"code":400,"message":"no","status":"INVALID_ARGUMENT"}}"#.to_owned())
    } else {
        let tool = body.contains("search_docs") && !body.contains("functionResponse");
        notes.add(Event::Called { tool });
        let part = if tool {
            r#"{"functionCall":{"name":"search_docs","args":{"query":"rust"}}}"#
        } else {
            r#"{"text":"So it is."}"#
        };
        let text = format!(
            r#"{{"candidates":[{{"content":{{"role":"model","parts":[{part}]}},"finishReason":"STOP"}}],
            "usageMetadata":{{"promptTokenCount":{INPUT_TOKENS},"candidatesTokenCount":{OUTPUT_TOKENS}}},
            "modelVersion":"gemini-2.0-flash"}}"#
        );
        ("200 OK", text)
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        text.len()
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(text.as_bytes())).ok()
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
            let kinds = ["search", "analysis", "coding"];
            for number in 0.. {
                let refuse = if number % REFUSED_EVERY == 0 { REFUSED } else { "tell me" };
                let kind = kinds[number % kinds.len()];
                // Never the same twice: what was answered before comes from the agent's memory.
                let body = format!(r#"{{"task_type":"{kind}","prompt":"{refuse} of case {number}"}}"#);
                let (address, notes) = (address.clone(), notes.clone());
                std::thread::spawn(move || {
                    if let Some(status) = post(&address, "/tasks", &body) {
                        notes.add(Event::Answered(status));
                    }
                });
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

/// The status of the answer to a `POST` of JSON.
pub fn post(address: &str, path: &str, body: &str) -> Option<u16> {
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
pub fn ask(prometheus: &str, query: &str, at: f64) -> Result<Vec<(serde_json::Value, f64)>, String> {
    let encoded = query.bytes().fold(String::new(), |encoded, byte| encoded + &format!("%{byte:02x}"));
    let (_, body) =
        get(prometheus, &format!("/api/v1/query?time={at}&query={encoded}"), "").ok_or("no answer")?;
    let answer: serde_json::Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    if answer["status"] != "success" {
        return Err(answer["error"].to_string());
    }
    let series = answer["data"]["result"].as_array().cloned().unwrap_or_default();
    let value =
        |one: &serde_json::Value| Some((one["metric"].clone(), one["value"][1].as_str()?.parse().ok()?));
    Ok(series.iter().filter_map(value).collect())
}
