//! Expansion of a function: a call of the runtime around the body. The generated code makes no decisions.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, ExprLit, Lit, ReturnType, Type};

use super::body::{Body, BoxedTail, UsedNames, braces};
use super::budget::{budgeted, budgets, refusal};
use super::capture::{self, Captured};
use super::dimensions::Dimensions;
use super::label::{CallLabel, is_constant_path, is_nameable};
use super::reader::{StatusSource, has_evaluated_key, imports, reader, status_reader};
use super::signature::{Function, Shape, erased, plain_type};
use super::slo::Slo;
use super::streaming::{Item, Streaming};
use super::{Model, Plan, Subject, docs, returned};
use crate::args::{Given, Name, ungrouped};
use crate::container::at;
use crate::text::plain;

pub(super) fn expand(plan: &Plan, shape: &Shape, args: &TokenStream, mut function: Function) -> TokenStream {
    let (mut setup, allowed) = (setup(plan, &function), allowed(&function, shape));
    setup.extend(evaluated_reader(plan, shape.result()));
    let body = &function.body;
    let (used, keys) = (UsedNames::new(body.group.stream()), UsedNames::new(args.clone()));
    let content = match shape {
        Shape::Sync(result) => {
            let captured = capture::by_closure(&mut function.sig, &used, &keys);
            let call = match &plan.streaming {
                None => sync(plan, result, body, &captured),
                Some(streaming) => {
                    let source = if streaming.is_result {
                        lazy_source(result, body, &captured)
                    } else {
                        eager_future(body, &captured)
                    };
                    streamed(plan, result, streaming, body.tail(), &source)
                }
            };
            let refusal = refusal(plan, result);
            quote!(#setup #refusal #call)
        }
        Shape::Async(result) => {
            let captured = capture::by_future(&mut function.sig, &used.union(keys));
            make_future(&mut function.sig, &plan.krate, result);
            let future = asynchronous(result, body, &captured);
            let call = tracked(plan, result, body.tail(), &future);
            quote!(#setup #call)
        }
        Shape::Future(result) => {
            let captured = capture::by_closure(&mut function.sig, &used, &keys);
            let future = eager_future(body, &captured);
            let call = tracked(plan, result, body.tail(), &future);
            quote!(#setup #call)
        }
        Shape::Boxed(result, tail) => {
            let boxed = boxed(plan, result, body, tail);
            quote!(#setup #boxed)
        }
        Shape::BoxedByMethod(result, body, method) => {
            let captured = capture::by_closure(&mut function.sig, &used, &keys);
            let future = eager_future(body, &captured);
            let call = tracked(plan, result, body.tail(), &future);
            quote!(#setup #call #method)
        }
    };
    docs::document(plan, &mut function);
    let function = assemble(&function, &content);
    quote!(#allowed #function)
}

/// Expands the unchanged function for the feature `disabled`. Code that never runs comes before the body, so that the
/// compiler still checks the keys.
pub(super) fn expand_unmeasured(plan: &Plan, shape: &Shape, mut function: Function) -> TokenStream {
    let setup = setup(plan, &function);
    let (read, tag) = read_type(plan, shape.result());
    let reader = is_nameable_type(read).then(|| {
        let reader = reader(plan, at(read.span()));
        quote!(let _ = |__tag: __rt::OutputTag<#tag>| #reader;)
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
    assemble(&function, &content)
}

/// Allows lints that would report generated code.
fn allowed(function: &Function, shape: &Shape) -> TokenStream {
    let mut lints = TokenStream::new();
    let must_use = function.attrs.iter().any(|attr| attr.path().is_ident("must_use"));
    if must_use && matches!(shape, Shape::Async(_)) {
        // A future is `must_use` already; the user's attribute is about its output.
        lints.extend(quote!(clippy::double_must_use,));
    }
    if capture::has_mutable_receiver(&function.sig) {
        // The lint takes an assignment to a field of a captured variable for one that is never read.
        lints.extend(quote!(unused_assignments,));
    }
    if lints.is_empty() { lints } else { quote!(#[allow(#lints)]) }
}

/// Assembles the function with another body. The braces keep the user's span, because lints of the whole function use it.
fn assemble(Function { attrs, vis, sig, body, .. }: &Function, content: &TokenStream) -> TokenStream {
    let mut attrs = attrs.clone();
    attrs.iter_mut().for_each(capture::allow_expected);
    let inner = &body.attrs;
    let block = braces(content.clone(), body.group.span());
    quote!(#(#attrs)* #(#[#inner])* #vis #sig #block)
}

/// Returns the statements before the call: the imports, the call site, and the call with its evaluated labels.
fn setup(plan: &Plan, function: &Function) -> TokenStream {
    let Plan { krate, metrics, subject, .. } = plan;
    let readers = imports(plan);
    let labels = label(subject).filter(|label| matches!(label, CallLabel::Computed(_)));
    let labels = labels.map(|_| {
        quote!(
            use __rt::by_label::*;
        )
    });
    let more = outputs(plan);
    let site = site(plan, function);
    let metrics = match metrics {
        None => quote!(__rt::Global),
        Some(metrics) => quote_spanned!(at(metrics.span())=> __rt::metrics(&(#metrics))),
    };
    let call = match subject {
        Subject::Task { label, .. } => preset_call(&quote!(task), &metrics, label),
        Subject::Tool { label, .. } => preset_call(&quote!(tool), &metrics, label),
        Subject::Llm { label, model, .. } => {
            let (call, described) = (preset_call(&quote!(llm), &metrics, label), described(model));
            quote!(#call #described)
        }
        Subject::Step => quote!(__rt::step(&__SITE)),
        Subject::Family { labels, values, .. } => {
            let fields = values.iter().map(|(name, value)| {
                let value = match ungrouped(value) {
                    Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
                        quote_spanned!(at(value.span())=> __rt::literal_label(#text))
                    }
                    value => quote_spanned!(at(value.span())=> __rt::into_label(&(#value))),
                };
                quote!(#name: #value)
            });
            let literal = braces(quote!(#(#fields),*), labels.span());
            quote!(__rt::family_call(#metrics, &#labels #literal))
        }
    };
    let local = call_name(Span::call_site());
    let (budgets, spending) = budgets(plan);
    let dimensions = plan.dimensions.as_ref().map(Dimensions::tokens);
    let call = quote!(#call #dimensions #spending);
    let call =
        if plan.has_only_timeout() { quote!({ let _ = || { #call; }; __rt::UnrecordedCall }) } else { call };
    quote! {
        use #krate::__private as __rt;
        #readers
        #more
        #labels
        #site
        #budgets
        let #local = #call;
    }
}

/// Returns the imports of the traits that make the output of a call that times out or does not begin.
fn outputs(plan: &Plan) -> TokenStream {
    let timeout = plan.timeout.as_ref().map(|_| {
        quote!(
            use __rt::by_timeout::*;
        )
    });
    let budget = plan.checked_budgets().map(|_| {
        quote!(
            use __rt::by_budget::*;
        )
    });
    quote!(#timeout #budget)
}

/// Returns the name of the variable that holds the call, which user code cannot see.
fn call_name(span: Span) -> Ident {
    Ident::new("__call", Span::mixed_site().located_at(span))
}

fn preset_call(constructor: &TokenStream, metrics: &TokenStream, label: &CallLabel) -> TokenStream {
    let label = label_value(label);
    quote!(__rt::#constructor(&__SITE, #metrics, #label))
}

fn label(subject: &Subject) -> Option<&CallLabel> {
    match subject {
        Subject::Task { label, .. } | Subject::Tool { label, .. } | Subject::Llm { label, .. } => Some(label),
        Subject::Step | Subject::Family { .. } => None,
    }
}

fn label_value(label: &CallLabel) -> TokenStream {
    match label {
        CallLabel::Constant(text) => quote!(__rt::CallLabel::Constant(#text)),
        CallLabel::Computed(value) => {
            let named = is_constant_path(value).then(|| quote!(.from_constant()));
            quote_spanned!(at(value.span())=> (&&&__rt::LabelExpr(&(#value))).__label()#named)
        }
    }
}

/// Returns the static of the call site, which is registered even if the function is never called.
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
    // The calls of a site with its own instance do not start at zero in the global instance.
    let elsewhere = plan.metrics.is_some().then(|| quote!(.outside_global()));
    // With the feature `disabled`, no call is tracked, so the site is not registered.
    let known = (!cfg!(feature = "disabled")).then(|| quote!(__rt::submit! { __rt::SiteRef(&__SITE) }));
    let model = match &plan.subject {
        Subject::Llm { model, .. } => model_tokens(model),
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

/// Returns the method of the site that sets the literal provider and operation.
fn model_tokens(Model { provider, operation }: &Model) -> TokenStream {
    let literal = |given: &Option<Given<Name>>| match given {
        Some(Given::Literal(Name(text))) => Some(text.literal()),
        Some(Given::Expr(_)) | None => None,
    };
    let provider = literal(provider).map_or_else(
        || quote!(::core::option::Option::None),
        |provider| quote!(::core::option::Option::Some(#provider)),
    );
    let operation =
        literal(operation).map_or_else(|| "chat".to_token_stream(), |text| text.to_token_stream());
    quote!(.with_model(#provider, #operation))
}

/// Returns the methods of the call that set the provider and the operation that expressions give.
fn described(Model { provider, operation }: &Model) -> TokenStream {
    let given = [(provider, "with_provider"), (operation, "with_operation")];
    let methods = given.into_iter().filter_map(|(given, method)| {
        let expr = given.as_ref()?.expr()?;
        let method = Ident::new(method, at(expr.span()));
        Some(quote_spanned!(at(expr.span())=> .#method(&(#expr))))
    });
    methods.collect()
}

/// Turns an `async fn` into a `fn -> impl Future`. An async block inside an `async fn` would hold the arguments twice.
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

/// Returns a type that replaces `!` where `!` is not allowed. `rt` is the path of the runtime at that place.
fn nameable(rt: &TokenStream, result: &Type) -> TokenStream {
    match result {
        Type::Never(never) => quote!(<fn() -> #never as #rt::FnOutput>::Type),
        other => other.to_token_stream(),
    }
}

/// Expands a synchronous function. The call of the runtime is located at the tail of the body, so that the compiler reports
/// errors about the result there.
fn sync(plan: &Plan, result: &Type, body: &Body, Captured { capture, bind }: &Captured) -> TokenStream {
    let (erased, group, reader) = (erased(result), measured(result, body), reader_closure(plan, result));
    let call = call_name(body.tail());
    // The lint is reported for the function already.
    let is_result = matches!(plain_type(result), Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Result"));
    let allowed = is_result.then(|| quote!(#[allow(clippy::result_large_err)]));
    quote_spanned!(at(body.tail())=> __rt::track_call(#call, #allowed move || -> #erased { #capture #bind #group }, #reader))
}

fn asynchronous(result: &Type, body: &Body, Captured { capture, bind }: &Captured) -> TokenStream {
    let (result_type_hint, group) = (result_type_hint(result), measured(result, body));
    quote_spanned!(at(body.tail())=> async move { #capture #bind #result_type_hint #group })
}

/// Returns the user's block, as the argument of a function if it returns a closure.
fn measured(result: &Type, body: &Body) -> TokenStream {
    let group = nested(body);
    match returned::closure(result) {
        None => group.into_token_stream(),
        Some(closure) => quote_spanned!(at(body.tail())=> #closure(#group)),
    }
}

/// Returns the user's block as a nested block. It starts with a semicolon, because the compiler would report the braces of a
/// single expression as unused.
fn nested(body: &Body) -> proc_macro2::Group {
    let rest = body.group.stream();
    braces(quote!(; #rest), body.group.span())
}

/// Returns a `return` that never runs. It fixes the type of the block before the compiler checks the user's expressions, so
/// that errors are reported at those expressions.
fn result_type_hint(result: &Type) -> TokenStream {
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
            let __result: #erased = loop {};
            return __result;
        }
    }
}

/// Returns the future that a function creates itself. The body runs in a closure, so that an early `return` returns a future
/// too.
fn eager_future(body: &Body, Captured { capture, bind }: &Captured) -> TokenStream {
    let group = nested(body);
    quote_spanned!(at(body.tail())=> __rt::make_future(move || { #capture #bind #group }))
}

/// Returns the closure that creates a stream or fails.
fn lazy_source(result: &Type, body: &Body, Captured { capture, bind }: &Captured) -> TokenStream {
    let (erased, group) = (erased(result), nested(body));
    quote_spanned!(at(body.tail())=> move || -> #erased { #capture #bind #group })
}

/// Returns the call of the runtime for a stream, or for a future or a closure that returns a stream.
fn streamed(
    plan: &Plan,
    result: &Type,
    streaming: &Streaming,
    tail: Span,
    source: &TokenStream,
) -> TokenStream {
    let Streaming { is_async, is_result, boxed, item } = streaming;
    let span = at(item.span());
    let (item_type, reader) = (item_type(item), reader(plan, span));
    let items = if is_evaluated(plan, result) {
        let name = reader_name(span);
        quote_spanned!(span=> move |_: __rt::OutputTag<#item_type>| #name)
    } else {
        quote_spanned!(span=> move |__tag: __rt::OutputTag<#item_type>| #reader)
    };
    let convert = match boxed {
        None => quote!(|__stream| __stream),
        Some(boxed) => quote_spanned!(at(boxed.span())=> |__stream| -> #boxed { __rt::box_stream(__stream) }),
    };
    let (runtime, results) = match (is_async, is_result) {
        (true, false) => (quote!(track_opening), TokenStream::new()),
        (false, false) => (quote!(track_stream), TokenStream::new()),
        (true, true) => (quote!(try_track_opening), result_reader(plan, result)),
        (false, true) => (quote!(try_track_stream), result_reader(plan, result)),
    };
    let call = call_name(tail);
    quote_spanned!(at(tail)=> __rt::#runtime(#call, #source, #results #items, #convert))
}

/// Returns the type of a stream's items.
fn item_type(item: &Item) -> TokenStream {
    match item {
        Item::Declared(item) => declared(item),
        Item::Of(stream) => {
            let stream = declared(stream);
            quote_spanned!(at(stream.span())=> <#stream as __rt::Stream>::Item)
        }
    }
}

/// Returns the reader of the `Result` around a stream. The user's keys read the items of the stream.
fn result_reader(plan: &Plan, result: &Type) -> TokenStream {
    let (declared, import) = (declared(result), plan.error_bound.import());
    let status = status_reader(&StatusSource::ResultType, plan.error_bound, at(result.span()));
    quote!(|__tag: __rt::OutputTag<#declared>| { #import #status },)
}

fn boxed(plan: &Plan, result: &Type, body: &Body, tail: &BoxedTail) -> TokenStream {
    let argument = &tail.argument;
    let call = tracked(plan, result, argument.span(), &argument.stream());
    let content = tail.with(call);
    braces(quote!(; #content), body.group.span()).into_token_stream()
}

fn tracked(plan: &Plan, result: &Type, tail: Span, future: &TokenStream) -> TokenStream {
    if let Some(streaming) = &plan.streaming {
        return budgeted(plan, result, streamed(plan, result, streaming, tail, future));
    }
    let reader = reader_closure(plan, result);
    let call = call_name(tail);
    let declared = declared(result);
    let call = quote_spanned!(at(tail)=> __rt::track_future::<_, _, _, #declared>(#call, #future, #reader));
    let call = match &plan.timeout {
        None => call,
        Some(limit) => {
            let (span, limit) = (at(limit.span()), limit.tokens());
            // Located at the value of the key, which the type of the result may not fit.
            let made = quote_spanned!(span=> (&&__rt::OutputTag::<#declared>::NEW).__timed_out());
            quote_spanned!(span=> __rt::with_timeout(#limit, #made, #call))
        }
    };
    budgeted(plan, result, call)
}

/// Returns the name of the variable that holds an evaluated reader, which user code cannot see.
fn reader_name(span: Span) -> Ident {
    Ident::new("__reader", Span::mixed_site().located_at(span))
}

/// Returns the type that the keys read and its tokens: the result, or the items of a stream.
fn read_type<'t>(plan: &'t Plan, result: &'t Type) -> (&'t Type, TokenStream) {
    match plan.streaming.as_ref().map(|streaming| &streaming.item) {
        None => (result, declared(result)),
        Some(item @ (Item::Declared(ty) | Item::Of(ty))) => (ty, item_type(item)),
    }
}

/// Returns true if the function can name a type: it contains no `impl Trait`.
fn is_nameable_type(ty: &Type) -> bool {
    erased(ty).to_token_stream().to_string() == ty.to_token_stream().to_string()
}

/// Returns true if the reader is created before the body takes the arguments, because a key is evaluated.
fn is_evaluated(plan: &Plan, result: &Type) -> bool {
    has_evaluated_key(&plan.subject) && is_nameable_type(read_type(plan, result).0)
}

/// Returns the statement that creates the reader before the body takes the arguments, if a key is evaluated.
fn evaluated_reader(plan: &Plan, result: &Type) -> TokenStream {
    if !is_evaluated(plan, result) {
        return TokenStream::new();
    }
    let (read, tag) = read_type(plan, result);
    let span = at(read.span());
    let (name, reader) = (reader_name(span), reader(plan, span));
    quote_spanned! {span=>
        let #name = {
            let __tag = __rt::OutputTag::<#tag>::NEW;
            #reader
        };
    }
}

/// Returns the closure that creates the reader.
fn reader_closure(plan: &Plan, result: &Type) -> TokenStream {
    let span = at(result.span());
    if is_evaluated(plan, result) {
        let name = reader_name(span);
        return quote_spanned!(span=> |_| #name);
    }
    let reader = reader(plan, span);
    quote_spanned!(span=> |__tag| #reader)
}

/// Returns the declared type of the result, a type argument of the runtime's call: a body of another type then causes one
/// error. The type is located at the declaration, which the body does not match.
pub(super) fn declared(result: &Type) -> TokenStream {
    let result = nameable(&quote!(__rt), &erased(result));
    quote_spanned!(at(result.span())=> #result)
}
