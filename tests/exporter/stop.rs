//! Stopping an exporter.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use agent_metrics::serve::Exporter;
use agent_metrics_tests::{build, get, until};

use crate::{answer, scrape, send, when_collected};

#[test]
fn dropping_an_exporter_closes_its_connections_and_frees_the_port() {
    let metrics = build();
    let exporter = Exporter::new(&metrics).start("127.0.0.1:0").expect("a free port");
    let address = exporter.address();
    scrape(&exporter, "");
    let mut idle = send(address, b"GET /metr");
    drop(exporter);
    let ended = idle.read(&mut [0; 64]);
    assert!(matches!(&ended, Ok(0)) || ended.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset));
    assert_eq!(
        TcpStream::connect(address).expect_err("the port is closed").kind(),
        ErrorKind::ConnectionRefused
    );
    let again = Exporter::new(&metrics).start(address).expect("the port is free again");
    scrape(&again, "");
}

#[test]
fn stopping_an_exporter_completes_open_requests() {
    let metrics = build();
    let (open, entered) = (Arc::new((Mutex::new(false), Condvar::new())), Arc::new(AtomicUsize::new(0)));
    let (gate, enters) = (open.clone(), entered.clone());
    when_collected(&metrics, move || {
        enters.fetch_add(1, Ordering::SeqCst);
        let (is_open, opened) = &*gate;
        drop(opened.wait_while(is_open.lock().unwrap(), |is_open| !*is_open).unwrap());
    });
    let exporter = Exporter::new(&metrics).start("127.0.0.1:0").expect("a free port");
    let address = exporter.address();
    let idle = send(address, b"");
    let open_request = send(address, b"GET /metrics HTTP/1.1\r\n\r\n");
    until("the scrape has begun", || (entered.load(Ordering::SeqCst) == 1).then_some(()));
    let stopping = thread::spawn(move || exporter.stop());
    *open.0.lock().unwrap() = true;
    open.1.notify_all();
    let scraped = answer(open_request);
    assert!(scraped.starts_with("HTTP/1.1 200 ") && scraped.contains("hooked 0\n"));
    stopping.join().expect("it stops");
    assert_eq!(answer(idle), "", "a connection without a request is closed");
    assert_eq!(
        TcpStream::connect(address).expect_err("the port is closed").kind(),
        ErrorKind::ConnectionRefused
    );
}

#[test]
fn an_exporter_starts_and_stops_inside_a_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let exporter = Exporter::new(&build()).start("127.0.0.1:0").expect("a free port");
        scrape(&exporter, "");
        exporter.stop();
    });
}

#[test]
fn an_exporter_does_not_wait_for_a_collector() {
    let metrics = build();
    let (entered, is_entered) = std::sync::mpsc::sync_channel(1);
    let gate = Arc::new(Mutex::new(()));
    let inner = gate.clone();
    when_collected(&metrics, move || {
        let _ = entered.try_send(());
        drop(inner.lock().unwrap());
    });
    // The collector waits for a lock that is held until the end of the test.
    let held = gate.lock().unwrap();
    let exporter = Exporter::new(&metrics).start("127.0.0.1:0").expect("a free port");
    let waiting = send(exporter.address(), b"GET /metrics HTTP/1.1\r\n\r\n");
    is_entered.recv().expect("the scrape has begun");
    let (answer, text) = get(&exporter.address().to_string(), "/healthz", "").expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 ") && text == b"ok\n", "{answer}");
    drop(exporter);
    drop((held, waiting));
}
