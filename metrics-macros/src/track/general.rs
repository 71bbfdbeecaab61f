//! `#[track(Labels, label = ..)]`: a call in a user-defined family.

use proc_macro2::{Ident, Span, TokenStream};
use syn::parse::{ParseStream, Parser as _};
use syn::spanned::Spanned as _;
use syn::{Expr, Path, Token};

use super::shared::{BaseKeys, SKIP, SharedKeys};
use super::signature::Function;
use super::{Naming, Plan, Preset, Subject};
use crate::args::{Entry, rest_of_entries};
use crate::diagnostics::Errors;

/// The parsed arguments: the struct of labels, its fields, and the keys.
pub(crate) struct General {
    labels: Option<Path>,
    values: Vec<(Ident, Expr)>,
    shared: SharedKeys,
}

impl Preset for General {
    const NAME: &'static str = "track";
    const NAMING: Naming = Naming::Labels;

    fn parse(args: TokenStream, errors: &mut Errors) -> Self {
        let (labels, entries) = read(args, errors);
        let mut shared = SharedKeys::new();
        let rest = shared.take(&entries, errors);
        let values = rest.into_iter().filter_map(|entry| {
            let value = errors.take(entry.expr().cloned())?;
            Some((entry.key.clone(), value))
        });
        Self { labels, values: values.collect(), shared }
    }

    fn base_keys(&self) -> &BaseKeys {
        &self.shared.base
    }

    fn validate(self, function: &Function, errors: &mut Errors) -> Option<Plan> {
        let Self { labels, values, shared } = self;
        let labels = labels?;
        Some(shared.validate(function, errors, |status| Subject::Family { labels, values, status }))
    }
}

/// Parses the struct of labels and the entries after it.
pub(super) fn read(args: TokenStream, errors: &mut Errors) -> (Option<Path>, Vec<Entry>) {
    let read = |input: ParseStream| {
        let labels = errors.take(labels(input));
        Ok((labels, rest_of_entries(input, errors)))
    };
    read.parse2(args).unwrap_or_default()
}

/// Parses the path before the first comma.
fn labels(input: ParseStream) -> syn::Result<Path> {
    const SHAPE: &str = "expected the struct of labels first, write `#[track(Labels, label = ..)]`";
    if input.is_empty() {
        return Err(syn::Error::new(Span::call_site(), SHAPE));
    }
    let fork = input.fork();
    if fork.parse::<Path>().is_err() || fork.peek(Token![=]) {
        // The arguments are read as keys, so that their mistakes are reported too.
        return Err(syn::Error::new(input.span(), SHAPE));
    }
    let path: Path = input.parse()?;
    if path.is_ident(SKIP) {
        return Err(syn::Error::new(
            path.span(),
            "`skip` is allowed only on a function of a tracked impl block",
        ));
    }
    if !input.is_empty() && input.parse::<Token![,]>().is_err() {
        let found = input.span();
        input.parse::<TokenStream>()?;
        return Err(syn::Error::new(found, "expected `,` after the struct of labels"));
    }
    Ok(path)
}
