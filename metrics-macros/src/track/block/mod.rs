//! An attribute on an impl block.
//!
//! The attribute is moved to each function of the block, where it is expanded like an attribute on a function. Other
//! attributes on the block or on its functions therefore work as they do without the block.

mod expand;
mod parse;
mod validate;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Expr, Path};

use self::parse::Block;
use super::{Naming, Preset, general};
use crate::args::{Entry, entries};
use crate::diagnostics::Errors;

/// The keys of the block, which its functions share.
struct Keys {
    /// The struct of labels before the keys.
    labels: Option<Path>,
    entries: Vec<Entry>,
    krate: Option<Path>,
}

impl Keys {
    fn parse<P: Preset>(args: &TokenStream, errors: &mut Errors) -> Self {
        // The preset reports the mistakes; the second parse ignores them.
        let krate = P::parse(args.clone(), errors).crate_path().cloned();
        let mut reported = Errors::default();
        let (labels, entries) = match P::NAMING {
            Naming::Labels => general::read(args.clone(), &mut reported),
            Naming::Item(_) | Naming::Given(_) | Naming::Nothing => {
                (None, entries(args.clone(), &mut reported))
            }
        };
        Self { labels, entries, krate }
    }

    fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    fn get(&self, key: &str) -> Option<&Expr> {
        self.entries.iter().find(|entry| entry.key == key)?.value.as_ref()
    }
}

