//! Targets that fail, and invalid settings.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent_metrics::Fault;
use agent_metrics::push::{Otlp, Push, PushError, Pushgateway, RemoteWrite, Response, Target};
use agent_metrics_tests::{free_address, until};

use crate::agent::Agent;
use crate::receiver::Receiver;

fn agent_with_faults() -> (Agent, Arc<Mutex<Vec<Fault>>>) {
    let faults = Arc::new(Mutex::new(Vec::new()));
    let reported = faults.clone();
    (Agent::with_fault_hook(move |fault| reported.lock().unwrap().push(fault.clone())), faults)
}

fn outcomes(agent: &Agent, outcome: &str) -> f64 {
    agent.value(&format!(
        "shop_agent_metrics_pushes_total{{outcome=\"{outcome}\",region=\"eu/1\",target=\"remote_write\"}}"
    ))
}

fn target(receiver: &Receiver) -> RemoteWrite {
    RemoteWrite::new(format!("http://{}/write", receiver.address), "agents")
}

#[test]
fn requests_have_the_headers_of_the_protocol_and_of_the_user() {
    let receiver = Receiver::new([]);
    let agent = Agent::new();
    let push = Push::to(target(&receiver)).basic_auth("me", "se:cret").header("X-Scope-OrgID", "agents");
    push.once(&agent.metrics).expect("pushed");
    let requests = receiver.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].line, "POST /write HTTP/1.1");
    for (name, value) in [
        ("Content-Type", "application/x-protobuf"),
        ("Content-Encoding", "snappy"),
        ("X-Prometheus-Remote-Write-Version", "0.1.0"),
        ("X-Scope-OrgID", "agents"),
        ("Authorization", "Basic bWU6c2U6Y3JldA=="),
        ("User-Agent", concat!("agent-metrics/", env!("CARGO_PKG_VERSION"))),
    ] {
        assert_eq!(requests[0].header(name), Some(value), "{name}");
    }
    let token = Push::to(target(&receiver)).bearer_token("token");
    token.once(&agent.metrics).expect("pushed");
    assert_eq!(receiver.requests()[1].header("Authorization"), Some("Bearer token"));
}

#[test]
fn retry_after_delays_the_next_request() {
    let receiver = Receiver::new([(503, "Retry-After: 1\r\n", b"busy" as &[u8])]);
    let (agent, faults) = agent_with_faults();
    let push = Push::to(target(&receiver)).deadline(Duration::from_secs(30));
    push.once(&agent.metrics).expect("pushed in the end");
    let requests = receiver.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!((outcomes(&agent, "unavailable"), outcomes(&agent, "success")), (1.0, 1.0));
    let faults = faults.lock().unwrap();
    assert!(faults.len() == 1 && faults[0].to_string().contains("status 503: busy"), "{faults:?}");
}

#[test]
fn each_protocol_retries_its_retryable_statuses() {
    fn is_retried(target: impl Target, status: u16) -> bool {
        // The requested pause is longer than the deadline, so a push that would be retried fails at once.
        let push = Push::to(target).deadline(Duration::from_secs(60));
        let push = push.transport(move |_| Ok(Response::new(status).retry_after("3000")));
        push.once(&Agent::new().metrics).expect_err("not accepted").is_temporary()
    }
    let url = "http://127.0.0.1:9/write";
    for (status, by_otlp, by_remote_write, by_pushgateway) in [
        (400, false, false, false),
        (408, false, false, true),
        (429, true, true, true),
        (500, false, true, true),
        (501, false, true, true),
        (502, true, true, true),
        (503, true, true, true),
        (504, true, true, true),
        (505, false, true, true),
    ] {
        assert_eq!(is_retried(Otlp::new(url, "agents"), status), by_otlp, "otlp, {status}");
        let remote_write = RemoteWrite::new(url, "agents");
        assert_eq!(is_retried(remote_write, status), by_remote_write, "remote-write, {status}");
        let pushgateway = Pushgateway::new("http://127.0.0.1:9", "agents");
        assert_eq!(is_retried(pushgateway, status), by_pushgateway, "pushgateway, {status}");
    }
}

