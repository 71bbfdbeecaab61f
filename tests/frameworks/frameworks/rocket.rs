//! rocket.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use agent_metrics::AgentMetrics;
use agent_metrics::web::rocket::{http_metrics, metrics_route};
use bytes::Bytes;
use futures_util::Stream;
use rocket::config::{Config, LogLevel, Shutdown};
use rocket::fairing::AdHoc;
use rocket::http::ContentType;
use rocket::response::stream::ByteStream;
use rocket::{get, post, routes};

use super::Framework;
use crate::server::{endless, three_parts};

pub const FRAMEWORK: Framework = Framework {
    name: "rocket",
    serve,
    // In rocket, a route has exactly one method.
    wrong_method: ("unmatched", "404"),
    unknown_method: None,
    head: ("/tasks/{id}", "200"),
    release: || RELEASED.store(true, Ordering::Release),
};

/// Lets the handler of `/waits` return: rocket doesn't drop a handler when the client leaves.
static RELEASED: AtomicBool = AtomicBool::new(false);

fn serve(metrics: &AgentMetrics) -> SocketAddr {
    let shutdown = Shutdown { ctrlc: false, ..Shutdown::default() };
    let config = Config { port: 0, log_level: LogLevel::Off, shutdown, ..Config::debug_default() };
    let (sender, receiver) = mpsc::channel();
    let lifted_off = AdHoc::on_liftoff("address", move |rocket| {
        let Config { address, port, .. } = *rocket.config();
        sender.send(SocketAddr::new(address, port)).expect("the test waits for the address");
        Box::pin(async {})
    });
    let app = rocket::custom(config)
        .attach(http_metrics(metrics))
        .attach(lifted_off)
        .mount("/", routes![only_task_nine, task, post_task, parts, panics, waits, streams, events])
        .mount("/api", routes![item])
        .mount("/metrics", metrics_route(metrics));
    thread::spawn(|| rocket::execute(app.launch()).expect("served"));
    receiver.recv().expect("an address")
}

/// A route that rocket tries first and that forwards, so that the actual route is known only with the response.
#[get("/tasks/<nine>", rank = 1)]
fn only_task_nine(nine: Nine) -> &'static str {
    let Nine = nine;
    "nine"
}

#[derive(Clone, Copy)]
struct Nine;

impl<'a> rocket::request::FromParam<'a> for Nine {
    type Error = &'a str;

    fn from_param(text: &'a str) -> Result<Self, &'a str> {
        if text == "9" { Ok(Self) } else { Err(text) }
    }
}

#[get("/tasks/<id>?<x>", rank = 2)]
fn task(id: &str, x: Option<&str>) -> String {
    format!("done {id} {x:?}")
}

#[post("/tasks/<id>")]
fn post_task(id: &str) -> String {
    format!("posted {id}")
}

#[get("/items/<id>")]
fn item(id: &str) -> String {
    format!("item {id}")
}

#[get("/parts")]
fn parts() -> ByteStream<impl Stream<Item = Bytes>> {
    ByteStream(three_parts())
}

#[get("/panics")]
fn panics() -> &'static str {
    panic!("in a handler")
}

#[get("/waits")]
async fn waits() -> &'static str {
    while !RELEASED.load(Ordering::Acquire) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    "released"
}

#[get("/streams")]
fn streams() -> ByteStream<impl Stream<Item = Bytes>> {
    ByteStream(endless())
}

#[get("/events")]
fn events() -> (ContentType, ByteStream<impl Stream<Item = Bytes>>) {
    (ContentType::EventStream, ByteStream(endless()))
}
