//! The attributes that measure functions.
//!
//! Each attribute is a preset, which declares its keys in a separate file. All presets share the parsing of functions, the
//! tokens of their bodies, and the expansion. An attribute on an impl block applies to each function of the block.

mod block;
mod body;
mod bound;
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
mod names;
mod reader;
mod repeated;
mod requeue;
mod returned;
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
use syn::spanned::Spanned as _;
use syn::{Expr, Path};

use self::bound::ErrorBound;
pub(crate) use self::bound::is_bounded_by_static;
use self::dimensions::Dimensions;
use self::item::Item;
use self::label::CallLabel;
use self::reader::{StatusSource, UsageSource};
use self::shared::BaseKeys;
pub(crate) use self::signature::plain_type;
use self::signature::{Function, Shape};
use self::slo::Slo;
use self::streaming::{StreamKey, Streaming};
use crate::args::{DurationLiteral, Given, Name};
use crate::diagnostics::Errors;

/// One attribute: its keys, and the plan that they validate to.
pub(crate) trait Preset: Sized {
    /// The attribute's name.
    const NAME: &'static str;

    /// The source of the label of a call.
    const NAMING: Naming;

    /// Parses the keys. An invalid key is reported and ignored.
    fn parse(args: TokenStream, errors: &mut Errors) -> Self;

    /// Returns the keys that every attribute has.
    fn base_keys(&self) -> &BaseKeys;

    /// Returns true if this attribute has already been moved after the other attributes of the function.
    fn is_requeued(&self) -> bool {
        self.base_keys().last.value().is_some()
    }

    /// Returns the path of the runtime crate, if the key `crate` is set.
    fn crate_path(&self) -> Option<&Path> {
        self.base_keys().krate.value()
    }

    /// Validates the keys against the function.
    fn validate(self, function: &Function, errors: &mut Errors) -> Option<Plan>;
}