/// Expands an attribute on an impl block.
pub(super) fn attribute<P: Preset>(args: &TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let keys = Keys::parse::<P>(args, &mut errors);
    let block = Block::parse(item.clone(), &mut errors);
    let Some(block) = errors.take(block) else {
        let errors = errors.into_tokens();
        return quote!(#item #errors);
    };
    let measured = validate::validate::<P>(&keys, &block, &mut errors);
    match errors.finish(Some(measured)) {
        Ok(measured) => expand::expand(P::NAME, &block, &measured),
        // The block stays, without the helper attributes that only this attribute knows.
        Err(errors) => {
            let kept = expand::expand_kept(&block);
            quote!(#kept #errors)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::{general::General, llm::Llm, step::Step, task::Task, tool::Tool};

    #[allow(clippy::needless_pass_by_value)]
    fn expanded<P: Preset>(args: TokenStream, item: TokenStream) -> String {
        attribute::<P>(&args, &item).to_string()
    }

    /// Returns the arguments of the attributes on the functions, in order.
    fn arguments(text: &str) -> Vec<&str> {
        let attributes = text.split("# [:: agent_metrics :: track").skip(1);
        attributes.filter_map(|rest| Some(rest.split_once('(')?.1.split_once(")] ")?.0.trim())).collect()
    }

    fn mistakes(text: &str) -> usize {
        text.matches("compile_error").count()
    }

    #[test]
    fn methods_get_the_attribute_and_other_items_stay_unchanged() {
        let text = expanded::<Tool>(
            quote!(metrics = self.metrics, timeout = "1s"),
            quote! {
                #[async_trait]
                impl<const N: usize> Tools<{ N }> where u8: Copy {
                    #![allow(unused)]
                    const A: u8 = { 1 };
                    type B = [u8; { 2 }];
                    made! { fn c(&self) {} }
                    made!(fn d(&self) {});
                    fn new() -> Self { Self }
                    const fn zero() -> u8 { 0 }
                    /// Searches.
                    #[track(timeout = "5s", tool_name = "web")]
                    pub async fn search(self: Arc<Self>) -> Array<{ 3 }> { this is not parsed }
                    #[cfg(unix)]
                    async fn fetch(&mut self);
                    #[track(skip)]
                    const fn skipped(&self) {}
                    #[agent_metrics::track_llm(model = "m")]
                    fn own(&self) {}
                    #[cfg_attr(any(), track_step)]
                    fn own_conditional(&self) {}
                    #[track(Labels, index = 1)]
                    fn general(&self) {}
                    #[track]
                    fn without_self() -> impl Future<Output = ()> {}
                }
            },
        );
        assert_eq!(
            arguments(&text),
            [
                "timeout = \"5s\" , tool_name = \"web\" , metrics = self . metrics ,",
                "metrics = self . metrics , timeout = \"1s\" ,",
                "metrics = self . metrics , timeout = \"1s\" ,",
            ],
            "{text}"
        );
        for kept in [
            "# [async_trait] impl < const N : usize > Tools < { N } > where u8 : Copy { # ! [allow (unused)]",
            "const A : u8 = { 1 } ; type B = [u8 ; { 2 }] ; made ! { fn c (& self) { } }",
            "made ! (fn d (& self) { }) ; fn new () -> Self { Self } const fn zero () -> u8 { 0 }",
            ")] pub async fn search (self : Arc < Self >) -> Array < { 3 } > { this is not parsed } # [cfg (unix)]",
            ")] async fn fetch (& mut self) ; const fn skipped (& self) { }",
            "{ } # [agent_metrics :: track_llm (model = \"m\")] fn own",
            "# [track (Labels , index = 1)] fn general",
        ] {
            assert!(text.contains(kept), "{kept}\n{text}");
        }
    }

    #[test]
    fn items_from_macro_rules_are_parsed() {
        let grouped = |stream| proc_macro2::Group::new(proc_macro2::Delimiter::None, stream);
        let (item, vis) = (
            grouped(quote!(
                #[inline]
                fn a(&self) {}
            )),
            grouped(quote!()),
        );
        let (ty, block) = (grouped(quote!(u8)), grouped(quote!({ 1 })));
        let text = expanded::<Step>(
            quote!(),
            quote!(impl A { #item #vis fn b(&self) -> #ty #block fn c(&self) {} }),
        );
        assert_eq!(arguments(&text).len(), 3, "{text}");
    }

    #[test]
    fn the_impl_of_a_trait_uses_the_name_of_its_type() {
        for (header, name) in [
            (quote!(unsafe impl<T> Tool<T> for my::WebSearch<T>), "web_search"),
            (quote!(impl Tool for (r#HTTPFetch)), "http_fetch"),
        ] {
            let text = expanded::<Tool>(
                quote!(),
                quote! { #header { fn a(&self) {} #[track(tool_name = "b")] fn b(&self) {} fn new() {} } },
            );
            let named = format!("tool_name = \"{name}\"");
            assert_eq!(arguments(&text), [&named, "tool_name = \"b\" ,"]);
        }
        let text = expanded::<Task>(quote!(task_type = Self::KIND), quote!(impl Do for A { fn a(&self) {} }));
        assert_eq!(arguments(&text), ["task_type = Self :: KIND ,"]);
        let text = expanded::<Step>(quote!(), quote!(impl Do for &A { fn a(&self) {} }));
        assert_eq!(arguments(&text), [""]);
    }

    #[test]
    fn in_the_impl_of_a_trait_the_method_that_is_the_call_is_measured() {
        let text = expanded::<Tool>(
            quote!(),
            quote! {
                impl rig::Tool for Search {
                    const NAME: &'static str = "web_search";
                    async fn definition(&self, _prompt: String) -> Definition { made() }
                    async fn call(&self, args: Args) -> Result<u8, E> { Ok(1) }
                    fn is_enabled(&self) -> bool { true }
                }
            },
        );
        assert_eq!(arguments(&text), ["tool_name = \"web_search\""], "{text}");
        assert!(text.contains(")] async fn call"), "{text}");
        let text = expanded::<Tool>(
            quote!(),
            quote! {
                impl Tool for Search {
                    const NAME: &'static str = names::SEARCH;
                    async fn run(&self) {}
                    #[track(tool_name = "check")]
                    fn check(&self) {}
                    fn name(&self) -> &str { "x" }
                }
            },
        );
        assert_eq!(arguments(&text), ["tool_name = Self :: NAME", "tool_name = \"check\" ,"], "{text}");
        let text = expanded::<Tool>(quote!(), quote!(impl Tool for A { const NAME: u8 = 1; fn a(&self) {} }));
        assert_eq!(arguments(&text), ["tool_name = \"a\""], "{text}");
        let chat =
            quote!(impl Chat for A { async fn chat(&self) {} async fn stream(&self) {} fn name(&self) {} });
        assert_eq!(arguments(&expanded::<Llm>(quote!(model = self.model), chat)).len(), 2);
    }

    #[test]
    fn a_helper_attribute_inside_cfg_attr_has_its_effect_under_the_predicate() {
        let text = expanded::<Tool>(
            quote!(timeout = "1s"),
            quote! {
                impl A {
                    #[cfg_attr(feature = "x", track(skip))]
                    async fn a(&self) {}
                    #[cfg_attr(unix, inline, track(timeout = "2s"), cold)]
                    async fn b(&self) {}
                    #[cfg_attr(unix, track)]
                    async fn c() {}
                }
            },
        );
        let attributes: Vec<_> =
            text.split("# [cfg_attr (").skip(1).filter_map(|rest| rest.split(")]").next()).collect();
        assert_eq!(
            attributes,
            [
                "not (feature = \"x\") , :: agent_metrics :: track_tool (timeout = \"1s\" ,)",
                "unix , inline , cold",
                "unix , :: agent_metrics :: track_tool (timeout = \"2s\" ,)",
                "not (unix) , :: agent_metrics :: track_tool (timeout = \"1s\" ,)",
                "unix , :: agent_metrics :: track_tool (timeout = \"1s\" ,)",
            ],
            "{text}"
        );
        let text = expanded::<Tool>(
            quote!(),
            quote!(impl A { #[cfg_attr(a, track(skip))] #[cfg_attr(b, track(skp))] fn a(&self) {} }),
        );
        assert!(text.contains("only one `cfg_attr` with `track`") && mistakes(&text) == 1, "{text}");
    }

    #[test]
    fn a_type_without_a_name_needs_an_explicit_label() {
        for ty in [quote!(&A), quote!((A, B)), quote!([A]), quote!(T), quote!(<A as B>::C)] {
            let item = quote!(impl<T> Tool for #ty { fn a(&self) {} });
            let text = expanded::<Tool>(quote!(), item.clone());
            assert!(text.contains("this type has no name that could be the `tool_name`"), "{text}");
            assert_eq!(mistakes(&text), 1, "{text}");
            assert_eq!(mistakes(&expanded::<Tool>(quote!(tool_name = "a"), item)), 0);
        }
    }

    #[test]
    fn a_literal_label_on_a_block_is_for_one_function_only() {
        let item = quote! {
            impl A {
                #[cfg(unix)]
                fn a(&self) {}
                #[cfg(windows)]
                fn a(&self) {}
                #[track(tool_name = "c")]
                fn b(&self) {}
            }
        };
        assert_eq!(mistakes(&expanded::<Tool>(quote!(tool_name = "a"), item)), 0);
        let item = quote!(impl A { fn a(&self) {} fn b(&self) {} });
        let text = expanded::<Tool>(quote!(tool_name = "a"), item.clone());
        assert!(text.contains("one `tool_name` is shared by 2 functions"), "{text}");
        assert_eq!(mistakes(&expanded::<Task>(quote!(task_type = Kind::Search), item)), 0);
    }

    #[test]
    fn a_model_is_set_on_the_block_or_on_the_function() {
        let item = quote!(impl A { #[track(model = "b", usage = in_body)] fn a(&self) {} fn b(&self) {} });
        let text = expanded::<Llm>(quote!(model = self.model), item.clone());
        assert_eq!(arguments(&text), ["model = \"b\" , usage = in_body ,", "model = self . model ,"]);
        for item in [item, quote!(impl A { fn a(&self) {} fn b(&self) {} })] {
            let text = expanded::<Llm>(quote!(), item);
            assert!(text.contains("missing key `model`") && mistakes(&text) == 1, "{text}");
        }
    }

    #[test]
    fn labels_of_a_family_can_be_overridden_by_function() {
        let item = quote! {
            impl A {
                #[track(index = Index::Code, crate = my::metrics)]
                fn a(&self) {}
                #[track()]
                fn b() {}
            }
        };
        let text = expanded::<General>(quote!(Lookup, index = Index::Docs), item);
        let overridden =
            "# [my :: metrics :: track (Lookup , index = Index :: Code , crate = my :: metrics ,)]";
        assert!(text.contains(overridden), "{text}");
        assert_eq!(arguments(&text), ["Lookup , index = Index :: Docs ,"]);
    }

    #[test]
    fn every_mistake_is_reported_and_the_block_stays() {
        let text = expanded::<Tool>(
            quote!(timeou = "5s", metrics),
            quote! {
                #[track_task]
                impl A {
                    #[track(skip)]
                    const B: u8 = 0;
                    #[track(skip, skip = 1, timeout = "5s")]
                    fn a(&self) {}
                    #[track(tool_nam = "x", timeout = "soon", tool_name = "a")]
                    #[track(tool_name = "b")]
                    fn b(&self) {}
                    #[track = 1]
                    const fn c(&self) {}
                    #[track(skip)]
                    #[track_llm(model = "m")]
                    fn d(&self) {}
                    #[track(skp)]
                    fn e(&self) {}
                }
            },
        );
        for mistake in [
            "unknown key `timeou`, expected one of",
            "missing value, write `metrics = ..`",
            "already has `#[track_tool]`",
            "unused `skip`: only a function can be tracked",
            "repeated key `skip`",
            "unknown word `skp`, expected `skip`; did you mean `skip`?",
            "unused `timeout`: `skip` leaves the function as it is",
            "did you mean `tool_name`?",
            "invalid duration `soon`",
            "repeated key `tool_name`",
            "expected `#[track(..)]`",
            "write `#[track(skip)]` on it",
            "unused `skip`: another attribute already tracks this function",
        ] {
            assert!(text.contains(mistake), "{mistake}\n{text}");
        }
        assert_eq!(mistakes(&text), 13, "{text}");
        let kept =
            "# [track_task] impl A { const B : u8 = 0 ; fn a (& self) { } fn b (& self) { } const fn c";
        assert!(text.starts_with(kept), "{text}");
    }

    #[test]
    fn a_block_without_methods_is_a_mistake() {
        for item in [
            quote!(impl A {}),
            quote!(impl A { fn new() {} }),
            quote!(impl A { #[track(skip)] fn a(&self) {} }),
        ] {
            let text = expanded::<Tool>(quote!(), item);
            assert!(text.contains("finds no method to measure"), "{text}");
        }
    }
}
