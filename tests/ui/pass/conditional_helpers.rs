//! Helper attributes of impl blocks may be inside `cfg_attr`; in the impl of a trait, only the call is counted.
#![allow(clippy::unused_self)] // The methods have no other purpose.

use std::future::Future;

use super::calls::{llm, ready, tool};
use agent_metrics::{track_llm, track_tool};

struct Tools;

#[track_tool]
impl Tools {
    #[cfg_attr(all(), track(skip))]
    const fn under_a_true_condition(&self) {}

    #[cfg_attr(any(), track(skip))]
    async fn under_a_false_condition(&self) {}

    #[cfg_attr(all(), inline, track(tool_name = "named_under_cfg"), must_use)]
    fn named(&self) -> u8 {
        1
    }
}

trait Tool {
    const NAME: &'static str;
    type Error;
    fn definition(&self, prompt: String) -> impl Future<Output = String> + Send;
    fn call(&self, args: u8) -> impl Future<Output = Result<u8, Self::Error>> + Send;
}

struct Search;

#[track_tool]
impl Tool for Search {
    const NAME: &'static str = "name_of_the_constant";
    type Error = std::io::Error;

    async fn definition(&self, prompt: String) -> String {
        prompt
    }

    async fn call(&self, args: u8) -> Result<u8, Self::Error> {
        Ok(args)
    }
}

struct Fetch;

#[track_tool]
impl Tool for Fetch {
    const NAME: &'static str = concat!("name_of_", "the_expression");
    type Error = std::io::Error;

    async fn definition(&self, prompt: String) -> String {
        prompt
    }

    async fn call(&self, args: u8) -> Result<u8, Self::Error> {
        Ok(args)
    }
}

#[allow(async_fn_in_trait)]
trait Provider {
    async fn chat(&self, prompt: &str) -> Result<String, String>;
    fn name(&self) -> &str;
}

struct Model {
    name: String,
}

#[track_llm(model = self.name)]
impl Provider for Model {
    #[track(usage = in_body)]
    async fn chat(&self, prompt: &str) -> Result<String, String> {
        Ok(prompt.to_owned())
    }

    // Not a response with a usage.
    fn name(&self) -> &str {
        &self.name
    }
}

#[test]
fn conditional_helper_attributes_have_their_effect() {
    Tools.under_a_true_condition();
    tool("under_a_false_condition").awaited("success", Tools.under_a_false_condition());
    assert_eq!(tool("named_under_cfg").called("success", || Tools.named()), 1);
}

#[test]
fn only_the_call_of_a_trait_is_counted() {
    assert_eq!(ready(Search.definition("a".to_owned())), "a");
    assert_eq!(tool("name_of_the_constant").awaited("success", Search.call(1)).expect("no error"), 1);
    assert_eq!(ready(Fetch.definition("a".to_owned())), "a");
    assert_eq!(tool("name_of_the_expression").awaited("success", Fetch.call(1)).expect("no error"), 1);
    let model = Model { name: "only_chat".to_owned() };
    llm("only_chat").awaited("success", model.chat(model.name())).expect("an answer");
}
