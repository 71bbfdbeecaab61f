//! What is written around a function: a call of the runtime, nothing that decides.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{ReturnType, Type};

use super::body::{Body, BoxedTail, Words, braces};
use super::budget::{budgeted, purse, refusal};
use super::capture::{self, Captured};
use super::dimensions::Dimensions;
use super::label::{Label, is_constant_path, is_nameable};
use super::reader::{Kind, imports, reader, status};
use super::signature::{Function, Measured, erased};
use super::slo::Slo;
use super::streaming::Streaming;
use super::{Model, Plan, Subject, docs};
use crate::args::{Length, Text};
use crate::container::at;
use crate::text::plain;

pub(super) fn expand(
    plan: &Plan,
    measured: &Measured,
    args: &TokenStream,
    mut function: Function,
) -> TokenStream {
    let (setup, allowed) = (setup(plan, &function), allowed(&function, measured));
    let body = &function.body;
    let (used, keys) = (Words::of(body.group.stream()), Words::of(args.clone()));
    let content = match measured {
        Measured::Sync(result) => {
            let captured = capture::by_closure(&mut function.sig, &used, &keys);
            let call = sync(plan, result, body, &captured);
            let refusal = refusal(plan, result);
            quote!(#setup #refusal #call)
        }
        Measured::Async(result) => {
            let captured = capture::by_future(&mut function.sig, &used.and(keys));
            make_future(&mut function.sig, &plan.krate, result);
            let future = asynchronous(result, body, &captured);
            let call = tracked(plan, result, body.tail(), &future);
            quote!(#setup #call)
        }
        Measured::Future(result) => {
            let captured = capture::by_closure(&mut function.sig, &used, &keys);
            let future = made(body, &captured);
            let call = tracked(plan, result, body.tail(), &future);
            quote!(#setup #call)
        }
        Measured::Boxed(result, tail) => {
            let boxed = boxed(plan, result, body, tail);
            quote!(#setup #boxed)
        }
        Measured::Stream(result, streaming) if streaming.is_async => {
            let captured = capture::by_future(&mut function.sig, &used.and(keys));
            make_future(&mut function.sig, &plan.krate, result);
            let future = asynchronous(result, body, &captured);
            let call = budgeted(plan, result, streamed(plan, result, streaming, body, &future));
            quote!(#setup #call)
        }
        Measured::Stream(result, streaming) => {
            let captured = capture::by_closure(&mut function.sig, &used, &keys);
            let lazily =
                if streaming.is_result { lazy(result, body, &captured) } else { made(body, &captured) };
            let call = streamed(plan, result, streaming, body, &lazily);
            let refusal = refusal(plan, result);
            quote!(#setup #refusal #call)
        }
    };
    docs::document(plan, &mut function);
    let function = whole(&function, &content);
    quote!(#allowed #function)
}

/// The function as it was, behind code that never runs and is checked all the same: the feature `disabled`.
pub(super) fn expand_unmeasured(plan: &Plan, measured: &Measured, mut function: Function) -> TokenStream {
    let setup = setup(plan, &function);
    let result = measured.read();
    // A type with an `impl Trait` has no name here.
    let is_named = erased(result).to_token_stream().to_string() == result.to_token_stream().to_string();
    let reader = is_named.then(|| {
        let (told, reader) = (told(result), reader(&plan.subject, at(result.span())));
        quote!(let _ = |__t: __rt::OutputTag<#told>| #reader;)
    });
    let rest = function.body.group.stream();
    let content = quote! {
        #[allow(unused_variables, clippy::used_underscore_binding)]
        if false {
            #setup
            #reader
        }
        #rest
    };
    docs::document(plan, &mut function);
    whole(&function, &content)
}

/// Lints of what a rewritten function says, which the user didn't write.
fn allowed(function: &Function, measured: &Measured) -> TokenStream {
    let mut lints = TokenStream::new();
    let must_use = function.attrs.iter().any(|attr| attr.path().is_ident("must_use"));
    if must_use && matches!(measured, Measured::Async(_)) {
        // A future is `must_use` by itself; the attribute is about what it gives.
        lints.extend(quote!(clippy::double_must_use,));
    }
    if capture::has_mutable_receiver(&function.sig) {
        // What is assigned to a part of something captured is taken for never read.
        lints.extend(quote!(unused_assignments,));
    }
    if lints.is_empty() { lints } else { quote!(#[allow(#lints)]) }
}

/// The function with another body, whose braces are the user's: lints of the whole function look at them.
fn whole(Function { attrs, vis, sig, body, .. }: &Function, content: &TokenStream) -> TokenStream {
    let inner = &body.attrs;
    let block = braces(content.clone(), body.group.span());
    quote!(#(#attrs)* #(#[#inner])* #vis #sig #block)
}

/// All before the call: the runtime's name, the call site, and the call, whose labels are taken now.
fn setup(plan: &Plan, function: &Function) -> TokenStream {
    let Plan { krate, metrics, subject, .. } = plan;
    let readers = imports(subject);
    let labels = label(subject).filter(|label| matches!(label, Label::Computed(_)));
    let labels = labels.map(|_| {
        quote!(
            use __rt::by_label::*;
        )
    });
    let site = site(plan, function);
    let metrics = match metrics {
        None => quote!(__rt::Global),
        Some(metrics) => quote_spanned!(at(metrics.span())=> __rt::metrics(&(#metrics))),
    };
    let call = match subject {
        Subject::Task { label, .. } => named(&quote!(task), &metrics, label),
        Subject::Tool { label, .. } => named(&quote!(tool), &metrics, label),
        Subject::Llm { label, .. } => named(&quote!(llm), &metrics, label),
        Subject::Step => quote!(__rt::step(&__SITE)),
        Subject::Family { labels, values, .. } => {
            let fields = values.iter().map(|(name, value)| {
                let value = quote_spanned!(at(value.span())=> __rt::into_label(&(#value)));
                quote!(#name: #value)
            });
            let literal = braces(quote!(#(#fields),*), labels.span());
            quote!(__rt::family_call(#metrics, &#labels #literal))
        }
    };
    let local = call_name(Span::call_site());
    let (purse, spending) = purse(plan);
    let dimensions = plan.dimensions.as_ref().map(Dimensions::tokens);
    let call = quote!(#call #dimensions #spending);
    let call = if plan.limit_only() { quote!({ let _ = || { #call; }; __rt::UnrecordedCall }) } else { call };
    quote! {
        use #krate::__private as __rt;
        #readers
        #labels
        #site
        #purse
        let #local = #call;
    }
}

/// The call's name, which the user's code can't see.
fn call_name(span: Span) -> Ident {
    Ident::new("__call", Span::mixed_site().located_at(span))
}

fn named(constructor: &TokenStream, metrics: &TokenStream, label: &Label) -> TokenStream {
    let label = label_value(label);
    quote!(__rt::#constructor(&__SITE, #metrics, #label))
}

fn label(subject: &Subject) -> Option<&Label> {
    match subject {
        Subject::Task { label, .. } | Subject::Tool { label, .. } | Subject::Llm { label, .. } => Some(label),
        Subject::Step | Subject::Family { .. } => None,
    }
}

fn label_value(label: &Label) -> TokenStream {
    match label {
        Label::Constant(text) => quote!(__rt::CallLabel::Constant(#text)),
        Label::Computed(value) => {
            let named = is_constant_path(value).then(|| quote!(.from_constant()));
            quote_spanned!(at(value.span())=> (&&&__rt::LabelExpr(&(#value))).__label()#named)
        }
    }
}

/// The static that stands for the call site, known to the binary also when it's never called.
fn site(plan: &Plan, function: &Function) -> TokenStream {
    let kind = match plan.subject {
        Subject::Task { .. } => quote!(Task),
        Subject::Tool { .. } => quote!(Tool),
        Subject::Llm { .. } => quote!(Llm),
        Subject::Step => quote!(Step),
        Subject::Family { .. } => quote!(General),
    };
    let krate = &plan.krate;
    let name = plain(&function.sig.ident);
    let (item, with) = match &plan.subject {
        Subject::Family { labels, .. } if is_nameable(labels) => (
            quote!(fn __family() { <#labels as #krate::CallLabels>::family(); }),
            quote!(.with_family(<#labels as #krate::CallLabels>::NAME, __family)),
        ),
        subject => match label(subject).filter(|label| label.is_constant(function)).map(label_value) {
            None => Default::default(),
            Some(value) => (
                quote!(fn __constant() -> __rt::CallLabel<'static> { #value }),
                quote!(.with_constant(__constant)),
            ),
        },
    };
    // What is recorded in an instance of the user's own is not at zero in the global.
    let elsewhere = plan.metrics.is_some().then(|| quote!(.outside_global()));
    // Without a call that is tracked there is nothing to know of.
    let known = (!cfg!(feature = "disabled")).then(|| quote!(__rt::submit! { __rt::SiteRef(&__SITE) }));
    let model = match &plan.subject {
        Subject::Llm { model, .. } => model_of(model),
        _ => TokenStream::new(),
    };
    let slo = plan.slo.as_ref().map(Slo::tokens).map(|slo| quote!(.with_slo(#slo)));
    quote! {
        #item
        static __SITE: __rt::Site = __rt::Site::new(
            __rt::SiteKind::#kind,
            #name,
            ::core::module_path!(),
            ::core::file!(),
            ::core::line!(),
        ) #with #elsewhere #model #slo;
        #known
    }
}

fn model_of(Model { provider, operation }: &Model) -> TokenStream {
    let provider = provider.as_ref().map(Text::literal).map_or_else(
        || quote!(::core::option::Option::None),
        |provider| quote!(::core::option::Option::Some(#provider)),
    );
    let operation =
        operation.as_ref().map_or_else(|| "chat".to_token_stream(), |text| text.literal().to_token_stream());
    quote!(.with_model(#provider, #operation))
}

/// `async fn` as `fn -> impl Future`: an async block inside an `async fn` would hold the arguments twice.
fn make_future(sig: &mut syn::Signature, krate: &syn::Path, result: &Type) {
    sig.asyncness = None;
    let arrow = match &sig.output {
        ReturnType::Type(arrow, _) => *arrow,
        ReturnType::Default => syn::Token![->](Span::call_site()),
    };
    let span = at(result.span());
    let result = nameable(&quote!(#krate::__private), result);
    let future = Type::Verbatim(quote_spanned!(span=> impl ::core::future::Future<Output = #result>));
    sig.output = ReturnType::Type(arrow, Box::new(future));
}

/// A type that may stand where `!` may not; `rt` is the path of the runtime there.
fn nameable(rt: &TokenStream, result: &Type) -> TokenStream {
    match result {
        Type::Never(never) => quote!(<fn() -> #never as #rt::FnOutput>::Type),
        other => other.to_token_stream(),
    }
}

/// The call of the runtime is located at the body's tail: what the compiler says of its result lands there.
fn sync(plan: &Plan, result: &Type, body: &Body, Captured { capture, bind }: &Captured) -> TokenStream {
    let (erased, group, reader) = (erased(result), nested(body), reading(&plan.subject, result));
    let call = call_name(body.tail());
    quote_spanned!(at(body.tail())=> __rt::track_call(#call, move || -> #erased { #capture #bind #group }, #reader))
}

fn asynchronous(result: &Type, body: &Body, Captured { capture, bind }: &Captured) -> TokenStream {
    let (edge, group) = (edge(result), nested(body));
    quote_spanned!(at(body.tail())=> async move { #capture #bind #edge #group })
}

/// The user's block, inside another. A semicolon comes first in it: the braces of a lone expression would be reported as
/// unused.
fn nested(body: &Body) -> proc_macro2::Group {
    let rest = body.group.stream();
    braces(quote!(; #rest), body.group.span())
}

/// A `return` that never runs: it tells the compiler the type of the block before it sees the user's expressions, so that
/// its errors are about those.
fn edge(result: &Type) -> TokenStream {
    let erased = nameable(&quote!(__rt), &erased(result));
    quote! {
        #[allow(
            unreachable_code,
            clippy::diverging_sub_expression,
            clippy::empty_loop,
            clippy::let_unit_value,
            clippy::let_with_type_underscore,
            clippy::needless_return,
            clippy::type_complexity,
        )]
        if false {
            let __edge: #erased = loop {};
            return __edge;
        }
    }
}

/// The future that a function makes itself. It runs in a closure, so that an early `return` gives a future too.
fn made(body: &Body, Captured { capture, bind }: &Captured) -> TokenStream {
    let group = nested(body);
    quote_spanned!(at(body.tail())=> __rt::make_future(move || { #capture #bind #group }))
}

/// The closure that makes a stream or fails.
fn lazy(result: &Type, body: &Body, Captured { capture, bind }: &Captured) -> TokenStream {
    let (erased, group) = (erased(result), nested(body));
    quote_spanned!(at(body.tail())=> move || -> #erased { #capture #bind #group })
}

/// The call of the runtime for a stream, or for what gives one.
fn streamed(
    plan: &Plan,
    result: &Type,
    streaming: &Streaming,
    body: &Body,
    source: &TokenStream,
) -> TokenStream {
    let Streaming { is_async, is_result, boxed, item } = streaming;
    let span = at(item.span());
    let (told_item, reader) = (told(item), reader(&plan.subject, span));
    let items = quote_spanned!(span=> |__t: __rt::OutputTag<#told_item>| #reader);
    let give = match boxed {
        None => quote!(|__s| __s),
        Some(boxed) => quote_spanned!(at(boxed.span())=> |__s| -> #boxed { __rt::box_stream(__s) }),
    };
    let (runtime, results) = match (is_async, is_result) {
        (true, false) => (quote!(track_opening), TokenStream::new()),
        (false, false) => (quote!(track_stream), TokenStream::new()),
        (true, true) => (quote!(try_track_opening), results(result)),
        (false, true) => (quote!(try_track_stream), results(result)),
    };
    let call = call_name(body.tail());
    quote_spanned!(at(body.tail())=> __rt::#runtime(#call, #source, #results #items, #give))
}

/// The reader of the `Result` that a stream is in. The user's keys are about items.
fn results(result: &Type) -> TokenStream {
    let (told, status) = (told(result), status(&Kind::ByType, at(result.span())));
    quote!(|__t: __rt::OutputTag<#told>| { use __rt::by_type::*; #status },)
}

fn boxed(plan: &Plan, result: &Type, body: &Body, tail: &BoxedTail) -> TokenStream {
    let argument = &tail.argument;
    let call = tracked(plan, result, argument.span(), &argument.stream());
    let content = tail.with(call);
    braces(quote!(; #content), body.group.span()).into_token_stream()
}

fn tracked(plan: &Plan, result: &Type, tail: Span, future: &TokenStream) -> TokenStream {
    let reader = reading(&plan.subject, result);
    let call = call_name(tail);
    let told = told(result);
    let call = quote_spanned!(at(tail)=> __rt::track_future::<_, _, _, #told>(#call, #future, #reader));
    let call = match &plan.timeout {
        None => call,
        Some(length @ Length { span, .. }) => {
            let limit = length.tokens();
            // On the key's value: without the runtime's timer there is nothing to call.
            quote_spanned!(at(*span)=> __rt::with_timeout(#limit, #call))
        }
    };
    budgeted(plan, result, call)
}

/// The closure that makes the reader.
fn reading(subject: &Subject, result: &Type) -> TokenStream {
    let span = at(result.span());
    let reader = reader(subject, span);
    quote_spanned!(span=> |__t| #reader)
}

/// The result as the signature has it, which the runtime's call is told: a body that gives another is one error. It's
/// located there, as that is what the body doesn't give.
fn told(result: &Type) -> TokenStream {
    let result = nameable(&quote!(__rt), &erased(result));
    quote_spanned!(at(result.span())=> #result)
}
