//! The key `budget`: what is asked before a call begins, and how one that doesn't begin says so.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned as _;

use super::{Plan, Purse};
use crate::container::at;

/// The purse's name, as hidden as the call's.
fn purse_name() -> Ident {
    Ident::new("__purse", Span::mixed_site())
}

/// The purse that is asked before the call begins, and what the call says of it.
pub(super) fn purse(plan: &Plan) -> (TokenStream, TokenStream) {
    let name = purse_name();
    match &plan.purse {
        None => Default::default(),
        Some(Purse::Around) => {
            let around = plan.checks_budgets().then(|| quote!(let #name = __rt::EnclosingBudgets;));
            (quote!(#around), TokenStream::new())
        }
        Some(Purse::Own(budget)) => {
            let purse = quote_spanned!(at(budget.span())=> __rt::budget(&(#budget)));
            (quote!(let #name = #purse;), quote!(.with_budget(&#name)))
        }
    }
}

/// The way out of a function that isn't async, if its budget is spent.
pub(super) fn refusal(plan: &Plan, result: &Type) -> TokenStream {
    if !plan.checks_budgets() {
        return TokenStream::new();
    }
    let name = purse_name();
    let spent = Ident::new("__spent", Span::mixed_site());
    let give = quote_spanned!(at(result.span())=> __rt::FromBudgetSpent::spent(#spent));
    quote! {
        if let ::core::option::Option::Some(#spent) = __rt::BudgetCheck::spent(&#name) {
            return #give;
        }
    }
}

/// A future that gives an error, if its budget is spent.
pub(super) fn budgeted(plan: &Plan, result: &Type, future: TokenStream) -> TokenStream {
    if !plan.checks_budgets() {
        return future;
    }
    let name = purse_name();
    quote_spanned!(at(result.span())=> __rt::with_budget_check(#name, #future))
}
