//! The live page in every framework that mounts it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use agent_metrics::live::LivePage;
use agent_metrics::{AgentMetrics, Status, web};
use agent_metrics_tests::get;
use rocket::config::{Config, Shutdown};

use crate::server::{listener, on_tokio};

#[allow(clippy::needless_pass_by_value)] // The three functions have one type.
fn axum(page: LivePage) -> SocketAddr {
    let app: axum::Router = axum::Router::new().merge(web::axum::live_page("/ops/live", &page));
    on_tokio(|listener| async { axum::serve(listener, app).await.expect("served") })
}

fn actix(page: LivePage) -> SocketAddr {
    let (listener, address) = listener();
    let app = move || actix_web::App::new().configure(web::actix::live_page("/ops/live", &page));
    thread::spawn(|| {
        let server = actix_web::HttpServer::new(app).workers(1).disable_signals();
        let running = server.listen(listener).expect("a listener").run();
        actix_web::rt::System::new().block_on(running).expect("served");
    });
    address
}

#[allow(clippy::needless_pass_by_value)] // The three functions have one type.
fn rocket(page: LivePage) -> SocketAddr {
    let (listener, address) = listener();
    // rocket binds by itself.
    drop(listener);
    let shutdown = Shutdown { ctrlc: false, ..Shutdown::default() };
    let config = Config {
        address: address.ip(),
        port: address.port(),
        log_level: rocket::config::LogLevel::Off,
        shutdown,
        ..Config::debug_default()
    };
    let app = rocket::custom(config).mount("/ops/live", web::rocket::live_page(&page));
    thread::spawn(|| drop(rocket::execute(app.launch())));
    agent_metrics_tests::until("rocket serves", || get(&address.to_string(), "/ops/live/", ""));
    address
}

fn first_line(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    write!(stream, "{request}\r\nConnection: close\r\n\r\n").expect("sent");
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).expect("a response");
    line
}

#[test]
fn each_framework_mounts_the_page_under_a_path() {
    type Mount = fn(LivePage) -> SocketAddr;
    let mounts: [(&str, Mount); 3] = [("axum", axum), ("actix-web", actix), ("rocket", rocket)];
    for (name, mount) in mounts {
        let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
        let page = LivePage::new(&metrics).expect("a thread").bearer_token("s3cret").expect("a token");
        let address = mount(page).to_string();
        let status =
            |request: &str| first_line(&address, request).split(' ').nth(1).unwrap_or_default().to_owned();

        let (head, body) = get(&address, "/ops/live/", "").expect("an answer");
        assert!(
            head.contains(" 200 ")
                && head.to_lowercase().contains("content-security-policy: default-src 'self'"),
            "{name}: {head}"
        );
        assert!(String::from_utf8_lossy(&body).contains("<title>Agent metrics</title>"), "{name}");
        // The addresses of the page's files are relative, so its own address must end with a slash.
        let (head, _) = get(&address, "/ops/live", "").expect("an answer");
        assert!(
            head.contains(" 307 ") && head.to_lowercase().contains("location: ./live/"),
            "{name}: {head}"
        );
        assert!(get(&address, "/ops/live/app.js", "").expect("an answer").0.contains(" 200 "), "{name}");

        let host = format!("Host: {address}");
        assert_eq!(status(&format!("GET /ops/live/nowhere HTTP/1.1\r\n{host}")), "404", "{name}");
        assert_eq!(
            status(&format!("POST /ops/live/ HTTP/1.1\r\n{host}\r\nContent-Length: 0")),
            "405",
            "{name}"
        );
        assert_eq!(status("GET /ops/live/ HTTP/1.1\r\nHost: rebound.example"), "403", "{name}");
        assert_eq!(status(&format!("GET /ops/live/data/history HTTP/1.1\r\n{host}")), "401", "{name}");
        let token = "Authorization: Bearer s3cret\r\n";
        let (head, body) = get(&address, "/ops/live/data/history?range=15m", token).expect("an answer");
        assert!(head.contains(" 200 ") && body.starts_with(b"{\"boards\":["), "{name}: {head}");
        let (head, _) =
            get(&address, "/ops/live/data/history?range=15m", &format!("{token}Accept-Encoding: gzip\r\n"))
                .expect("an answer");
        assert!(head.to_lowercase().contains("content-encoding: gzip"), "{name}: {head}");

        let mut stream = TcpStream::connect(&address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        write!(stream, "GET /ops/live/data/events HTTP/1.1\r\n{host}\r\n{token}\r\n").expect("sent");
        metrics.track_task("mounted").finish(Status::Success);
        let lines = BufReader::new(stream).lines().map_while(Result::ok);
        let mut events = lines.filter(|line| line.starts_with("data: "));
        assert!(events.any(|event| event.contains("\"type\":\"mounted\"")), "{name}");
    }
}
