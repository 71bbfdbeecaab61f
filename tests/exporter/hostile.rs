//! Clients that are slow or send too much are cut off and counted, without effect on recording and on other clients.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use agent_metrics::serve::{Exporter, Serving};
use agent_metrics::{AgentMetrics, Status};
use agent_metrics_tests::{build, missing, samples, tools, until};

use crate::{answer, enlarge, refused, scrape, send, until_refused};

const SHORT: Duration = Duration::from_millis(200);

/// Checks that calls are still recorded and that a valid request still gets them.
fn check_still_serves(metrics: &AgentMetrics, exporter: &Serving) {
    let before = tools(metrics, "still_works", "success");
    metrics.record_tool_call("still_works", Duration::from_millis(1), Status::Success);
    let (head, body) = scrape(exporter, "");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let expected =
        format!("agent_tool_calls_total{{tool_name=\"still_works\",status=\"success\"}} {}\n", before + 1.0);
    assert!(String::from_utf8(body).expect("UTF-8").contains(&expected));
}

#[test]
fn a_request_that_never_completes_is_closed_and_counted() {
    let metrics = build();
    let exporter = Exporter::new(&metrics).read_timeout(SHORT).start("127.0.0.1:0").expect("a free port");
    // One client sends nothing, one sends half a request, and one sends single bytes without end.
    for begun in ["", "GET /metrics HTTP/1.1\r\nHost: localhost\r\n"] {
        assert_eq!(answer(send(exporter.address(), begun.as_bytes())), "", "closed without a response");
    }
    let mut dripping = send(exporter.address(), b"GET /metrics HTTP/1.1\r\nX: ");
    // Each read waits up to 10 ms for the exporter to close the connection.
    dripping.set_read_timeout(Some(Duration::from_millis(10))).expect("a limit");
    while dripping.read(&mut [0; 64]).is_err_and(|error| error.kind() != ErrorKind::ConnectionReset) {
        if dripping.write_all(b"x").is_err() {
            break;
        }
    }
    until_refused(&metrics, "late", 3.0);
    // A client that leaves in the middle of its request is counted; one that leaves without sending anything is not.
    drop(send(exporter.address(), b"GET /metrics HTT"));
    drop(send(exporter.address(), b""));
    until_refused(&metrics, "incomplete", 1.0);
    check_still_serves(&metrics, &exporter);
    assert_eq!(samples(&metrics).sum("agent_metrics_exporter_refused_total", &[]), 4.0);
}

