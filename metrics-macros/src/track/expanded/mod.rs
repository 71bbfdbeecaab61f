//! Reviewed expansions: the complete output of each attribute, in the files beside this one.
//!
//! `EXPANDED=overwrite cargo test -p agent-metrics-macros expanded` updates the files.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use proc_macro2::TokenStream;
use quote::quote;

use super::Preset;
use super::general::General;
use super::llm::Llm;
use super::step::Step;
use super::task::Task;
use super::tool::Tool;

/// Formats the tokens with rustfmt.
fn pretty(tokens: &TokenStream) -> String {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config", "max_width=100"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("rustfmt is part of the toolchain");
    let mut input = rustfmt.stdin.take().expect("a pipe");
    input.write_all(tokens.to_string().as_bytes()).expect("rustfmt reads");
    drop(input);
    let output = rustfmt.wait_with_output().expect("rustfmt ends");
    assert!(output.status.success(), "{tokens}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[allow(clippy::needless_pass_by_value)]
fn check<P: Preset>(name: &str, args: TokenStream, item: TokenStream) -> String {
    let expanded = pretty(&super::attribute::<P>(&args, &item));
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("src/track/expanded/{name}.rs.txt"));
    if std::env::var("EXPANDED").is_ok_and(|value| value == "overwrite") {
        std::fs::write(&file, &expanded).expect("a file is written");
    }
    let known = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(expanded, known, "the expansion of {name} differs from {}", file.display());
    expanded
}

#[test]
fn a_plain_async_tool_fits_on_a_screen() {
    let expanded = check::<Tool>(
        "tool",
        quote!(),
        quote! {
            async fn web_search(query: &str) -> Result<Vec<Hit>, ToolError> {
                client.get(query).await
            }
        },
    );
    assert!(expanded.lines().count() <= 60, "{expanded}");
}

#[test]
fn a_sync_task_with_an_enum_label_expands_as_reviewed() {
    check::<Task>(
        "task",
        quote!(task_type = TaskType::Search, slo(availability = 99.9, latency = "5s")),
        quote! {
            pub fn answer(&self, (a, b): (u8, u8)) -> u8 {
                a + b
            }
        },
    );
}

#[test]
fn an_llm_call_with_a_label_from_self_expands_as_reviewed() {
    check::<Llm>(
        "llm",
        quote!(model = self.model, provider = "gcp.gemini", timeout = "30s"),
        quote! {
            async fn generate(&self, prompt: &str) -> Result<Response, ModelError> {
                self.client.ask(prompt).await
            }
        },
    );
}

#[test]
fn a_step_that_boxes_its_future_expands_as_reviewed() {
    check::<Step>(
        "step",
        quote!(),
        quote! {
            fn reason(&mut self) -> Pin<Box<dyn Future<Output = ()> + '_>> {
                self.count += 1;
                Box::pin(async move { self.think().await })
            }
        },
    );
}

#[test]
fn a_user_defined_family_expands_as_reviewed() {
    check::<General>(
        "general",
        quote!(Retrieval, index = Index::Docs, tenant = tenant),
        quote! {
            fn retrieve(tenant: &str) -> impl Future<Output = Result<Vec<Doc>, Error>> {
                let query = query(tenant);
                async move { query.run().await }
            }
        },
    );
}

#[test]
fn an_impl_block_expands_as_reviewed() {
    check::<Tool>(
        "block",
        quote!(metrics = self.metrics),
        quote! {
            impl Tool for WebSearch {
                const NAME: &'static str = "web";

                #[track(skip)]
                fn definition(&self) -> Definition {
                    Definition::of(self)
                }

                async fn call(&self, args: Args) -> Result<Hits, ToolError> {
                    self.search(args).await
                }
            }
        },
    );
}
