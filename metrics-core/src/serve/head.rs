//! The head of a request: its request line and headers, read up to a limit and parsed once.

use std::io;

use tokio::net::TcpStream;

use super::refusal::RefusalReason;

/// The largest head that is read. Prometheus sends about 600 bytes in 7 lines.
const MAX_BYTES: usize = 8 * 1024;
/// The largest number of header lines.
const MAX_LINES: usize = 64;

/// The parts of a request that the exporter uses.
#[derive(PartialEq, Eq, Debug, Default)]
pub(super) struct Head {
    pub(super) method: String,
    pub(super) path: String,
    /// The query string, without the question mark.
    pub(super) query: String,
    /// The name and the port under which the client requested the endpoint.
    pub(super) host: Option<String>,
    /// True if the client understands chunked transfer coding, which HTTP 1.0 doesn't have.
    pub(super) takes_chunks: bool,
    pub(super) accept: Option<String>,
    pub(super) accept_encoding: Option<String>,
    pub(super) authorization: Option<Vec<u8>>,
    pub(super) if_none_match: Option<String>,
    pub(super) body: Body,
}

/// The body that the head announces.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Body {
    #[default]
    None,
    Bytes(u64),
    /// A body of unknown length: in chunks, or with an invalid `Content-Length`.
    Unknown,
}

/// Reads a head. Returns `Ok(None)` if the client closes the connection without sending anything.
pub(super) async fn read(stream: &TcpStream) -> Result<Option<Head>, RefusalReason> {
    let mut bytes = Vec::with_capacity(1024);
    loop {
        let before = bytes.len();
        match read_some(stream, &mut bytes).await {
            Ok(0) | Err(_) if before == 0 => return Ok(None),
            Ok(0) | Err(_) => return Err(RefusalReason::Incomplete),
            Ok(_) if !bytes[0].is_ascii_uppercase() => return Err(RefusalReason::Malformed),
            Ok(_) if has_end(&bytes, before) => return parse(&bytes).map(Some),
            Ok(_) if bytes.len() >= MAX_BYTES => return Err(RefusalReason::HeadTooLarge),
            Ok(_) => {}
        }
    }
}

