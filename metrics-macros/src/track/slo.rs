//! `slo(..)`: the objectives of a function's calls.

use proc_macro2::TokenStream;
use quote::quote;

use crate::args::{DurationLiteral, Entry, Percent, entries};
use crate::diagnostics::Errors;
use crate::slot::{Slot, Value, fill};

/// The default of `percentile`, in percent.
const PERCENTILE: f64 = 95.0;

/// The objectives of a function, at least one.
pub(crate) struct Slo {
    availability: Option<Percent>,
    latency: Option<(DurationLiteral, f64)>,
}

impl Value for Slo {
    fn read(entry: &Entry) -> syn::Result<Self> {
        let missing = |why| {
            let example = "write `slo(availability = 99.9, latency = \"5s\", percentile = 95)`";
            Err(syn::Error::new(entry.key.span(), format!("{why}, {example}")))
        };
        let Some(nested) = &entry.nested else { return missing("missing objectives") };
        let mut errors = Errors::default();
        let (mut availability, mut latency) =
            (Slot::<Percent>::new("availability"), Slot::<DurationLiteral>::new("latency"));
        let mut percentile = Slot::<Percent>::new("percentile");
        let found = entries(nested.clone(), &mut errors);
        fill(&found, &mut [&mut availability, &mut latency, &mut percentile], &mut errors);
        if percentile.is_seen() && !latency.is_seen() {
            let key = found.iter().find(|entry| entry.key == "percentile").map(|entry| entry.key.span());
            errors.push(key.unwrap_or_else(|| entry.key.span()), "a `percentile` needs a `latency`");
        }
        let is_empty = !availability.is_seen() && !latency.is_seen() && !percentile.is_seen();
        errors.into_result()?;
        if is_empty {
            return missing("no objective");
        }
        let percentile = percentile.into_value().map_or(PERCENTILE, |Percent(number)| number);
        let latency = latency.into_value().map(|limit| (limit, percentile));
        Ok(Self { availability: availability.into_value(), latency })
    }
}

impl Slo {
    /// Returns the constant expression that creates the objectives, where `__rt` is the runtime.
    pub(super) fn tokens(&self) -> TokenStream {
        let availability = self.availability.as_ref().map(|Percent(percent)| quote!(.availability(#percent)));
        let latency = self.latency.as_ref().map(|(limit, percentile)| {
            let limit = limit.tokens();
            quote!(.latency(#limit, #percentile))
        });
        quote!(__rt::Slo::new() #availability #latency)
    }
}
