//! A small receiver on loopback that answers as it is told.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request that came.
#[derive(Clone, Debug)]
pub struct Came {
    pub line: String,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Came {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// What is answered: a status, further headers and a body.
pub type Answered = (u16, &'static str, &'static [u8]);

pub struct Receiver {
    pub address: String,
    came: Arc<Mutex<Vec<Came>>>,
    next: Arc<Mutex<VecDeque<Answered>>>,
}

impl Receiver {
    /// Answers these one after another, then `200` for ever.
    pub fn new(answers: impl IntoIterator<Item = Answered>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        Self::on(listener, answers)
    }

    pub fn on(listener: TcpListener, answers: impl IntoIterator<Item = Answered>) -> Self {
        let address = listener.local_addr().expect("an address").to_string();
        let (came, next) = (Arc::default(), Arc::new(Mutex::new(answers.into_iter().collect())));
        let receiver = Self { address, came, next };
        let (came, next) = (receiver.came.clone(), receiver.next.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (came, next) = (came.clone(), next.clone());
                std::thread::spawn(move || serve(&stream, &came, &next));
            }
        });
        receiver
    }

    pub fn came(&self) -> Vec<Came> {
        self.came.lock().unwrap().clone()
    }

    /// Answers these next.
    pub fn answer(&self, answers: impl IntoIterator<Item = Answered>) {
        self.next.lock().unwrap().extend(answers);
    }

    /// Answers `200` from here on.
    pub fn forget_answers(&self) {
        self.next.lock().unwrap().clear();
    }
}

fn serve(stream: &TcpStream, came: &Mutex<Vec<Came>>, next: &Mutex<VecDeque<Answered>>) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        came.lock().unwrap().push(request);
        let (status, headers, body) = next.lock().unwrap().pop_front().unwrap_or((200, "", b""));
        let length = body.len();
        let head = format!("HTTP/1.1 {status} Told\r\n{headers}Content-Length: {length}\r\n\r\n");
        let mut writer = stream;
        if writer.write_all(head.as_bytes()).and_then(|()| writer.write_all(body)).is_err() {
            return;
        }
    }
}

fn read(reader: &mut impl BufRead) -> Option<Came> {
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
    let mut came = Came { line, headers, body: Vec::new() };
    let length = came.header("Content-Length").and_then(|length| length.parse().ok()).unwrap_or(0);
    came.body.resize(length, 0);
    reader.read_exact(&mut came.body).ok()?;
    Some(came)
}
