//! A small receiver on loopback whose responses are prepared by the test.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request that arrived.
#[derive(Clone, Debug)]
pub struct ReceivedRequest {
    pub line: String,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl ReceivedRequest {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// A prepared response: a status, further headers and a body.
pub type PreparedResponse = (u16, &'static str, &'static [u8]);

pub struct Receiver {
    pub address: String,
    requests: Arc<Mutex<Vec<ReceivedRequest>>>,
    next: Arc<Mutex<VecDeque<PreparedResponse>>>,
}

impl Receiver {
    /// Starts a receiver that sends these responses one after another, and then always `200`.
    pub fn new(responses: impl IntoIterator<Item = PreparedResponse>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        Self::on(listener, responses)
    }

    pub fn on(listener: TcpListener, responses: impl IntoIterator<Item = PreparedResponse>) -> Self {
        let address = listener.local_addr().expect("an address").to_string();
        let (requests, next) = (Arc::default(), Arc::new(Mutex::new(responses.into_iter().collect())));
        let receiver = Self { address, requests, next };
        let (requests, next) = (receiver.requests.clone(), receiver.next.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (requests, next) = (requests.clone(), next.clone());
                std::thread::spawn(move || serve(&stream, &requests, &next));
            }
        });
        receiver
    }

    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.requests.lock().unwrap().clone()
    }

    /// Appends responses.
    pub fn prepare(&self, responses: impl IntoIterator<Item = PreparedResponse>) {
        self.next.lock().unwrap().extend(responses);
    }

    /// Removes the prepared responses, so that the next one is `200`.
    pub fn clear_responses(&self) {
        self.next.lock().unwrap().clear();
    }
}

fn serve(
    stream: &TcpStream,
    requests: &Mutex<Vec<ReceivedRequest>>,
    next: &Mutex<VecDeque<PreparedResponse>>,
) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        requests.lock().unwrap().push(request);
        let (status, headers, body) = next.lock().unwrap().pop_front().unwrap_or((200, "", b""));
        let length = body.len();
        let head = format!("HTTP/1.1 {status} Prepared\r\n{headers}Content-Length: {length}\r\n\r\n");
        let mut writer = stream;
        if writer.write_all(head.as_bytes()).and_then(|()| writer.write_all(body)).is_err() {
            return;
        }
    }
}

fn read(reader: &mut impl BufRead) -> Option<ReceivedRequest> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let line = lines.remove(0);
    let headers: Vec<_> = lines
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut requests = ReceivedRequest { line, headers, body: Vec::new() };
    let length = requests.header("Content-Length").and_then(|length| length.parse().ok()).unwrap_or(0);
    requests.body.resize(length, 0);
    reader.read_exact(&mut requests.body).ok()?;
    Some(requests)
}
