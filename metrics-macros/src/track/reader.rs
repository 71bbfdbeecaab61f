//! The reader of a result: the status, the usage and the cost of a call.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, ExprPath, Token};

use super::bound::ErrorBound;
use super::{Plan, Subject};
use crate::args::{Entry, ungrouped};
use crate::container::at;
use crate::diagnostics::{resembles, unknown};
use crate::slot::Value;

/// The source of the status of a call.
pub(crate) enum StatusSource {
    /// The traits of the result's type.
    ResultType,
    /// The closure of the key `status`.
    Closure(Expr),
}

/// The source of the usage of an LLM call.
pub(crate) enum UsageSource {
    /// The `TokenUsage` implementation of the response.
    ResponseType,
    /// The closure of the key `usage`.
    Closure(Expr),
    /// The body, which reports the usage itself.
    InBody,
}

const IN_BODY: &str = "in_body";

impl Value for UsageSource {
    fn read(entry: &Entry) -> syn::Result<Self> {
        match ungrouped(entry.expr()?) {
            Expr::Path(ExprPath { qself: None, path, .. }) if path.is_ident(IN_BODY) => Ok(Self::InBody),
            Expr::Path(ExprPath { qself: None, path, .. })
                if path.get_ident().is_some_and(|word| resembles(&word.to_string(), IN_BODY)) =>
            {
                let found = path.to_token_stream().to_string();
                Err(syn::Error::new(path.span(), unknown("word", &found, [IN_BODY])))
            }
            Expr::Lit(literal) => Err(syn::Error::new(
                literal.span(),
                "expected a closure, such as `|response| ..`, or `in_body`",
            )),
            other => Ok(Self::Closure(other.clone())),
        }
    }
}

/// Returns the imports of the traits that the reader of `subject` uses.
pub(super) fn imports(Plan { subject, error_bound, .. }: &Plan) -> TokenStream {
    let source = match subject {
        Subject::Step => return TokenStream::new(),
        Subject::Task { status, .. }
        | Subject::Tool { status, .. }
        | Subject::Llm { status, .. }
        | Subject::Family { status, .. } => status,
    };
    let by_type = matches!(source, StatusSource::ResultType).then(|| error_bound.import());
    let more = match subject {
        Subject::Llm { usage: UsageSource::ResponseType, .. } => quote!(
            use __rt::by_usage::*;
        ),
        Subject::Llm { usage: UsageSource::Closure(_), .. } => quote!(
            use __rt::by_usage_closure::*;
        ),
        Subject::Tool { cost: Some(_), .. } => quote!(
            use __rt::by_cost::*;
        ),
        _ => TokenStream::new(),
    };
    quote!(#by_type #more)
}

/// Returns the expression, located at `span`, that creates the reader of a result from its `__rt::OutputTag`, named `__tag`.
pub(super) fn reader(Plan { subject, error_bound, .. }: &Plan, span: Span) -> TokenStream {
    let status_reader = |status, span| status_reader(status, *error_bound, span);
    match subject {
        Subject::Step => quote_spanned!(span=> __rt::IgnoreOutput),
        Subject::Tool { status, cost: Some(closure), .. } => {
            let status = status_reader(status, span);
            let cost = converted(closure, &quote_spanned!(at(closure.span())=> __cost));
            quote_spanned!(span=> __rt::StatusAndCost { status: #status, cost: #cost })
        }
        Subject::Llm { status, usage: UsageSource::ResponseType, .. } => {
            let status = status_reader(status, span);
            quote_spanned!(span=> __rt::StatusAndUsage { status: #status, usage: (&&__tag).__usage() })
        }
        Subject::Llm { status, usage: UsageSource::Closure(closure), .. } => {
            let status = status_reader(status, span);
            let usage = converted(closure, &quote_spanned!(at(closure.span())=> __usage));
            quote_spanned!(span=> __rt::StatusAndUsage { status: #status, usage: #usage })
        }
        Subject::Task { status, .. }
        | Subject::Tool { status, .. }
        | Subject::Llm { status, .. }
        | Subject::Family { status, .. } => status_reader(status, span),
    }
}

/// Returns the closure of a key as a `move` closure. The function's future outlives the arguments, so a closure can't borrow
/// them.
fn moved(closure: &Expr) -> Expr {
    let mut closure = ungrouped(closure).clone();
    if let Expr::Closure(closure) = &mut closure {
        let span = closure.inputs_begin.span;
        closure.capture.get_or_insert_with(|| Token![move](span));
    }
    closure
}

/// Returns true if the key of a closure is an expression that is evaluated before the body takes the arguments, such as a
/// block that copies a part of them.
pub(super) fn has_evaluated_key(subject: &Subject) -> bool {
    key_closures(subject).any(|key| !matches!(ungrouped(key), Expr::Closure(_) | Expr::Path(_)))
}

/// Returns the values of the keys that read the result, which are closures or give closures.
pub(super) fn key_closures(subject: &Subject) -> impl Iterator<Item = &Expr> {
    let (status, other) = match subject {
        Subject::Step => (None, None),
        Subject::Tool { status, cost, .. } => (Some(status), cost.as_ref()),
        Subject::Llm { status, usage: UsageSource::Closure(usage), .. } => (Some(status), Some(usage)),
        Subject::Task { status, .. } | Subject::Llm { status, .. } | Subject::Family { status, .. } => {
            (Some(status), None)
        }
    };
    let status = match status {
        Some(StatusSource::Closure(status)) => Some(status),
        Some(StatusSource::ResultType) | None => None,
    };
    status.into_iter().chain(other)
}

/// Returns the expression that creates the reader of a closure's output, with its conversion by `method`.
fn converted(closure: &Expr, method: &TokenStream) -> TokenStream {
    let closure = moved(closure);
    quote_spanned! {at(closure.span())=> {
        let __read = (&&__tag).__value().read(#closure);
        let __convert = (&&__read.output()).#method();
        (__read, __convert)
    }}
}

/// Returns the expression that creates the reader of a status.
pub(super) fn status_reader(source: &StatusSource, bound: ErrorBound, span: Span) -> TokenStream {
    match source {
        StatusSource::ResultType => {
            // One trait more is tried for an error that may borrow.
            let more = matches!(bound, ErrorBound::Borrowed).then(|| quote_spanned!(span=> &));
            quote_spanned!(span=> __rt::StatusByType { failure: (#more &&&&&__tag).__failure(), success: (&&&&&__tag).__success() })
        }
        StatusSource::Closure(closure) => {
            let closure = moved(closure);
            quote_spanned!(at(closure.span())=> __tag.__status(#closure))
        }
    }
}
