//! Reports what keys can't use: names that only the body knows, arguments that the body takes, and `.await`.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Expr, ExprClosure, FnArg, Pat, ReceiverKind, Signature, Type};

use super::dimensions::Dimensions;
use super::label::CallLabel;
use super::reader::key_closures;
use super::signature::{Function, plain_type};
use super::{CheckedBudgets, Model, Plan, Subject};
use crate::args::{Given, ungrouped};
use crate::diagnostics::Errors;
use crate::text::plain;

/// Reports what the keys of a function can't use.
pub(super) fn check(plan: &Plan, function: &Function, errors: &mut Errors) {
    let keys = keys(plan);
    check_patterns(&keys, function, errors);
    for waiting in keys.into_iter().filter_map(first_await) {
        errors.push(
            waiting.span(),
            "a key can't wait: it is evaluated before the body starts; await the value in the caller, and pass it as an argument",
        );
    }
}

/// Reports arguments in the closures of keys that the body takes, so that a closure can't have them.
///
/// Only the types of which this is certain are reported here; the compiler reports the others as moved.
pub(super) fn check_closures(plan: &Plan, function: &Function, errors: &mut Errors) {
    let taken: Vec<String> = function.sig.inputs.iter().filter_map(taken).collect();
    for closure in closures(&plan.subject) {
        let mut own = Vec::new();
        for input in &closure.inputs {
            let pattern = if let Pat::Type(typed) = input { &*typed.pat } else { input };
            add_bound(pattern.to_token_stream(), &mut own);
        }
        let free: Vec<String> = taken.iter().filter(|name| !own.contains(name)).cloned().collect();
        let Some(used) = free_name(closure.body.to_token_stream(), &free) else { continue };
        let copy = if used == "self" { "self.field" } else { &format!("{used}.clone()") };
        errors.push(
            used.span(),
            format_args!(
                "the body takes `{used}`, so the closure of a key can't use it; copy what the closure needs: \
                 `{{ let copy = {copy}; move |value| .. }}`"
            ),
        );
    }
}

/// Returns the name of an argument whose type is certainly not `Copy`.
fn taken(input: &FnArg) -> Option<String> {
    match input {
        FnArg::Receiver(receiver) => {
            matches!(receiver.kind, ReceiverKind::Reference(_, _, Some(_))).then(|| "self".to_owned())
        }
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(name) if is_moved(&typed.ty) => Some(plain(&name.ident)),
            _ => None,
        },
    }
}

/// The types of the standard library that are not `Copy`.
const MOVED: [&str; 12] = [
    "Arc", "BTreeMap", "BTreeSet", "Box", "Bytes", "HashMap", "HashSet", "PathBuf", "Rc", "String", "Vec",
    "VecDeque",
];

fn is_moved(ty: &Type) -> bool {
    match plain_type(ty) {
        Type::Reference(reference) => reference.mutability.is_some(),
        Type::Path(path) => {
            path.path.segments.last().is_some_and(|last| MOVED.iter().any(|name| last.ident == name))
        }
        _ => false,
    }
}

/// Returns the first `await` in the tokens, unless an async block in them may wait.
fn first_await(key: TokenStream) -> Option<Ident> {
    let tokens: Vec<TokenTree> = key.into_iter().collect();
    if tokens.iter().any(|token| matches!(token, TokenTree::Ident(word) if word == "async")) {
        return None;
    }
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Group(group) => first_await(group.stream()),
        TokenTree::Ident(word) => (word == "await").then_some(word),
        TokenTree::Punct(_) | TokenTree::Literal(_) => None,
    })
}

/// Returns the closures of the keys that read the result.
fn closures(subject: &Subject) -> impl Iterator<Item = &ExprClosure> {
    key_closures(subject).filter_map(|key| match ungrouped(key) {
        Expr::Closure(closure) => Some(closure),
        _ => None,
    })
}

/// Reports the first name of each pattern that a key uses.
fn check_patterns(keys: &[TokenStream], function: &Function, errors: &mut Errors) {
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
    let Plan { metrics, dimensions, checked_budgets, subject, timeout, .. } = plan;
    let mut keys: Vec<_> = metrics.iter().map(quote::ToTokens::to_token_stream).collect();
    if let Some(CheckedBudgets::Given(budget)) = checked_budgets {
        keys.push(budget.to_token_stream());
    }
    keys.extend(dimensions.iter().flat_map(Dimensions::values).map(quote::ToTokens::to_token_stream));
    keys.extend(timeout.iter().filter_map(Given::expr).map(quote::ToTokens::to_token_stream));
    if let Subject::Llm { model, .. } = subject {
        let Model { provider, operation } = &**model;
        let given = [provider, operation].into_iter().flatten().filter_map(Given::expr);
        keys.extend(given.map(quote::ToTokens::to_token_stream));
    }
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
