//! An instance served at an address, for programs that scrape.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

use agent_metrics::AgentMetrics;

/// Serves an instance in chunks on a free loopback port until the process ends. With `accept`, this header replaces
/// the one that the client sends.
///
/// # Panics
/// Panics when no port is free.
pub fn serve(metrics: &AgentMetrics, accept: Option<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    let metrics = metrics.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = answer(stream, &metrics, accept);
        }
    });
    address
}

fn answer(mut stream: TcpStream, metrics: &AgentMetrics, accept: Option<&str>) -> std::io::Result<()> {
    let lines = BufReader::new(stream.try_clone()?).lines().map_while(Result::ok);
    let headers: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
    let header = |wanted: &str| {
        let mut found = headers.iter().filter_map(|line| line.split_once(':'));
        found.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim().to_owned())
    };
    let accept = accept.map(str::to_owned).or_else(|| header("accept"));
    let chunks = metrics.encode_chunks(accept.as_deref(), header("accept-encoding").as_deref());
    write!(stream, "HTTP/1.0 200 OK\r\nContent-Type: {}\r\n", chunks.content_type)?;
    if let Some(encoding) = chunks.content_encoding {
        write!(stream, "Content-Encoding: {encoding}\r\n")?;
    }
    stream.write_all(b"\r\n")?;
    for chunk in chunks {
        stream.write_all(&chunk)?;
    }
    Ok(())
}
