//! The attributes that measure functions. Each preset has its own keys in its own file; what a function is, how its
//! body is carried and what is written around it serves all of them. On an impl block, an attribute is for each function.

mod block;
mod body;
mod budget;
mod capture;
mod dimensions;
mod docs;
mod expand;
#[cfg(all(test, not(feature = "disabled")))]
mod expanded;
pub(crate) mod general;
mod item;
mod label;
pub(crate) mod llm;
mod reader;
mod requeue;
mod shared;
mod signature;
mod slo;
pub(crate) mod step;
mod streaming;
pub(crate) mod task;
pub(crate) mod tool;

use std::fmt::Display;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Expr, Path};

use self::dimensions::Dimensions;
use self::item::Item;
use self::label::Label;
use self::reader::{Kind, Usage};
use self::shared::Place;
use self::signature::Function;
use self::slo::Slo;
use crate::args::{Length, Text};
use crate::diagnostics::Errors;

/// One attribute: the keys that it reads and what they come to.
pub(crate) trait Preset: Sized {
    /// The attribute's name.
    const NAME: &'static str;

    /// What gives its calls their label.
    const NAMING: Naming;

    /// Reads the keys; a wrong one is reported and left out.
    fn parse(args: TokenStream, errors: &mut Errors) -> Self;

    /// The keys that every attribute has.
    fn place(&self) -> &Place;

    /// Whether this attribute has already been moved behind the others.
    fn is_last(&self) -> bool {
        self.place().last.value().is_some()
    }

    /// The path of the runtime crate, if one was given.
    fn crate_path(&self) -> Option<&Path> {
        self.place().krate.value()
    }

    /// Checks the keys against the function.
    fn validate(self, function: &Function, errors: &mut Errors) -> Option<Plan>;
}

