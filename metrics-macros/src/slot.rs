//! Typed slots: each holds the value of one key and reports a repeated key.

use proc_macro2::Span;

use crate::args::Entry;
use crate::diagnostics::{Errors, unknown_or};

/// A type that the value of a key is parsed into.
pub(crate) trait Value: Sized {
    fn read(entry: &Entry) -> syn::Result<Self>;
}

/// The slot of one key.
pub(crate) struct Slot<T> {
    key: &'static str,
    /// Words that users write instead of the key.
    mistaken: &'static [&'static str],
    hidden: bool,
    seen: bool,
    value: Option<T>,
}

impl<T> Slot<T> {
    pub(crate) fn new(key: &'static str) -> Self {
        Self { key, mistaken: &[], hidden: false, seen: false, value: None }
    }

    /// Creates the slot of a key that error messages do not list, because only this crate writes it.
    pub(crate) fn hidden(key: &'static str) -> Self {
        Self { hidden: true, ..Self::new(key) }
    }

    /// Adds words that users write instead of the key, for which errors suggest the key.
    pub(crate) fn mistaken_for(self, mistaken: &'static [&'static str]) -> Self {
        Self { mistaken, ..self }
    }

    pub(crate) fn into_value(self) -> Option<T> {
        self.value
    }

    pub(crate) fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// Returns true if the key was written, even with an invalid value.
    pub(crate) fn is_seen(&self) -> bool {
        self.seen
    }

    /// Returns the value of a required key. A missing key is reported at `at`.
    pub(crate) fn require(self, at: Span, errors: &mut Errors) -> Option<T> {
        if !self.seen {
            errors.push(at, missing(self.key));
        }
        self.value
    }
}

/// Returns the error message for a missing required key.
pub(crate) fn missing(key: &str) -> String {
    format!("missing key `{key}`")
}

/// A slot whose type is erased, so that one list holds the slots of all keys of an attribute.
pub(crate) trait Fill {
    fn key(&self) -> &'static str;
    fn hidden(&self) -> bool;
    /// Returns true if users write `word` instead of the key.
    fn is_meant_by(&self, word: &str) -> bool;
    fn fill(&mut self, entry: &Entry, errors: &mut Errors);
}

impl<T: Value> Fill for Slot<T> {
    fn key(&self) -> &'static str {
        self.key
    }

    fn hidden(&self) -> bool {
        self.hidden
    }

    fn is_meant_by(&self, word: &str) -> bool {
        self.mistaken.contains(&word)
    }

    fn fill(&mut self, entry: &Entry, errors: &mut Errors) {
        if self.seen {
            errors.push(entry.key.span(), format_args!("repeated key `{}`", self.key));
            return;
        }
        self.seen = true;
        self.value = errors.take(T::read(entry));
    }
}

/// Fills the slots with the entries and reports the entries whose key has no slot.
pub(crate) fn fill(entries: &[Entry], slots: &mut [&mut dyn Fill], errors: &mut Errors) {
    for entry in fill_known(entries, slots, errors) {
        let known = slots.iter().filter(|slot| !slot.hidden()).map(|slot| slot.key());
        let meant = slots.iter().find(|slot| slot.is_meant_by(&entry.name())).map(|slot| slot.key());
        errors.push(entry.key.span(), unknown_or("key", &entry.name(), known, meant));
    }
}

/// Fills the slots with the entries and returns the entries whose key has no slot.
pub(crate) fn fill_known<'e>(
    entries: &'e [Entry],
    slots: &mut [&mut dyn Fill],
    errors: &mut Errors,
) -> Vec<&'e Entry> {
    let mut rest = Vec::new();
    for entry in entries {
        match slots.iter_mut().find(|slot| entry.key == slot.key()) {
            Some(slot) => slot.fill(entry, errors),
            None => rest.push(entry),
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;
    use crate::args::{Text, entries};

    #[test]
    fn all_mistakes_of_an_attribute_are_reported() {
        let mut errors = Errors::default();
        let found = entries(quote!(name = 1, nam = "x", name = "y", help, unit = "s"), &mut errors);
        let (mut name, mut help) = (Slot::<Text>::new("name"), Slot::<Text>::new("help"));
        let mut unit = Slot::<Text>::new("unit");
        fill(&found, &mut [&mut name, &mut help, &mut unit], &mut errors);
        assert_eq!(
            errors.messages(),
            [
                "expected a string literal",
                "repeated key `name`",
                "missing value, write `help = ..`",
                "unknown key `nam`, expected one of `name`, `help`, `unit`; did you mean `name`?",
            ]
        );
        assert_eq!(unit.into_value().expect("a unit").value, "s");
    }

    #[test]
    fn a_hidden_key_is_not_suggested() {
        let mut errors = Errors::default();
        let found = entries(quote!(x), &mut errors);
        let mut shown = Slot::<Text>::new("name");
        let mut hidden = Slot::<Text>::hidden("__last");
        fill(&found, &mut [&mut shown, &mut hidden], &mut errors);
        assert_eq!(errors.messages(), ["unknown key `x`, expected `name`"]);
    }
}