#[test]
fn a_requested_pause_longer_than_the_deadline_is_an_error_without_a_request() {
    let receiver = Receiver::new([(429, "Retry-After: 3000\r\n", b"" as &[u8])]);
    let agent = Agent::new();
    let pusher =
        Push::to(target(&receiver)).every(Duration::from_secs(3600)).start(&agent.metrics).expect("started");
    for _ in 0..2 {
        match pusher.flush() {
            Err(PushError::Unavailable { retry_after: Some(wait), .. }) => {
                assert!((2_900..=3_000).contains(&wait.as_secs()), "{wait:?}");
            }
            other => panic!("{other:?}"),
        }
    }
    drop(pusher);
    assert_eq!(receiver.requests().len(), 1, "there is no request at the end either");
}

#[test]
fn a_repeated_refusal_is_reported_once_and_pushed_to_at_the_interval() {
    let refusal = (400, "", b"out of order\nmore" as &[u8]);
    let receiver = Receiver::new(std::iter::repeat_n(refusal, 1_000));
    let (agent, faults) = agent_with_faults();
    let push = Push::to(target(&receiver)).every(Duration::from_millis(10));
    let pusher = push.start(&agent.metrics).expect("started");
    until("a second refusal", || (outcomes(&agent, "rejected") >= 2.0).then_some(()));
    let error = pusher.flush().expect_err("refused");
    let words = format!("http://{}/write refused the push with status 400: out of order", receiver.address);
    assert_eq!(error.to_string(), words);
    drop(pusher);
    let faults = faults.lock().unwrap();
    assert!(faults.len() == 1, "{faults:?}");
    assert_eq!(faults[0].to_string(), format!("push `remote_write`: {words}"));
    assert_eq!(outcomes(&agent, "success"), 0.0);
}

#[test]
fn a_request_refused_for_its_contents_does_not_hold_back_the_others() {
    let receiver = Receiver::new([(400, "", b"bad" as &[u8])]);
    let agent = Agent::new();
    let push = Push::to(target(&receiver)).max_request_bytes(8_000);
    let error = push.once(&agent.metrics).expect_err("a part was refused");
    assert!(matches!(error, PushError::Rejected { status: 400, .. }), "{error:?}");
    assert!(receiver.requests().len() > 4);

    // A wrong password is wrong for all requests.
    let unauthorized = Receiver::new([(401, "", b"" as &[u8])]);
    let push = Push::to(target(&unauthorized)).max_request_bytes(8_000);
    let error = push.once(&agent.metrics).expect_err("no password").to_string();
    assert!(error.contains("bearer_token"), "{error}");
    assert_eq!(unauthorized.requests().len(), 1);
}

#[test]
fn a_retry_sends_only_the_requests_that_were_not_accepted() {
    let busy = (503, "", b"" as &[u8]);
    let receiver = Receiver::new([(200, "", b"" as &[u8]), (200, "", b""), busy]);
    let agent = Agent::new();
    let push = Push::to(target(&receiver)).max_request_bytes(8_000).every(Duration::from_millis(100));
    let pusher = push.start(&agent.metrics).expect("started");
    until("a push arrives", || (outcomes(&agent, "success") >= 1.0).then_some(()));
    let requests = receiver.requests();
    drop(pusher);
    assert_eq!(requests[2].body, requests[3].body, "the third request is sent again");
    let bodies = requests.iter().map(|requests| &requests.body);
    assert!(bodies.filter(|body| **body == requests[0].body).count() == 1, "the first request was accepted");
}

#[test]
fn a_retry_of_a_push_that_was_not_accepted_has_the_current_values() {
    let agent = Agent::new();
    let metrics = agent.metrics.clone();
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let sent = bodies.clone();
    let push = Push::to(Pushgateway::new("http://127.0.0.1:9", "job")).deadline(Duration::from_secs(60));
    let push = push.transport(move |request| {
        let mut sent = sent.lock().unwrap();
        sent.push(String::from_utf8(request.body.to_vec())?);
        metrics.track_task("meanwhile").finish(agent_metrics::Status::Success);
        if sent.len() == 1 { Err("connection reset".into()) } else { Ok(Response::new(200)) }
    });
    push.once(&agent.metrics).expect("pushed");
    let of_meanwhile =
        bodies.lock().unwrap().iter().map(|body| body.contains("meanwhile")).collect::<Vec<_>>();
    assert_eq!(of_meanwhile, [false, true]);
}

