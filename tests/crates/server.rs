//! A provider on the loopback interface with scripted responses.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// A response to one request.
pub enum Answer {
    /// A complete response: status code, headers and body.
    Whole(u16, Vec<(&'static str, String)>, String),
    /// A response that breaks off: its head announces more than is sent.
    Broken(String),
    /// No response; the connection stays open.
    Never,
}

impl Answer {
    /// Creates a response with a body of JSON or of server-sent events, recognised by its beginning.
    pub fn new(status: u16, body: &str) -> Self {
        let kind = if body.starts_with("event:") || body.starts_with("data:") {
            "text/event-stream"
        } else {
            "application/json"
        };
        Self::Whole(status, vec![("content-type", kind.to_owned())], body.to_owned())
    }

    /// Adds a header.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Whole(_, headers, _) = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
    }
}

/// A server that responds to one request after another, each on a new connection.
pub struct Server {
    /// The address of the server, `127.0.0.1:port`.
    pub address: String,
    requests: Receiver<String>,
}

impl Server {
    pub fn start(answers: impl IntoIterator<Item = Answer> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound").to_string();
        let (sender, requests) = channel();
        let answers: Vec<_> = answers.into_iter().collect();
        thread::spawn(move || {
            let mut open = Vec::new();
            for answer in answers {
                let Ok((mut stream, _)) = listener.accept() else { return };
                let request = read(&mut stream);
                // In some tests the client has closed the connection by now.
                let _ = match answer {
                    Answer::Whole(status, headers, body) => {
                        let mut head = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\n", body.len());
                        for (name, value) in headers {
                            let _ = write!(head, "{name}: {value}\r\n");
                        }
                        stream.write_all(format!("{head}connection: close\r\n\r\n{body}").as_bytes())
                    }
                    Answer::Broken(part) => stream.write_all(
                        format!("HTTP/1.1 200 -\r\ncontent-type: text/event-stream\r\ncontent-length: 100000\r\n\r\n{part}")
                            .as_bytes(),
                    ),
                    Answer::Never => {
                        let _ = sender.send(request);
                        open.push(stream);
                        continue;
                    }
                };
                if sender.send(request).is_err() {
                    return;
                }
            }
            // Keeps the connections without a response open until the process ends.
            while !open.is_empty() {
                thread::park();
            }
        });
        Self { address, requests }
    }

    /// Waits for the next request and returns its head and body.
    pub fn request(&self) -> String {
        self.requests.recv().expect("a request came")
    }

    /// Returns the next request, if it has come.
    pub fn try_request(&self) -> Option<String> {
        self.requests.try_recv().ok()
    }

    /// Returns an address that refuses connections.
    pub fn refusing_address() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.local_addr().expect("it is bound").to_string()
    }
}

fn read(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                return text.into_owned();
            }
        }
        match stream.read(&mut part) {
            Ok(read) if read > 0 => request.extend(&part[..read]),
            _ => return text.into_owned(),
        }
    }
}
