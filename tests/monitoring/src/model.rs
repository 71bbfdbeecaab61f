//! A model behind Gemini's REST format, which answers what a test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

/// What the model is asked.
#[derive(Debug)]
pub struct Asked {
    /// How many were asked before.
    pub number: usize,
    /// The body of the request.
    pub body: String,
    streams: bool,
}

/// What the model answers.
#[derive(Debug)]
pub struct Reply {
    status: &'static str,
    headers: &'static str,
    content_type: &'static str,
    body: String,
    wait: Duration,
}

impl Asked {
    /// Whether a tool may be called and none was.
    pub fn wants_tool(&self) -> bool {
        self.body.contains("functionDeclarations") && !self.body.contains("functionResponse")
    }

    /// An answer of words, with its input and output tokens; without them the provider doesn't tell.
    pub fn words(&self, text: &str, tokens: Option<[f64; 2]>) -> Reply {
        self.generated(&json!({ "text": text }), tokens)
    }

    /// The call of a tool.
    pub fn tool(&self, name: &str, args: &Value, tokens: Option<[f64; 2]>) -> Reply {
        self.generated(&json!({ "functionCall": { "name": name, "args": args } }), tokens)
    }

    fn generated(&self, part: &Value, tokens: Option<[f64; 2]>) -> Reply {
        let mut body = json!({
            "candidates": [{ "content": { "role": "model", "parts": [part] }, "finishReason": "STOP" }],
        });
        if let Some([input, output]) = tokens {
            body["usageMetadata"] =
                json!({ "promptTokenCount": input as u64, "candidatesTokenCount": output as u64 });
        }
        let (content_type, body) = if self.streams {
            ("text/event-stream", format!("data: {body}\r\n\r\n"))
        } else {
            ("application/json", body.to_string())
        };
        Reply { status: "200 OK", headers: "", content_type, body, wait: Duration::ZERO }
    }
}

impl Reply {
    fn error(status: &'static str, code: u16, name: &str) -> Self {
        let body = json!({ "error": { "code": code, "message": "no", "status": name } }).to_string();
        Self { status, headers: "", content_type: "application/json", body, wait: Duration::ZERO }
    }

    /// The request isn't taken.
    pub fn rejected() -> Self {
        Self::error("400 Bad Request", 400, "INVALID_ARGUMENT")
    }

    /// Too much was asked.
    pub fn rate_limited() -> Self {
        Self::error("429 Too Many Requests", 429, "RESOURCE_EXHAUSTED")
    }

    /// After a while.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }

    /// With more headers, each with its `\r\n`.
    #[must_use]
    pub fn headers(self, headers: &'static str) -> Self {
        Self { headers, ..self }
    }
}

/// Serves a model on a free port as long as the process lives; the address for `--base-url`.
///
/// # Panics
/// Without a free port.
pub fn model(reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let (reply, asked) = (Arc::new(reply), Arc::new(AtomicUsize::new(0)));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (reply, asked) = (reply.clone(), asked.clone());
            std::thread::spawn(move || answer(stream, &*reply, &asked));
        }
    });
    address
}

/// One request, and the connection's end.
fn answer(mut stream: TcpStream, reply: &dyn Fn(&Asked) -> Reply, asked: &AtomicUsize) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut begin = String::new();
    reader.read_line(&mut begin).ok()?;
    let mut length = 0;
    for line in reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()) {
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8_lossy(&body).into_owned();
    let number = asked.fetch_add(1, Ordering::Relaxed);
    let streams = begin.contains(":streamGenerateContent");
    let Reply { status, headers, content_type, body, wait } = reply(&Asked { number, body, streams });
    std::thread::sleep(wait);
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n{headers}Connection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).ok()
}
