//! A provider on the loopback interface that answers as it is told.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// What is answered to one request.
pub enum Answer {
    /// A status code, headers and a body.
    Whole(u16, Vec<(&'static str, String)>, String),
    /// A head that promises more than comes.
    Broken(String),
    /// Nothing, for as long as the server lives.
    Never,
}

impl Answer {
    /// A body of JSON, or of events, as its first character says.
    pub fn new(status: u16, body: &str) -> Self {
        let kind = if body.starts_with("event:") || body.starts_with("data:") {
            "text/event-stream"
        } else {
            "application/json"
        };
        Self::Whole(status, vec![("content-type", kind.to_owned())], body.to_owned())
    }

    /// The same with another header.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Whole(_, headers, _) = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
    }
}

/// Answers one request after the other, each on a connection of its own.
pub struct Server {
    /// Where it listens: `127.0.0.1:port`.
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
                // The client may be gone, as some tests want it.
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
                        open.push(stream);
                        Ok(())
                    }
                };
                if sender.send(request).is_err() {
                    return;
                }
            }
            // What waits for an answer waits on: the connections are closed with the process.
            while !open.is_empty() {
                thread::park();
            }
        });
        Self { address, requests }
    }

    /// The next request that came, head and body.
    pub fn request(&self) -> String {
        self.requests.recv().expect("a request came")
    }

    /// An address at which nobody listens.
    pub fn nobody() -> String {
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
