//! `promql!`: a query that is checked at compile time.
//!
//! The macro checks the grammar with a complete PromQL parser. The generated constant checks the names through the runtime,
//! because the user-defined families are known only there.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::parse::{ParseStream, Parser as _};
use syn::spanned::Spanned as _;
use syn::{Expr, ExprLit, Lit, LitStr, Path, Token};

use crate::args::{Entry, crate_path, crate_slot, rest_of_entries, ungrouped};
use crate::container::at;
use crate::diagnostics::Errors;
use crate::slot::{Slot, Value, fill};

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let raw = RawQuery::parse(input, &mut errors);
    let krate = crate_path(raw.krate.value().cloned());
    let query = raw.validate(&mut errors);
    match errors.finish(query) {
        Ok(query) => query.tokens(&krate),
        // An empty string replaces the query, so that its use does not cause further errors.
        Err(errors) => quote!({ #errors "" }),
    }
}

/// The parsed input.
struct RawQuery {
    text: Option<LitStr>,
    families: Vec<Path>,
    labels: Slot<LabelNames>,
    others: Slot<LabelNames>,
    krate: Slot<Path>,
}

/// A valid query.
struct Query {
    text: LitStr,
    families: Vec<Path>,
    labels: Vec<LitStr>,
    others: Vec<LitStr>,
}

/// A list of names of labels or metrics, such as `["tier", "namespace"]`.
struct LabelNames(Vec<LitStr>);

impl Value for LabelNames {
    fn read(entry: &Entry) -> syn::Result<Self> {
        let expected = |at| syn::Error::new(at, "expected a list of names, such as `[\"namespace\"]`");
        let Expr::Array(list) = ungrouped(entry.expr()?) else {
            return Err(expected(entry.expr()?.span()));
        };
        let name = |name: &Expr| match ungrouped(name) {
            Expr::Lit(ExprLit { lit: Lit::Str(name), .. }) => Ok(name.clone()),
            other => Err(expected(other.span())),
        };
        list.elems.iter().map(name).collect::<syn::Result<_>>().map(Self)
    }
}

impl RawQuery {
    fn parse(input: TokenStream, errors: &mut Errors) -> Self {
        let mut raw = Self {
            text: None,
            families: Vec::new(),
            labels: Slot::new("labels"),
            others: Slot::new("other_metrics"),
            krate: crate_slot(),
        };
        let read = |input: ParseStream| {
            raw.text = Some(text(input)?);
            while !input.is_empty() && is_family(input) {
                raw.families.push(input.parse()?);
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            let entries = rest_of_entries(input, errors);
            fill(&entries, &mut [&mut raw.labels, &mut raw.others, &mut raw.krate], errors);
            Ok(())
        };
        let done = read.parse2(input);
        errors.take(done);
        raw
    }

    fn validate(self, errors: &mut Errors) -> Option<Query> {
        let text = self.text?;
        if let Err(message) = promql_parser::parser::parse(&without_variables(&text.value())) {
            errors.push(text.span(), format_args!("invalid query: {}", message.trim()));
        }
        let names =
            |slot: Slot<LabelNames>| slot.into_value().map(|LabelNames(names)| names).unwrap_or_default();
        Some(Query { text, families: self.families, labels: names(self.labels), others: names(self.others) })
    }
}

/// Parses the query and the comma after it.
fn text(input: ParseStream) -> syn::Result<LitStr> {
    let text: LitStr = input
        .parse()
        .map_err(|error| syn::Error::new(error.span(), "expected a query as a string literal"))?;
    if !input.is_empty() {
        input.parse::<Token![,]>()?;
    }
    Ok(text)
}

/// Returns true if a path without a value follows: a struct of families, as keys have a value.
fn is_family(input: ParseStream) -> bool {
    let ahead = input.fork();
    ahead.parse::<Path>().is_ok() && (ahead.is_empty() || ahead.peek(Token![,]))
}

/// Replaces Grafana's duration variables by a duration, as PromQL has no `$`. Variables inside strings need no replacement.
fn without_variables(query: &str) -> String {
    ["rate_interval", "interval", "range"].iter().fold(query.to_owned(), |query, name| {
        query.replace(&format!("$__{name}"), "5m").replace(&format!("${{__{name}}}"), "5m")
    })
}

impl Query {
    fn tokens(&self, krate: &Path) -> TokenStream {
        let Self { text, families, labels, others } = self;
        let families = families
            .iter()
            .map(|family| quote_spanned!(at(family.span())=> <#family as __rt::DescribesFamilies>::FAMILIES));
        let check = quote_spanned! {at(text.span())=>
            __rt::check_query(#text, &[__rt::BUILTIN, #(#families),*], &[#(#labels),*], &[#(#others),*])
        };
        quote!({
            const _: () = {
                #[allow(unused_imports)]
                use #krate::__private as __rt;
                #check
            };
            #text
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(input: TokenStream) -> Vec<String> {
        let mut errors = Errors::default();
        RawQuery::parse(input, &mut errors).validate(&mut errors);
        errors.messages()
    }

    #[test]
    fn queries_with_grafana_variables_are_valid() {
        for query in [
            quote!("sum(rate(x_total{job=~\"$job\"}[$__rate_interval]))"),
            quote!("increase(x_total[${__range}])", a::Family, Other, labels = ["tier"], crate = ::renamed),
        ] {
            assert_eq!(messages(query), [""; 0]);
        }
    }

    #[test]
    fn every_mistake_is_reported() {
        assert_eq!(messages(quote!(query)), ["expected a query as a string literal"]);
        assert_eq!(
            messages(quote!("up", label = ["a"], labels = "a", labels = [])),
            [
                "expected a list of names, such as `[\"namespace\"]`",
                "repeated key `labels`",
                "unknown key `label`, expected one of `labels`, `other_metrics`, `crate`; did you mean `labels`?"
            ]
        );
        for wrong in ["rate(up)", "sum(up", "up{a=~\"(\"}", ""] {
            let found = messages(quote!(#wrong));
            assert!(found.len() == 1 && found[0].starts_with("invalid query: "), "{wrong}: {found:?}");
        }
    }
}
