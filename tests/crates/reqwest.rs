//! reqwest.

use std::time::Duration;

use agent_metrics::classify::error_status;
use agent_metrics::integrations::tower::AttemptLayer;
use agent_metrics::{Classify, Status, Usage, assert_metrics, testing, track_llm, track_tool};
use tower::{Layer as _, Service as _};

use crate::server::{Answer, Server};

#[track_tool]
async fn fetch(address: &str) -> reqwest::Result<reqwest::Response> {
    reqwest::get(format!("http://{address}/")).await
}

#[tokio::test]
async fn a_response_is_counted_by_its_status_code() {
    let metrics = testing::isolated();
    let server = Server::start([200, 503, 504].map(|status| Answer::new(status, "{}")));
    for _ in 0..3 {
        fetch(&server.address).await.expect("an answer");
    }
    fetch(&Server::refusing_address()).await.expect_err("the connection is refused");
    assert_metrics!(metrics, {
        agent_tool_calls_total { tool_name = "fetch", status = "success" } == 1,
        agent_tool_calls_total { tool_name = "fetch", status = "error" } == 2,
        agent_tool_calls_total { tool_name = "fetch", status = "timeout" } == 1,
    });
}

#[tokio::test]
async fn errors_are_classified_directly_and_inside_error_reports() {
    let server = Server::start([
        Answer::new(429, "{}").with("retry-after", "3"),
        Answer::new(404, "{}"),
        Answer::Broken("data: ..".to_owned()),
        Answer::Never,
    ]);
    let client = reqwest::Client::new();
    let get = || client.get(format!("http://{}/", server.address));
    let limited = get().send().await.expect("an answer");
    assert_eq!(
        (limited.classify(), limited.retry_after()),
        (Status::RateLimited, Some(Duration::from_secs(3)))
    );
    let checked = limited.error_for_status().expect_err("429");
    assert_eq!(checked.classify(), Status::RateLimited);
    let missing = get().send().await.and_then(reqwest::Response::error_for_status).expect_err("404");
    assert_eq!(error_status(anyhow::Error::from(missing).context("..").as_ref()), Status::Rejected);
    let broken = get().send().await.expect("a head").bytes().await.expect_err("the body breaks off");
    assert_eq!(broken.classify(), Status::Unavailable, "{broken:?}");
    let slow = get().timeout(Duration::from_millis(20)).send().await.expect_err("no response arrives");
    assert_eq!(error_status(eyre::Report::from(slow).wrap_err("..").as_ref()), Status::Timeout);
    let refused = client
        .get(format!("http://{}/", Server::refusing_address()))
        .send()
        .await
        .expect_err("the connection is refused");
    let boxed: Box<dyn std::error::Error + Send + Sync> = refused.into();
    assert_eq!(boxed.classify(), Status::Unavailable);
    assert_eq!(client.get("nonsense").build().expect_err("no URL").classify(), Status::Error);
}

#[track_llm(model = "m", usage = in_body)]
async fn ask(address: &str) -> reqwest::Result<()> {
    let mut client = AttemptLayer.layer(reqwest::Client::new());
    for _ in 0..2 {
        let request = reqwest::Request::new(
            reqwest::Method::POST,
            format!("http://{address}/").parse().expect("a URL"),
        );
        let response = client.call(request).await?;
        if response.classify() == Status::Success {
            agent_metrics::Call::current().usage(&Usage::new(3, 1));
            break;
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_attempt_layer_counts_attempts_of_the_reqwest_client() {
    let metrics = testing::isolated();
    let server = Server::start([500, 200].map(|status| Answer::new(status, "{}")));
    ask(&server.address).await.expect("an answer");
    assert_metrics!(metrics, {
        agent_llm_attempts_total { model = "m", outcome = "unavailable" } == 1,
        agent_llm_attempts_total { model = "m", outcome = "success" } == 1,
        agent_llm_calls_total { model = "m", status = "success" } == 1,
    });
}
