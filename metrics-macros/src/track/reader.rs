//! What is read from a result: how the call ended and which tokens it used.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, ExprPath};

use super::Subject;
use crate::args::{Entry, ungrouped};
use crate::container::at;
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

impl Value for Usage {
    fn read(entry: &Entry) -> syn::Result<Self> {
        match ungrouped(entry.expr()?) {
            Expr::Path(ExprPath { qself: None, path, .. }) if path.is_ident("in_body") => Ok(Self::InBody),
            Expr::Lit(literal) => Err(syn::Error::new(
                literal.span(),
                "expected a closure, such as `|response| ..`, or `in_body`",
            )),
            other => Ok(Self::By(other.clone())),
        }
    }
}

/// The traits that the readers of `subject` call by.
pub(super) fn imports(subject: &Subject) -> TokenStream {
    let (kind, usage) = match subject {
        Subject::Step => return TokenStream::new(),
        Subject::Task { kind, .. } | Subject::Tool { kind, .. } | Subject::Family { kind, .. } => {
            (kind, None)
        }
        Subject::Llm { kind, usage, .. } => (kind, Some(usage)),
    };
    let kind = match kind {
        Kind::ByType => quote! {
            ViaClassify as _, ViaChain as _, ViaDynError as _, ViaResult as _, ViaAny as _,
            ViaClassifiedOk as _, ViaFuture as _, ViaClassified as _, ViaSuccess as _,
        },
        Kind::By(_) => TokenStream::new(),
    };
    let usage = match usage {
        Some(Usage::ByType) => quote!(ViaResultUsage as _, ViaUsage as _,),
        Some(Usage::By(_)) => quote!(ViaResultUsageBy as _, ViaUsageBy as _,),
        Some(Usage::InBody) | None => TokenStream::new(),
    };
    quote!(#kind #usage)
}

/// The expression, located at `span`, that makes the reader of a result from its `__rt::Tag`, named `__t`.
pub(super) fn reader(subject: &Subject, span: Span) -> TokenStream {
    match subject {
        Subject::Step => quote_spanned!(span=> __rt::Unread),
        Subject::Task { kind, .. } | Subject::Tool { kind, .. } | Subject::Family { kind, .. } => {
            kind_of(kind, span)
        }
        Subject::Llm { kind, usage, .. } => {
            let (kind, usage) = (kind_of(kind, span), usage_of(usage, span));
            quote_spanned!(span=> __rt::Llm { kind: #kind, usage: #usage })
        }
    }
}

fn kind_of(kind: &Kind, span: Span) -> TokenStream {
    match kind {
        Kind::ByType => {
            quote_spanned!(span=> __rt::ByType { failure: (&&&&&__t).__failure(), success: (&&&&__t).__success() })
        }
        Kind::By(closure) => quote_spanned!(at(closure.span())=> __t.__status(#closure)),
    }
}

fn usage_of(usage: &Usage, span: Span) -> TokenStream {
    match usage {
        Usage::ByType => quote_spanned!(span=> (&&__t).__usage()),
        Usage::By(closure) => quote_spanned!(at(closure.span())=> (&&__t).__usage_by(#closure)),
        Usage::InBody => quote_spanned!(span=> __rt::InBody),
    }
}
