use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// Serves one client after another, with a time limit of one second for each read and write. `agent_metrics::serve`
/// handles many clients at the same time and limits them further.
pub fn serve(listener: &TcpListener) {
    for stream in listener.incoming().flatten() {
        let _ = answer(&stream);
    }
}

fn answer(mut stream: &TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    stream.set_write_timeout(Some(Duration::from_secs(1)))?;
    let lines = BufReader::new(stream.take(8192)).lines();
    let head = lines
        .take_while(|line| !matches!(line, Ok(line) if line.is_empty()))
        .collect::<io::Result<Vec<_>>>()?;
    if !head.first().is_some_and(|line| line.starts_with("GET /metrics ")) {
        return stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    let header = |name: &str| {
        let mut headers = head.iter().filter_map(|line| line.split_once(':'));
        headers.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    };
    let exposition = agent_metrics::global().encode(header("accept"), header("accept-encoding"));
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: {}\r\n", exposition.content_type)?;
    if let Some(encoding) = exposition.content_encoding {
        write!(stream, "Content-Encoding: {encoding}\r\n")?;
    }
    write!(stream, "Content-Length: {}\r\nConnection: close\r\n\r\n", exposition.body.len())?;
    stream.write_all(&exposition.body)
}