#[test]
fn heads_and_bodies_that_are_too_large_are_refused() {
    let metrics = build();
    let exporter = Exporter::new(&metrics).start("127.0.0.1:0").expect("a free port");
    let long = format!("GET /metrics HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(64 * 1024));
    let many = format!("GET /metrics HTTP/1.1\r\n{}\r\n", "X: x\r\n".repeat(100));
    let target = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(9000));
    for head in [long, many, target] {
        let answer = answer(send(exporter.address(), head.as_bytes()));
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
    assert_eq!(refused(&metrics, "head_too_large"), 3.0);
    for head in ["Content-Length: 10000000000", "Content-Length: -5", "Transfer-Encoding: chunked"] {
        let head = format!("POST /metrics HTTP/1.1\r\n{head}\r\n\r\n{}", "x".repeat(10_000));
        let answer = answer(send(exporter.address(), head.as_bytes()));
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    }
    assert_eq!(refused(&metrics, "body_too_large"), 3.0);
    // A client that is still sending when the response arrives can finish, and then read the response.
    let mut stream = send(exporter.address(), b"POST /metrics HTTP/1.1\r\nContent-Length: 20000\r\n\r\n");
    until_refused(&metrics, "body_too_large", 4.0);
    for _ in 0..2 {
        stream.write_all(&[b'x'; 10_000]).expect("taken");
    }
    assert!(answer(stream).starts_with("HTTP/1.1 413 "));
    check_still_serves(&metrics, &exporter);
}

#[test]
fn a_client_that_never_stops_sending_is_cut_off() {
    let metrics = build();
    let exporter = Exporter::new(&metrics).start("127.0.0.1:0").expect("a free port");
    for beginning in
        ["GET /metrics HTTP/1.1\r\nX: ", "POST /metrics HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n"]
    {
        let mut stream = send(exporter.address(), beginning.as_bytes());
        stream.set_write_timeout(Some(Duration::from_secs(20))).expect("a limit");
        let chunk = vec![b'x'; 64 * 1024];
        let error = loop {
            if let Err(error) = stream.write_all(&chunk) {
                break error;
            }
        };
        assert_ne!(error.kind(), ErrorKind::WouldBlock, "closed, not left hanging");
    }
    check_still_serves(&metrics, &exporter);
}

#[test]
fn a_request_that_is_not_http_1_is_malformed() {
    let metrics = build();
    let exporter = Exporter::new(&metrics).start("127.0.0.1:0").expect("a free port");
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    for bytes in
        [&hello[..], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET /metrics\r\n\r\n", b"\r\n\r\n", &[0; 4096]]
    {
        let answer = answer(send(exporter.address(), bytes));
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
    assert_eq!(refused(&metrics, "malformed"), 5.0);
    check_still_serves(&metrics, &exporter);
}

#[test]
fn a_client_that_does_not_read_the_response_is_cut_off_as_slow() {
    let metrics = build();
    // More than the socket buffers hold.
    enlarge(&metrics, 16);
    let exporter = Exporter::new(&metrics).write_timeout(SHORT).start("127.0.0.1:0").expect("a free port");
    let waiting: Vec<_> =
        (0..3).map(|_| send(exporter.address(), b"GET /metrics HTTP/1.1\r\n\r\n")).collect();
    until_refused(&metrics, "slow", 3.0);
    drop(waiting);
}

#[test]
fn clients_that_read_slowly_make_room_for_others() {
    let metrics = build();
    enlarge(&metrics, 16);
    let exporter = Exporter::new(&metrics).start("127.0.0.1:0").expect("a free port");
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..24 {
            scope.spawn(|| {
                let mut client = send(exporter.address(), b"GET /metrics HTTP/1.1\r\n\r\n");
                let mut piece = vec![0; 100 * 1024];
                while !is_done.load(Ordering::Relaxed) && client.read(&mut piece).is_ok_and(|count| count > 0)
                {
                    std::thread::sleep(Duration::from_millis(200));
                }
            });
        }
        until_at_least(&metrics, "slow", 8.0);
        check_still_serves(&metrics, &exporter);
        is_done.store(true, Ordering::Relaxed);
    });
}

/// Waits until at least `count` connections were refused for a reason.
fn until_at_least(metrics: &AgentMetrics, reason: &str, count: f64) {
    until(&format!("{count} {reason}"), || (refused(metrics, reason) >= count).then_some(()));
}

#[test]
fn ten_thousand_idle_connections_do_not_block_a_scrape() {
    const IDLE: usize = 10_000;
    /// Further descriptors: the exporter's side of its open connections, and those of other tests.
    const OTHERS: usize = 600;
    if raise_file_limit(IDLE + OTHERS) < IDLE + OTHERS {
        return missing(&format!("a limit of {} open files (`ulimit -Hn`)", IDLE + OTHERS));
    }
    let metrics = build();
    let exporter = Exporter::new(&metrics).start("127.0.0.1:0").expect("a free port");
    let mut idle = Vec::with_capacity(IDLE);
    for number in 1..=IDLE {
        idle.push(TcpStream::connect(exporter.address()).expect("a connection"));
        if number % 2500 == 0 {
            check_still_serves(&metrics, &exporter);
        }
    }
    // All connections but the 256 that may be open are cut off.
    let cut_off = || refused(&metrics, "crowded") + refused(&metrics, "late");
    until("the idle connections are cut off", || (cut_off() >= (IDLE - 256) as f64).then_some(()));
    check_still_serves(&metrics, &exporter);
}

/// Raises the limit of open files to `needed`, or as far as permitted, and returns the new limit.
#[cfg(unix)]
fn raise_file_limit(needed: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let needed = needed as u64;
    if current.is_none_or(|current| current >= needed) {
        return needed as usize;
    }
    let raised = maximum.map_or(needed, |maximum| maximum.min(needed));
    setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum }).expect("within the hard limit");
    raised as usize
}

/// Returns `needed`: other systems have no such limit.
#[cfg(not(unix))]
fn raise_file_limit(needed: usize) -> usize {
    needed
}