/// What gives a call its label.
pub(crate) enum Naming {
    /// A key, which is the item's name by default.
    Item(&'static str),
    /// A key that has to be there.
    Given(&'static str),
    /// The struct of labels that comes before the keys.
    Labels,
    /// It has none.
    Nothing,
}

/// What is expanded around a function.
pub(crate) struct Plan {
    krate: Path,
    metrics: Option<Expr>,
    timeout: Option<Length>,
    slo: Option<Slo>,
    /// Whether a call lasts until the stream ends that the function gives.
    streams: bool,
    /// Whether the function's documentation says what is measured.
    docs: bool,
    dimensions: Option<Dimensions>,
    purse: Option<Purse>,
    subject: Subject,
}

/// The budgets that are asked before a call begins.
enum Purse {
    /// Those of the tasks around it.
    Around,
    /// One that the task spends from, and those.
    Own(Expr),
}

impl Plan {
    /// Whether nothing is to be expanded: the feature `disabled`, for a plan that does no more than measure.
    fn measures_nothing(&self) -> bool {
        cfg!(feature = "disabled") && self.timeout.is_none()
    }

    /// Whether something is asked before the call begins. With the feature `disabled` nothing is ever spent.
    fn asks_budgets(&self) -> bool {
        self.purse.is_some() && !cfg!(feature = "disabled")
    }

    /// Whether calls are limited and not counted: the same feature, for a plan that does more.
    fn limit_only(&self) -> bool {
        cfg!(feature = "disabled") && self.timeout.is_some()
    }
}

/// What a call of the function counts as.
enum Subject {
    Task { label: Label, kind: Kind },
    Tool { label: Label, kind: Kind, cost: Option<Expr> },
    Llm { label: Label, kind: Kind, usage: Usage, model: Model },
    Step,
    Family { labels: Path, values: Vec<(Ident, Expr)>, kind: Kind },
}

/// What is known of a model besides its name.
struct Model {
    provider: Option<Text>,
    operation: Option<Text>,
}

/// The whole way of an attribute, from what was written to what is compiled.
pub(crate) fn attribute<P: Preset>(args: &TokenStream, item: &TokenStream) -> TokenStream {
    match Item::of(item) {
        Item::Function => function::<P>(args, item),
        Item::Impl => block::attribute::<P>(args, item),
        Item::Trait(span) => {
            let way_out =
                format!("; write `#[{}]` on an impl of it, or on a method that has a body", P::NAME);
            refuse::<P>(args, item, span, format_args!("found a trait{way_out}"))
        }
        Item::Other { span, found } => refuse::<P>(args, item, span, format_args!("found {found}")),
    }
}

fn refuse<P: Preset>(args: &TokenStream, item: &TokenStream, span: Span, found: impl Display) -> TokenStream {
    let mut errors = Errors::default();
    P::parse(args.clone(), &mut errors);
    errors.push(span, format_args!("expected a function or an impl block, {found}"));
    let errors = errors.into_tokens();
    quote!(#item #errors)
}

/// The way of an attribute on a function.
fn function<P: Preset>(args: &TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let preset = P::parse(args.clone(), &mut errors);
    let function = errors.take(Function::parse(item.clone()));
    let krate = crate::args::crate_path(preset.crate_path().cloned());
    let waits =
        !preset.is_last() && function.as_ref().is_some_and(|function| requeue::must_wait(&function.attrs));
    let built = function.and_then(|function| {
        let plan = preset.validate(&function, &mut errors);
        // A function that waits may become another shape by the attributes before it.
        let streams = plan.as_ref().is_some_and(|plan| plan.streams);
        let measured = match () {
            () if waits => Some(None),
            () if streams => function.streamed(&mut errors).map(Some),
            () => function.measured::<P>(&mut errors).map(Some),
        };
        Some((plan?, measured?, function))
    });
    match errors.finish(built) {
        Ok((_, None, function)) => requeue::expand(&krate, P::NAME, args, &function),
        Ok((plan, Some(measured), function)) if plan.measures_nothing() => {
            expand::expand_unmeasured(&plan, &measured, function)
        }
        Ok((plan, Some(measured), function)) => expand::expand(&plan, &measured, args, function),
        // The item stays as it was, so that one mistake gives one error.
        Err(errors) => quote!(#item #errors),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::needless_pass_by_value)]
    fn expanded<P: Preset>(args: TokenStream, item: TokenStream) -> String {
        attribute::<P>(&args, &item).to_string()
    }

    fn count(text: &str, part: &str) -> usize {
        text.matches(part).count()
    }

    #[test]
    fn every_mistake_is_reported_and_the_item_stays() {
        let text = expanded::<tool::Tool>(
            quote!(tool_nam = "x", timeout = "5 days", status),
            quote!(
                fn f() -> u8 {
                    1
                }
            ),
        );
        assert_eq!(count(&text, "compile_error"), 3, "{text}");
        assert!(text.starts_with("fn f () -> u8 { 1 }"), "{text}");
        assert!(text.contains("did you mean `tool_name`?"), "{text}");
    }

    #[test]
    fn a_model_is_required() {
        let text = expanded::<llm::Llm>(
            quote!(),
            quote!(
                async fn f() {}
            ),
        );
        assert!(text.contains("missing key `model`"), "{text}");
    }

    #[test]
    fn functions_that_cannot_be_measured_are_refused() {
        for (item, why) in [
            (
                quote!(
                    const fn f() {}
                ),
                "const fn",
            ),
            (
                quote!(
                    struct S;
                ),
                "found a struct",
            ),
            (
                quote!(
                    async fn f();
                ),
                "without a body",
            ),
            (
                quote!(
                    fn f() -> Pin<Box<dyn Future<Output = u8>>> {
                        make()
                    }
                ),
                "Box::pin",
            ),
        ] {
            let text = expanded::<task::Task>(quote!(), item);
            assert_eq!(count(&text, "compile_error"), 1, "{text}");
            assert!(text.contains(why), "{text}");
        }
    }

    #[test]
    fn a_timeout_needs_a_future() {
        let text = expanded::<task::Task>(
            quote!(timeout = "5s"),
            quote!(
                fn f() {}
            ),
        );
        assert!(text.contains("needs an async function"), "{text}");
    }

    #[test]
    fn another_attribute_goes_first() {
        let text = expanded::<task::Task>(
            quote!(task_type = "a"),
            quote!(
                #[tokio::test]
                #[inline]
                async fn f() {}
            ),
        );
        assert!(text.contains("track_task (task_type = \"a\" , __last)"), "{text}");
        let text = expanded::<task::Task>(
            quote!(__last),
            quote!(
                #[tokio::test]
                async fn f() {}
            ),
        );
        assert!(text.contains("track_future"), "{text}");
    }

    #[test]
    fn only_constant_text_is_a_constant() {
        for (args, constant) in [
            (quote!(task_type = "a"), true),
            (quote!(), true),
            (quote!(task_type = Kind::Search), true),
            (quote!(task_type = Self::Search), false),
            (quote!(task_type = T::Search), false),
            (quote!(task_type = Kind::SEARCH), false),
            (quote!(task_type = kind), false),
            (quote!(task_type = "a", metrics = m), true),
        ] {
            let text = expanded::<task::Task>(
                args.clone(),
                quote!(
                    fn f<T>() {}
                ),
            );
            assert_eq!(text.contains("with_constant"), constant, "{args}");
        }
    }
}
