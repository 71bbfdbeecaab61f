//! `dimensions(..)`: the dimension values of a call.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Expr, Token};

use crate::args::Entry;
use crate::container::at;
use crate::slot::Value;

/// The name of the key.
pub(crate) const DIMENSIONS: &str = "dimensions";

/// The maximum number of dimensions of an instance.
const MAX_DIMENSIONS: usize = 2;

/// One or two values of different enums. The enum of a value determines its dimension.
pub(crate) struct Dimensions(Vec<Expr>);

impl Value for Dimensions {
    fn read(entry: &Entry) -> syn::Result<Self> {
        const EXAMPLE: &str = "write `dimensions(tier)` or `dimensions(tier, region)`";
        let Some(nested) = &entry.nested else {
            return Err(syn::Error::new(entry.key.span(), format!("missing values, {EXAMPLE}")));
        };
        let values = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(nested.clone())?;
        match values.iter().nth(MAX_DIMENSIONS) {
            Some(extra) => {
                Err(syn::Error::new(extra.span(), format!("at most two dimensions are allowed, {EXAMPLE}")))
            }
            None if values.is_empty() => {
                Err(syn::Error::new(entry.key.span(), format!("no value, {EXAMPLE}")))
            }
            None => Ok(Self(values.into_iter().collect())),
        }
    }
}

impl Dimensions {
    /// Returns the expressions of the values.
    pub(super) fn values(&self) -> &[Expr] {
        &self.0
    }

    /// Returns the method call that sets the dimensions of a call, where `__rt` is the runtime.
    pub(super) fn tokens(&self) -> TokenStream {
        let values = self
            .0
            .iter()
            .map(|value| quote_spanned!(at(value.span())=> __rt::DimensionValue::new(&(#value))));
        quote::quote!(.in_dimensions(&[#(#values),*]))
    }
}
