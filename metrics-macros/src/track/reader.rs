//! What is read from a result: how the call ended and which tokens it used.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, ExprPath};

use super::Subject;
use crate::args::{Entry, ungrouped};
use crate::container::at;
use crate::diagnostics::{resembles, unknown};
use crate::slot::Value;

/// How the status is read.
pub(crate) enum Kind {
    ByType,
    By(Expr),
}

/// How the usage of a model is read.
pub(crate) enum Usage {
    ByType,
    By(Expr),
    InBody,
}

const IN_BODY: &str = "in_body";

impl Value for Usage {
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
            other => Ok(Self::By(other.clone())),
        }
    }
}

/// Imports the traits that the readers of `subject` call by.
pub(super) fn imports(subject: &Subject) -> TokenStream {
    let kind = match subject {
        Subject::Step => return TokenStream::new(),
        Subject::Task { kind, .. }
        | Subject::Tool { kind, .. }
        | Subject::Llm { kind, .. }
        | Subject::Family { kind, .. } => kind,
    };
    let kind = matches!(kind, Kind::ByType).then(|| {
        quote!(
            use __rt::by_type::*;
        )
    });
    let more = match subject {
        Subject::Llm { usage: Usage::ByType | Usage::By(_), .. } => quote!(
            use __rt::by_usage::*;
        ),
        Subject::Tool { cost: Some(_), .. } => quote!(
            use __rt::by_cost::*;
        ),
        _ => TokenStream::new(),
    };
    quote!(#kind #more)
}

/// The expression, located at `span`, that makes the reader of a result from its `__rt::OutputTag`, named `__t`.
pub(super) fn reader(subject: &Subject, span: Span) -> TokenStream {
    match subject {
        Subject::Step => quote_spanned!(span=> __rt::IgnoreOutput),
        Subject::Tool { kind, cost: Some(closure), .. } => {
            let status = status(kind, span);
            let cost = quote_spanned!(at(closure.span())=> (&&__t).__cost(#closure));
            quote_spanned!(span=> __rt::StatusAndCost { status: #status, cost: #cost })
        }
        Subject::Llm { kind, usage: Usage::ByType, .. } => {
            let status = status(kind, span);
            quote_spanned!(span=> __rt::StatusAndUsage { status: #status, usage: (&&__t).__usage() })
        }
        Subject::Llm { kind, usage: Usage::By(closure), .. } => {
            let status = status(kind, span);
            let usage = quote_spanned!(at(closure.span())=> (&&__t).__usage_by(#closure));
            quote_spanned!(span=> __rt::StatusAndUsage { status: #status, usage: #usage })
        }
        Subject::Task { kind, .. }
        | Subject::Tool { kind, .. }
        | Subject::Llm { kind, .. }
        | Subject::Family { kind, .. } => status(kind, span),
    }
}

/// The expression that makes the reader of a status.
pub(super) fn status(kind: &Kind, span: Span) -> TokenStream {
    match kind {
        Kind::ByType => {
            quote_spanned!(span=> __rt::StatusByType { failure: (&&&&&__t).__failure(), success: (&&&&&__t).__success() })
        }
        Kind::By(closure) => quote_spanned!(at(closure.span())=> __t.__status(#closure)),
    }
}
