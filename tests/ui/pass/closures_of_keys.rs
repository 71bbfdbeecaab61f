//! Closures of keys may use arguments, and a block around a closure may copy a part of them.

use super::calls::{ready, task, tool};
use agent_metrics::{Status, track_llm, track_task, track_tool};
use futures_util::stream::{self, Stream, StreamExt as _};

#[track_tool(cost = |text: &String| text.len() as f64 * price)]
async fn cost_by_argument(price: f64, text: String) -> String {
    std::future::ready(()).await;
    text
}

#[track_tool(cost = |text: &String| text.len() as f64 * price)]
fn cost_by_argument_sync(price: f64, text: String) -> String {
    text
}

#[track_task(status = |n: &usize| if strict && *n == 0 { Status::Failure } else { Status::Success })]
async fn status_by_argument(strict: bool, text: String) -> usize {
    text.len()
}

#[track_task(status = |item| if strict && *item == 0 { Status::Failure } else { Status::Success }, stream)]
async fn stream_status_by_argument(strict: bool) -> Result<impl Stream<Item = u8>, String> {
    Ok(stream::iter([0, 1]))
}

struct Tool {
    price: f64,
    label: String,
}

impl Tool {
    #[track_tool(cost = { let price = self.price; move |_| price }, tool_name = "cost_of_a_block")]
    async fn call(&mut self) -> u8 {
        self.price = 2.0;
        1
    }

    #[track_tool(cost = { let price = self.price; move |_| price }, tool_name = "cost_of_a_block_sync")]
    fn call_sync(&mut self) -> Result<u8, String> {
        self.price = 3.0;
        Ok(1)
    }

    #[track_tool(
        status = { let label = self.label.clone(); move |n: &u8| if label.len() > usize::from(*n) { Status::Error } else { Status::Success } },
        tool_name = "owned_by_a_block"
    )]
    async fn consume(self) -> u8 {
        self.label.len() as u8
    }

    #[track_llm(
        model = "usage_of_a_block",
        usage = { let words = text.len() as u64; move |_| agent_metrics::Usage::new(words, 1) },
        stream
    )]
    fn words(&mut self, text: String) -> stream::BoxStream<'static, u8> {
        self.label = text;
        stream::iter([1]).boxed()
    }
}

#[test]
fn closures_of_keys_use_arguments() {
    let text = || String::from("ab");
    assert_eq!(tool("cost_by_argument").awaited("success", cost_by_argument(0.5, text())), "ab");
    let call = || cost_by_argument_sync(0.5, text());
    assert_eq!(tool("cost_by_argument_sync").called("success", call), "ab");
    assert_eq!(task("status_by_argument").awaited("failure", status_by_argument(true, String::new())), 0);
    let items = ready(stream_status_by_argument(true)).expect("a stream");
    assert_eq!(task("stream_status_by_argument").awaited("failure", items.count()), 2);
}

#[test]
fn a_block_around_a_closure_copies_what_the_closure_uses() {
    let mut used = Tool { price: 1.0, label: "label".to_owned() };
    assert_eq!(tool("cost_of_a_block").awaited("success", used.call()), 1);
    assert_eq!(tool("cost_of_a_block_sync").called("success", || used.call_sync()), Ok(1));
    assert_eq!(ready(used.words("ab".to_owned()).count()), 1);
    let text = agent_metrics::global().to_text();
    let tokens = "agent_llm_tokens_total{model=\"usage_of_a_block\",direction=\"input\"} 2";
    assert!(text.contains(tokens), "the words of the text");
    assert!((used.price - 3.0).abs() < 1e-9);
    assert_eq!(tool("owned_by_a_block").awaited("success", used.consume()), 2);
}
