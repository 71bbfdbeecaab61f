//! `provider`, `operation` and `timeout` are literals or expressions.

use std::time::Duration;

use super::calls::{llm, ready, tool};
use agent_metrics::{TimedOut, Usage, track_llm, track_tool};

trait Vendor {
    const NAME: &'static str;
}

struct Acme;

impl Vendor for Acme {
    const NAME: &'static str = "acme";
}

struct Client {
    provider: String,
    timeout: Duration,
}

impl Client {
    #[track_llm(
        model = "configured_llm",
        provider = self.provider,
        operation = operation,
        timeout = self.timeout * 2,
        usage = |_| Usage::new(1, 1)
    )]
    async fn ask(&mut self, operation: &str) -> Result<usize, TimedOut> {
        self.provider.push('x');
        Ok(operation.len())
    }
}

#[track_llm(model = "generic_provider", provider = V::NAME, operation = "embeddings", usage = in_body)]
fn generic<V: Vendor>(_vendor: &V) -> u8 {
    1
}

#[track_tool(timeout = Duration::from_secs(u64::from(seconds)))]
fn limited(seconds: u8) -> impl std::future::Future<Output = Result<u8, TimedOut>> {
    async move { Ok(seconds) }
}

#[test]
fn expressions_configure_a_call() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _entered = runtime.enter();
    let mut client = Client { provider: "acme".to_owned(), timeout: Duration::from_secs(5) };
    assert_eq!(llm("configured_llm").awaited("success", client.ask("chat")).expect("in time"), 4);
    assert_eq!(llm("generic_provider").called("success", || generic(&Acme)), 1);
    assert_eq!(tool("limited").awaited("success", limited(5)).expect("in time"), 5);
    assert!(ready(std::future::ready(true)));
}