#[test]
fn metadata_is_sent_until_it_arrives() {
    let lengths = Arc::new(Mutex::new(Vec::new()));
    let sent = lengths.clone();
    let push = Push::to(RemoteWrite::new("http://127.0.0.1:9/write", "agents"));
    let push = push.deadline(Duration::from_secs(60)).every(Duration::from_secs(3600));
    let push = push.transport(move |request| {
        let mut sent = sent.lock().unwrap();
        sent.push(request.body.len());
        if sent.len() == 1 { Err("connection reset".into()) } else { Ok(Response::new(200)) }
    });
    let agent = Agent::new();
    let pusher = push.start(&agent.metrics).expect("started");
    for _ in 0..2 {
        pusher.flush().expect("pushed");
    }
    let lengths = lengths.lock().unwrap();
    // The metadata makes up a large part of a request.
    assert!(lengths[1] > lengths[2] * 6 / 5, "{lengths:?}");
}

#[test]
fn a_redirection_is_an_error_and_not_followed() {
    let receiver = Receiver::new([(301, "Location: http://127.0.0.1:9/\r\n", b"" as &[u8])]);
    let error = Push::to(target(&receiver)).once(&Agent::new().metrics).expect_err("moved").to_string();
    assert!(error.contains("status 301") && error.contains("no redirects"), "{error}");
}

#[test]
fn an_unreachable_target_is_an_error_at_the_deadline() {
    let unreachable = RemoteWrite::new(format!("http://{}/write", free_address()), "agents");
    let agent = Agent::new();
    let push = Push::to(unreachable).deadline(Duration::from_millis(700));
    let error = push.once(&agent.metrics).expect_err("unreachable");
    assert!(matches!(error, PushError::Unavailable { .. }), "{error:?}");
}

#[test]
fn dropping_a_pusher_pushes_one_last_time() {
    let receiver = Receiver::new([]);
    let agent = Agent::new();
    let push = Push::to(target(&receiver)).every(Duration::from_secs(3600));
    let pusher = push.start(&agent.metrics).expect("started");
    assert!(receiver.requests().is_empty());
    drop(pusher);
    assert_eq!((receiver.requests().len(), outcomes(&agent, "success")), (1, 1.0));
}

#[test]
fn a_hanging_target_blocks_the_caller_only_until_the_deadline() {
    // The listener accepts connections and never responds.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/write", listener.local_addr().expect("an address"));
    let agent = Agent::new();
    let push = Push::to(RemoteWrite::new(url, "agents")).deadline(Duration::from_millis(300));
    let pusher = push.start(&agent.metrics).expect("started");
    let error = pusher.flush().expect_err("no answer");
    assert!(error.is_temporary(), "{error:?}");
    // Dropping the pusher must not block for ever, either.
    drop(pusher);
}

#[test]
fn a_panicking_collector_is_reported_and_the_other_families_are_pushed() {
    struct Bad(prometheus::core::Desc);
    impl prometheus::core::Collector for Bad {
        fn desc(&self) -> Vec<&prometheus::core::Desc> {
            vec![&self.0]
        }
        fn collect(&self) -> Vec<prometheus::proto::MetricFamily> {
            panic!("bad collector")
        }
    }
    let receiver = Receiver::new([]);
    let (agent, faults) = agent_with_faults();
    let pusher =
        Push::to(target(&receiver)).every(Duration::from_secs(3600)).start(&agent.metrics).expect("started");
    let (name, help) = ("bad".to_owned(), "Bad.".to_owned());
    let desc = prometheus::core::Desc::new(name, help, Vec::new(), std::collections::HashMap::new());
    agent.metrics.registry().register(Box::new(Bad(desc.expect("a description")))).expect("registered");
    let flushed = pusher.flush().expect("the other families are pushed");
    assert!(flushed.samples > 0, "{flushed:?}");
    let faults = faults.lock().unwrap();
    let messages: Vec<_> = faults.iter().map(ToString::to_string).collect();
    assert!(messages.iter().any(|fault| fault.contains("bad collector")), "{messages:?}");
}

#[test]
fn a_user_defined_transport_gets_every_request() {
    let agent = Agent::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let requests = seen.clone();
    let gateway = Pushgateway::new("http://nowhere.invalid:9091/base/", "job");
    let push = Push::to(gateway).transport(move |request| {
        requests.lock().unwrap().push((request.method, request.url.to_owned(), request.body.len()));
        if requests.lock().unwrap().len() == 1 {
            Err("connection reset".into())
        } else {
            Ok(Response::new(202))
        }
    });
    push.once(&agent.metrics).expect("pushed");
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 2);
    assert_eq!((seen[1].0, seen[1].1.as_str()), ("PUT", "http://nowhere.invalid:9091/base/metrics/job/job"));
    assert!(seen[1].2 > 10_000);
}