/// The source of the label of a call.
pub(crate) enum Naming {
    /// A key whose default is the name of the item.
    Item(&'static str),
    /// A required key.
    Given(&'static str),
    /// The struct of labels before the keys.
    Labels,
    /// The call has no label.
    Nothing,
}

/// The validated keys of one function, which the expansion uses.
pub(crate) struct Plan {
    krate: Path,
    metrics: Option<Expr>,
    timeout: Option<Given<DurationLiteral>>,
    slo: Option<Slo>,
    /// The key `stream`: a call lasts until the end of the stream that the function returns.
    stream: Option<StreamKey>,
    /// The stream, from the shape of the function.
    streaming: Option<Streaming>,
    /// True if the documentation of the function lists its metric families.
    docs: bool,
    dimensions: Option<Dimensions>,
    checked_budgets: Option<CheckedBudgets>,
    /// The lifetimes of the error that a call returns, from the shape of the function.
    error_bound: ErrorBound,
    subject: Subject,
}

/// The budgets that are checked before a call starts.
enum CheckedBudgets {
    /// The budgets of the enclosing tasks, with the span of the key.
    Enclosing(Span),
    /// The budget that the task spends from, and the budgets of the enclosing tasks.
    Given(Expr),
}

impl CheckedBudgets {
    /// Returns the span of the key or of its value.
    fn span(&self) -> Span {
        match self {
            Self::Enclosing(span) => *span,
            Self::Given(budget) => budget.span(),
        }
    }
}

impl Plan {
    /// Reports a stream whose end is not measured, unless the key `status` shows that this is intended.
    fn check_unmeasured_stream(&self, shape: &Shape, errors: &mut Errors) {
        let reads_result = match &self.subject {
            Subject::Step => false,
            Subject::Task { status, .. }
            | Subject::Tool { status, .. }
            | Subject::Llm { status, .. }
            | Subject::Family { status, .. } => matches!(status, StatusSource::ResultType),
        };
        // A mistake in the key `stream` is reported already.
        if reads_result && errors.is_empty() && Streaming::declared(shape).is_some() {
            errors.push(
                shape.result().span(),
                "a call would end when this stream is made; add the key `stream` to measure it to the end of the stream, \
                 or `status = |_| agent_metrics::Status::Success` to measure only how it is made",
            );
        }
    }

    /// Returns true if the function stays as it was: with the feature `disabled`, for a plan that only measures.
    fn leaves_unmeasured(&self) -> bool {
        cfg!(feature = "disabled") && self.timeout.is_none()
    }

    /// Returns the budgets that are checked before the call starts. With the feature `disabled`, nothing is ever spent.
    fn checked_budgets(&self) -> Option<&CheckedBudgets> {
        self.checked_budgets.as_ref().filter(|_| !cfg!(feature = "disabled"))
    }

    /// Returns true if calls have a timeout but are not measured: with the feature `disabled`, for a plan with a timeout.
    fn has_only_timeout(&self) -> bool {
        cfg!(feature = "disabled") && self.timeout.is_some()
    }
}

/// The kind of call that the function is measured as.
enum Subject {
    Task { label: CallLabel, status: StatusSource },
    Tool { label: CallLabel, status: StatusSource, cost: Option<Expr> },
    Llm { label: CallLabel, status: StatusSource, usage: UsageSource, model: Box<Model> },
    Step,
    Family { labels: Path, values: Vec<(Ident, Expr)>, status: StatusSource },
}

/// The facts of a model that the attribute states, besides the model's name.
struct Model {
    provider: Option<Given<Name>>,
    operation: Option<Given<Name>>,
}

/// Expands an attribute: parses its keys and its item, validates both, and returns the generated code.
pub(crate) fn attribute<P: Preset>(args: &TokenStream, item: &TokenStream) -> TokenStream {
    match Item::from_tokens(item) {
        Item::Function => function::<P>(args, item),
        Item::Impl => block::attribute::<P>(args, item),
        Item::Trait(span) => {
            let name = P::NAME;
            let found = format!(
                "found a trait; write `#[{name}]` on an impl of the trait, or on a method that has a body"
            );
            refuse::<P>(args, item, span, found)
        }
        Item::Other { span, found } => refuse::<P>(args, item, span, format_args!("found {found}")),
    }
}

/// Reports an item that cannot be measured, and the mistakes of the keys. The item stays as it was.
fn refuse<P: Preset>(args: &TokenStream, item: &TokenStream, span: Span, found: impl Display) -> TokenStream {
    let mut errors = Errors::default();
    P::parse(args.clone(), &mut errors);
    errors.push(span, format_args!("expected a function or an impl block, {found}"));
    let errors = errors.into_tokens();
    quote!(#item #errors)
}

/// Expands an attribute on a function.
fn function<P: Preset>(args: &TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let preset = P::parse(args.clone(), &mut errors);
    let function = errors.take(Function::parse(item.clone()));
    let krate = crate::args::crate_path(preset.crate_path().cloned());
    if let Some(function) = function.as_ref().filter(|_| !preset.is_requeued()) {
        repeated::check::<P>(args, function, &mut errors);
    }
    let requeues = !preset.is_requeued()
        && function.as_ref().is_some_and(|function| requeue::must_requeue(&function.attrs));
    let built = function.and_then(|function| {
        let plan = preset.validate(&function, &mut errors);
        if let Some(plan) = &plan {
            names::check(plan, &function, &mut errors);
        }
        // The attributes before this one may change the shape of the function, so it is determined afterwards.
        if requeues {
            return Some((plan?, None, function));
        }
        let shape = function.shape::<P>(&mut errors);
        let (mut plan, shape) = (plan?, shape?);
        // What a boxed future leaves to the function is not taken by its body.
        if !matches!(shape, Shape::Boxed(..)) {
            names::check_closures(&plan, &function, &mut errors);
        }
        if let Some(key) = plan.stream {
            plan.streaming = Some(Streaming::of(key, &shape, &mut errors)?);
        } else {
            plan.check_unmeasured_stream(&shape, &mut errors);
        }
        let is_stream = plan.streaming.is_some();
        plan.error_bound = ErrorBound::of_result(shape.result(), is_stream, &function.sig.generics);
        Some((plan, Some(shape), function))
    });
    match errors.finish(built) {
        Ok((_, None, function)) => requeue::expand(&krate, P::NAME, args, &function),
        Ok((plan, Some(shape), function)) if plan.leaves_unmeasured() => {
            expand::expand_unmeasured(&plan, &shape, function)
        }
        Ok((plan, Some(shape), function)) => expand::expand(&plan, &shape, args, function),
        // The item stays as it was, so that one mistake causes one error.
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
    fn other_attributes_are_applied_first() {
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
    fn only_labels_known_without_a_call_are_constants() {
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
