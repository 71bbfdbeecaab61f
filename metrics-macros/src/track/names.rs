//! Reports names in keys that only the body knows: those that the pattern of an argument binds.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{FnArg, Pat, Signature};

use super::label::CallLabel;
use super::signature::Function;
use super::{CheckedBudgets, Plan, Subject};
use crate::diagnostics::Errors;
use crate::text::plain;

/// Reports the first name of each pattern that a key uses.
pub(super) fn check(plan: &Plan, function: &Function, errors: &mut Errors) {
    let keys = keys(plan);
    for pattern in patterns(&function.sig) {
        let mut bound = Vec::new();
        add_bound(pattern.to_token_stream(), &mut bound);
        if let Some(used) = keys.iter().find_map(|key| free_name(key.clone(), &bound)) {
            let pattern = pattern
                .to_token_stream()
                .to_string()
                .replace(" (", "(")
                .replace("( ", "(")
                .replace(" )", ")");
            errors.push(
                used.span(),
                format_args!(
                    "`{used}` is bound by the pattern of an argument, which keys can't name; \
                     name the argument, such as `arg: ..`, use `arg` here, and write `let {pattern} = arg;` in the body"
                ),
            );
        }
    }
}

/// Returns the tokens of the keys that are evaluated before the body.
fn keys(plan: &Plan) -> Vec<TokenStream> {
    let Plan { metrics, dimensions, checked_budgets, subject, .. } = plan;
    let mut keys: Vec<_> = metrics.iter().map(quote::ToTokens::to_token_stream).collect();
    if let Some(CheckedBudgets::Given(budget)) = checked_budgets {
        keys.push(budget.to_token_stream());
    }
    keys.extend(
        dimensions.iter().flat_map(|dimensions| dimensions.values()).map(quote::ToTokens::to_token_stream),
    );
    match subject {
        Subject::Task { label: CallLabel::Computed(label), .. }
        | Subject::Tool { label: CallLabel::Computed(label), .. }
        | Subject::Llm { label: CallLabel::Computed(label), .. } => keys.push(label.to_token_stream()),
        Subject::Family { values, .. } => {
            keys.extend(values.iter().map(|(_, value)| value.to_token_stream()));
        }
        Subject::Task { .. } | Subject::Tool { .. } | Subject::Llm { .. } | Subject::Step => {}
    }
    keys
}

fn patterns(sig: &Signature) -> impl Iterator<Item = &Pat> {
    sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) if !matches!(*typed.pat, Pat::Ident(_) | Pat::Wild(_)) => Some(&*typed.pat),
        FnArg::Typed(_) | FnArg::Receiver(_) => None,
    })
}

/// Appends the names that a pattern binds: its identifiers in lower case, without fields and functions.
fn add_bound(pattern: TokenStream, bound: &mut Vec<String>) {
    let mut tokens = pattern.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) => add_bound(group.stream(), bound),
            TokenTree::Ident(name) => {
                let is_other = match tokens.peek() {
                    Some(TokenTree::Punct(mark)) => mark.as_char() == ':',
                    Some(TokenTree::Group(_)) => true,
                    _ => false,
                };
                let name = plain(&name);
                if !is_other && name.starts_with(|first: char| first.is_lowercase() || first == '_') {
                    bound.push(name);
                }
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// Returns the first of the names that the tokens use as a variable. A key that declares variables itself has none.
fn free_name(key: TokenStream, names: &[String]) -> Option<Ident> {
    let declares = |token: &TokenTree| match token {
        TokenTree::Punct(bar) => bar.as_char() == '|',
        TokenTree::Ident(word) => word == "let" || word == "match",
        TokenTree::Group(_) | TokenTree::Literal(_) => false,
    };
    let tokens: Vec<TokenTree> = key.into_iter().collect();
    if tokens.iter().any(declares) {
        return None;
    }
    let mark = |at: Option<usize>| match tokens.get(at?)? {
        TokenTree::Punct(mark) => Some(mark.as_char()),
        _ => None,
    };
    tokens.iter().enumerate().find_map(|(at, token)| match token {
        TokenTree::Group(group) => free_name(group.stream(), names),
        TokenTree::Ident(name) if names.contains(&plain(name)) => {
            let before = mark(at.checked_sub(1));
            let is_called = matches!(tokens.get(at + 1), Some(TokenTree::Group(_)));
            let is_path = matches!(mark(Some(at + 1)), Some(':' | '!')) || before == Some(':');
            (before != Some('.') && !is_called && !is_path).then(|| name.clone())
        }
        _ => None,
    })
}