#[test]
fn the_debug_output_of_targets_and_requests_has_no_secret() {
    let url = "http://me:secret@127.0.0.1:9/write?token=secret";
    let targets =
        format!("{:?}", (Otlp::new(url, "a"), RemoteWrite::new(url, "a"), Pushgateway::new(url, "a")));
    assert!(targets.contains("http://127.0.0.1:9/write") && !targets.contains("secret"), "{targets}");

    let logged = Arc::new(Mutex::new(String::new()));
    let log = logged.clone();
    let push = Push::to(RemoteWrite::new("http://127.0.0.1:9/write?token=secret", "a"));
    let push = push.bearer_token("secret").transport(move |request| {
        *log.lock().unwrap() = format!("{request:?}");
        Ok(Response::new(200))
    });
    push.once(&Agent::new().metrics).expect("pushed");
    let logged = logged.lock().unwrap();
    assert!(logged.contains("http://127.0.0.1:9/write") && logged.contains("Authorization"), "{logged}");
    assert!(!logged.contains("secret"), "{logged}");
}

#[test]
fn a_panicking_transport_is_reported_and_pushing_goes_on() {
    let (agent, faults) = agent_with_faults();
    let mut requests = 0;
    let push = Push::to(Pushgateway::new("http://127.0.0.1:9", "job")).deadline(Duration::from_secs(60));
    let push = push.every(Duration::from_secs(3600)).transport(move |_| {
        requests += 1;
        assert!(requests > 1, "no certificate");
        Ok(Response::new(200))
    });
    let pusher = push.start(&agent.metrics).expect("started");
    pusher.flush().expect("pushed by the second request");
    let faults = faults.lock().unwrap();
    let messages: Vec<_> = faults.iter().map(ToString::to_string).collect();
    assert!(messages.iter().any(|fault| fault.contains("no certificate")), "{messages:?}");
    assert!(messages.iter().any(|fault| fault.contains("the transport panicked")), "{messages:?}");
}

#[test]
fn an_error_names_the_invalid_setting() {
    let agent = Agent::new();
    let fine = || RemoteWrite::new("http://127.0.0.1:9/write", "agents");
    for (push, words) in [
        (Push::to(RemoteWrite::new("127.0.0.1:9/write", "agents")), "not a URL"),
        (Push::to(RemoteWrite::new("http://127.0.0.1:9/", "agents")), "/api/v1/write"),
        (
            Push::to(RemoteWrite::new("http://127.0.0.1:9/write", "")),
            "`RemoteWrite::label` of a push is `job`",
        ),
        (Push::to(fine().label("a-b", "c")), "invalid label name"),
        (Push::to(fine().label("job", "c")), "given twice"),
        (Push::to(fine()).every(Duration::ZERO), "`every` of a push"),
        (Push::to(fine()).timeout(Duration::ZERO), "`timeout` of a push"),
        (Push::to(fine()).deadline(Duration::MAX), "at most a year"),
        (Push::to(fine()).max_request_bytes(0), "`max_request_bytes` of a push"),
        (Push::to(fine()).header("bad name", "x"), "`header` of a push is `bad name`"),
        (Push::to(fine()).bearer_token("line\nfeed"), "no header can carry"),
    ] {
        let error = push.start(&agent.metrics).expect_err(words).to_string();
        assert!(error.contains(words) && !error.contains("feed"), "{words}: {error}");
    }
    assert!(!agent.metrics.to_text().contains("agent_metrics_push"), "nothing was registered");
}

#[test]
fn a_shutdown_can_be_awaited_in_the_runtime_that_serves_the_target() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        // Answers every request on the thread that waits for the push.
        let serving = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                let mut request = vec![0; 64 * 1024];
                let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut request).await;
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                tokio::io::AsyncWriteExt::write_all(&mut stream, answer).await.expect("sent");
            }
        });
        let agent = Agent::new();
        let target = RemoteWrite::new(format!("http://{address}/write"), "agents");
        let pusher =
            Push::to(target).every(Duration::from_secs(3600)).start(&agent.metrics).expect("started");
        let last = pusher.shutdown_async().await.expect("pushed");
        assert!(last.samples > 0, "{last:?}");
        serving.abort();
    });
}
