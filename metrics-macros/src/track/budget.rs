//! The key `budget`: the check before a call starts, and the error of a call that does not start.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned as _;

use super::expand::declared;
use super::{CheckedBudgets, Plan};
use crate::container::at;

/// Returns the name of the variable that holds the budgets, which user code cannot see.
fn budgets_name() -> Ident {
    Ident::new("__budgets", Span::mixed_site())
}

/// Returns the statement that declares the budgets to check, and the method that passes the task's budget to its call.
pub(super) fn budgets(plan: &Plan) -> (TokenStream, TokenStream) {
    let name = budgets_name();
    match &plan.checked_budgets {
        None => Default::default(),
        Some(CheckedBudgets::Enclosing(_)) => {
            let enclosing = plan.checked_budgets().map(|_| quote!(let #name = __rt::EnclosingBudgets;));
            (quote!(#enclosing), TokenStream::new())
        }
        Some(CheckedBudgets::Given(budget)) => {
            let given = quote_spanned!(at(budget.span())=> __rt::budget(&(#budget)));
            (quote!(let #name = #given;), quote!(.with_budget(&#name)))
        }
    }
}

/// Returns the early return of a synchronous function whose budget is spent.
pub(super) fn refusal(plan: &Plan, result: &Type) -> TokenStream {
    let Some(checked) = plan.checked_budgets() else { return TokenStream::new() };
    let name = budgets_name();
    let spent = Ident::new("__spent", Span::mixed_site());
    let made = made(checked, result);
    let error = quote_spanned!(at(checked.span())=> __rt::refused(#made, #spent));
    quote! {
        if let ::core::option::Option::Some(#spent) = __rt::BudgetCheck::spent(&#name) {
            return #error;
        }
    }
}

/// Wraps a future so that it returns an error if its budget is spent.
pub(super) fn budgeted(plan: &Plan, result: &Type, future: TokenStream) -> TokenStream {
    let Some(checked) = plan.checked_budgets() else { return future };
    let (name, made) = (budgets_name(), made(checked, result));
    quote_spanned!(at(checked.span())=> __rt::with_budget_check(#name, #made, #future))
}

/// Returns the conversion of the error to the result. It is located at the key, which the type of the result may not fit.
fn made(checked: &CheckedBudgets, result: &Type) -> TokenStream {
    let declared = declared(result);
    quote_spanned!(at(checked.span())=> (&&__rt::OutputTag::<#declared>::NEW).__budget_spent())
}
