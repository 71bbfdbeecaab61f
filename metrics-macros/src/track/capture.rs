//! The arguments of a function, which are moved into the closure or the async block around its body.
//!
//! They are dropped in the order in which the function would drop them.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens as _, format_ident, quote};
use syn::spanned::Spanned as _;
use syn::{Attribute, FnArg, Meta, Pat, PatIdent, Signature};

use super::body::UsedNames;

/// The statements that move the arguments into the closure or the async block.
pub(super) struct Captured {
    /// Names every argument, the last one first. A future drops its captures in that order, which is the order of an
    /// `async fn`.
    pub(super) capture: TokenStream,
    /// Binds those arguments again that have to be bound inside.
    pub(super) bind: TokenStream,
}

/// The pattern of an argument.
enum Binding {
    /// `name` or `mut name`.
    Name(PatIdent),
    /// `_`.
    Ignored,
    /// Any other pattern.
    Pattern(Pat),
}

struct Argument {
    attrs: Vec<Attribute>,
    binding: Binding,
    /// The name of the parameter in the signature.
    outer: Ident,
}

/// Captures the arguments in a future.
///
/// A future captures an argument under the argument's name. A second binding would make the future larger, so only these
/// arguments are bound again: a pattern; an argument that nothing uses, because the compiler's warning would be lost
/// otherwise; and all arguments after one of these, because they have to be dropped first.
pub(super) fn by_future(sig: &mut Signature, used: &UsedNames) -> Captured {
    let arguments = arguments(sig);
    let must_bind = |argument: &Argument| match &argument.binding {
        Binding::Pattern(_) => true,
        Binding::Ignored => false,
        Binding::Name(name) => !name.ident.to_string().starts_with('_') && !used.contains(&name.ident),
    };
    let first = arguments.iter().position(must_bind).unwrap_or(arguments.len());
    let bind = arguments[first..].iter().map(bind).collect();
    rename(sig, &arguments, first);
    let names = arguments.iter().rev().map(|argument| {
        let (cfgs, name) = (cfgs(&argument.attrs), &argument.outer);
        quote!(#(#cfgs)* &#name,)
    });
    let receiver = receiver(sig).map(|(cfgs, name)| quote!(#(#cfgs)* &#name,));
    let capture = if arguments.is_empty() && receiver.is_none() {
        TokenStream::new()
    } else {
        quote! {
            #[allow(clippy::used_underscore_binding)]
            let _ = (#(#names)* #receiver);
        }
    };
    Captured { capture, bind }
}

/// Captures the arguments in a closure that is called immediately. Every argument is bound again, at no cost.
///
/// `used` are the names in the body, `keys` the names in the attribute: an argument that only a key uses counts as used.
pub(super) fn by_closure(sig: &mut Signature, used: &UsedNames, keys: &UsedNames) -> Captured {
    let arguments = arguments(sig);
    rename(sig, &arguments, 0);
    let mut statements: TokenStream = arguments.iter().map(bind).collect();
    for argument in &arguments {
        if let Binding::Name(PatIdent { ident, .. }) = &argument.binding
            && !used.contains(ident)
            && keys.contains(ident)
        {
            let cfgs = cfgs(&argument.attrs);
            statements.extend(quote!(#(#cfgs)* let _ = &#ident;));
        }
    }
    let capture = receiver(sig).map(|(cfgs, name)| quote!(#(#cfgs)* let _ = &#name;));
    Captured { capture: capture.unwrap_or_default(), bind: statements }
}

/// Returns true if the receiver is `mut self`, so that the body may assign to its fields.
pub(super) fn has_mutable_receiver(sig: &Signature) -> bool {
    sig.receiver().is_some_and(|receiver| receiver.mutability.is_some())
}

fn arguments(sig: &mut Signature) -> Vec<Argument> {
    // Lint attributes have their effect on the parameter and on the pattern, which is bound inside.
    let typed = sig.inputs.iter_mut().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    let typed = typed.map(|typed| {
        typed.attrs.iter_mut().for_each(allow_expected);
        &*typed
    });
    let read = typed.enumerate().map(|(number, typed)| {
        let numbered = || format_ident!("__arg{number}", span = crate::container::at(typed.pat.span()));
        let (binding, outer) = match ungrouped(&typed.pat) {
            Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => {
                (Binding::Name(name.clone()), name.ident.clone())
            }
            Pat::Wild(_) => (Binding::Ignored, numbered()),
            // An or-pattern needs its parentheses in a `let` too.
            Pat::Or(_) => (Binding::Pattern((*typed.pat).clone()), numbered()),
            other => (Binding::Pattern(other.clone()), numbered()),
        };
        Argument { attrs: typed.attrs.clone(), binding, outer }
    });
    read.collect()
}

/// Turns `#[expect(..)]` into `#[allow(..)]`. Some lints don't fire in a tracked function, and others fire at another place than
/// the attribute, so the expectation would be unfulfilled.
pub(super) fn allow_expected(attr: &mut Attribute) {
    if let Meta::List(list) = &mut attr.meta
        && let Some(name) = list.path.get_ident().filter(|name| *name == "expect")
    {
        list.path = Ident::new("allow", name.span()).into();
    }
}

fn ungrouped(pat: &Pat) -> &Pat {
    match pat {
        Pat::Paren(paren) => ungrouped(&paren.pat),
        other => other,
    }
}

fn bind(argument: &Argument) -> TokenStream {
    let Argument { attrs, binding, outer } = argument;
    let cfgs = cfgs(attrs);
    match binding {
        Binding::Name(name) if name.ident.to_string().starts_with('_') => quote! {
            #(#attrs)*
            #[allow(clippy::used_underscore_binding, clippy::no_effect_underscore_binding)]
            let #name = #outer;
        },
        Binding::Name(name) => quote!(#(#attrs)* let #name = #outer;),
        Binding::Ignored => quote!(#(#cfgs)* let #outer = #outer; #(#cfgs)* let _ = &#outer;),
        // In two steps, so that the parts which the pattern does not bind are dropped where the function drops them.
        Binding::Pattern(pattern) => {
            let mutable = binds_by_mutable_reference(pattern.to_token_stream()).then(|| quote!(mut));
            quote!(#(#cfgs)* let #mutable #outer = #outer; #(#attrs)* let #pattern = #outer;)
        }
    }
}

/// Returns true if a pattern has a `ref mut`, which borrows from a variable that has to be mutable.
fn binds_by_mutable_reference(pattern: TokenStream) -> bool {
    let mut after_ref = false;
    pattern.into_iter().any(|token| match token {
        TokenTree::Group(group) => binds_by_mutable_reference(group.stream()),
        TokenTree::Ident(word) => std::mem::replace(&mut after_ref, word == "ref") && word == "mut",
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// Renames the parameters of the signature. Those of the first `kept` that are plain names stay as they are, with their
/// `mut`.
fn rename(sig: &mut Signature, arguments: &[Argument], kept: usize) {
    let parameters = sig.inputs.iter_mut().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    for (number, (parameter, argument)) in parameters.zip(arguments).enumerate() {
        let stays = number < kept && matches!(argument.binding, Binding::Name(_));
        if !stays {
            *parameter.pat = name(&argument.outer);
        }
    }
}

fn name(ident: &Ident) -> Pat {
    Pat::Ident(PatIdent {
        attrs: Vec::new(),
        by_ref: None,
        mutability: None,
        ident: ident.clone(),
        subpat: None,
    })
}

fn receiver(sig: &Signature) -> Option<(Vec<&Attribute>, TokenStream)> {
    sig.receiver().map(|receiver| (cfgs(&receiver.attrs), receiver.self_token.to_token_stream()))
}

fn cfgs(attrs: &[Attribute]) -> Vec<&Attribute> {
    attrs.iter().filter(|attr| is_cfg(attr)).collect()
}

fn is_cfg(attr: &Attribute) -> bool {
    attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr")
}