/// Reads the bytes that are available, waiting for the first.
async fn read_some(stream: &TcpStream, bytes: &mut Vec<u8>) -> io::Result<usize> {
    let mut some = [0; 1024];
    let limit = some.len().min(MAX_BYTES - bytes.len());
    loop {
        stream.readable().await?;
        match stream.try_read(&mut some[..limit]) {
            Ok(count) => {
                bytes.extend_from_slice(&some[..count]);
                return Ok(count);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

/// Returns true if an empty line ends after the first `before` bytes. Only new bytes are searched, so a head that
/// arrives in many small packets is not searched again at each packet.
fn has_end(bytes: &[u8], before: usize) -> bool {
    let new = &bytes[before.saturating_sub(3)..];
    new.windows(4).any(|end| end == b"\r\n\r\n") || new.windows(2).any(|end| end == b"\n\n")
}

fn parse(bytes: &[u8]) -> Result<Head, RefusalReason> {
    let mut lines = [httparse::EMPTY_HEADER; MAX_LINES];
    let mut request = httparse::Request::new(&mut lines);
    match request.parse(bytes) {
        Ok(httparse::Status::Complete(_)) => {}
        Err(httparse::Error::TooManyHeaders) => return Err(RefusalReason::HeadTooLarge),
        Ok(httparse::Status::Partial) | Err(_) => return Err(RefusalReason::Malformed),
    }
    let mut head = Head {
        method: request.method.unwrap_or_default().to_owned(),
        path: path(request.path.unwrap_or_default()).to_owned(),
        query: query(request.path.unwrap_or_default()).to_owned(),
        takes_chunks: request.version != Some(0),
        ..Head::default()
    };
    for header in &*request.headers {
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        if is("accept") {
            join(&mut head.accept, header.value);
        } else if is("accept-encoding") {
            join(&mut head.accept_encoding, header.value);
        } else if is("host") {
            join(&mut head.host, header.value);
        } else if is("if-none-match") {
            join(&mut head.if_none_match, header.value);
        } else if is("authorization") {
            head.authorization = Some(header.value.to_owned());
        } else if is("content-length") {
            let length = str::from_utf8(header.value).ok().and_then(|value| value.trim().parse().ok());
            head.body = length.map_or(Body::Unknown, Body::Bytes);
        } else if is("transfer-encoding") {
            head.body = Body::Unknown;
            break;
        }
    }
    Ok(head)
}

/// Returns the path of a request's target. A client of a proxy may send the scheme and the host before it.
fn path(target: &str) -> &str {
    let path = match target.split_once("://") {
        Some((_, rest)) if !target.starts_with('/') => rest.find('/').map_or("/", |at| &rest[at..]),
        _ => target,
    };
    path.split(['?', '#']).next().unwrap_or(path)
}

/// Returns the query string of a request's target.
fn query(target: &str) -> &str {
    let target = target.split('#').next().unwrap_or(target);
    target.split_once('?').map_or("", |(_, query)| query)
}

/// Appends the value of one header line to a comma-separated list.
fn join(list: &mut Option<String>, line: &[u8]) {
    let Ok(line) = str::from_utf8(line) else { return };
    match list {
        Some(list) => {
            list.push(',');
            list.push_str(line);
        }
        None => *list = Some(line.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_parsed_with_repeated_headers_joined() {
        let bytes = b"GET http://host/metrics?x=1 HTTP/1.1\r\naccept: a\r\nACCEPT: b\r\nauthorization: Bearer x\r\n\r\n";
        let head = parse(bytes).unwrap();
        assert_eq!((head.method.as_str(), head.path.as_str(), head.body), ("GET", "/metrics", Body::None));
        assert!(head.takes_chunks && !parse(b"GET / HTTP/1.0\r\n\r\n").unwrap().takes_chunks);
        assert_eq!(head.accept.as_deref(), Some("a,b"));
        assert_eq!((head.query.as_str(), head.host), ("x=1", None));
        assert_eq!(head.authorization.as_deref(), Some(&b"Bearer x"[..]));
    }

    #[test]
    fn the_announced_body_is_read_from_the_headers() {
        for (line, body) in [
            ("content-length: 0", Body::Bytes(0)),
            ("Content-Length: 12", Body::Bytes(12)),
            ("content-length: -1", Body::Unknown),
            ("content-length: 99999999999999999999999", Body::Unknown),
            ("transfer-encoding: chunked\r\ncontent-length: 1", Body::Unknown),
        ] {
            let head = parse(format!("POST / HTTP/1.1\r\n{line}\r\n\r\n").as_bytes()).unwrap();
            assert_eq!(head.body, body, "{line}");
        }
    }

    #[test]
    fn invalid_heads_are_malformed() {
        for bytes in [
            "GET /\r\n\r\n",
            "GET / HTTP/9.9\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\n",
            "GET / HTTP/1.1\r\nno colon\r\n\r\n",
            "GET / HTTP/1.1\r\nbad name: x\r\n\r\n",
        ] {
            assert_eq!(parse(bytes.as_bytes()), Err(RefusalReason::Malformed), "{bytes}");
        }
        let lines = "a: b\r\n".repeat(MAX_LINES + 1);
        assert_eq!(
            parse(format!("GET / HTTP/1.1\r\n{lines}\r\n").as_bytes()),
            Err(RefusalReason::HeadTooLarge)
        );
    }

    #[test]
    fn the_end_of_a_head_is_found_however_it_is_split_into_packets() {
        let bytes = b"GET / HTTP/1.1\r\n\r\n";
        for split in 0..bytes.len() {
            assert!(has_end(bytes, split), "{split}");
        }
        assert!(!has_end(b"GET / HTTP/1.1\r\n", 0));
    }
}
