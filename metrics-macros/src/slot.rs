//! Typed slots: each holds what one key may say, and refuses a second saying.

use proc_macro2::Span;

use crate::args::Entry;
use crate::diagnostics::{Errors, unknown};

/// What the value of a key is read into.
pub(crate) trait Value: Sized {
    fn read(entry: &Entry) -> syn::Result<Self>;
}

/// The place of one key.
pub(crate) struct Slot<T> {
    key: &'static str,
    hidden: bool,
    seen: bool,
    value: Option<T>,
}

impl<T> Slot<T> {
    pub(crate) fn new(key: &'static str) -> Self {
        Self { key, hidden: false, seen: false, value: None }
    }

    /// A key that messages don't offer: it's written by this crate, not by users.
    pub(crate) fn hidden(key: &'static str) -> Self {
        Self { hidden: true, ..Self::new(key) }
    }

    pub(crate) fn into_value(self) -> Option<T> {
        self.value
    }

    pub(crate) fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// Whether the key was written, rightly or not.
    pub(crate) fn is_seen(&self) -> bool {
        self.seen
    }

    /// The value of a key that has to be there; `at` is where its absence is reported.
    pub(crate) fn require(self, at: Span, errors: &mut Errors) -> Option<T> {
        if !self.seen {
            errors.push(at, missing(self.key));
        }
        self.value
    }
}

/// The message for a key that has to be there and isn't.
pub(crate) fn missing(key: &str) -> String {
    format!("missing key `{key}`")
}

/// A slot of any type, as the list of an attribute's keys sees it.
pub(crate) trait Fill {
    fn key(&self) -> &'static str;
    fn hidden(&self) -> bool;
    fn fill(&mut self, entry: &Entry, errors: &mut Errors);
}

impl<T: Value> Fill for Slot<T> {
    fn key(&self) -> &'static str {
        self.key
    }

    fn hidden(&self) -> bool {
        self.hidden
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

/// Puts every entry into the slot of its key and reports the ones without a slot.
pub(crate) fn fill(entries: &[Entry], slots: &mut [&mut dyn Fill], errors: &mut Errors) {
    for entry in fill_known(entries, slots, errors) {
        let known = slots.iter().filter(|slot| !slot.hidden()).map(|slot| slot.key());
        errors.push(entry.key.span(), unknown("key", &entry.name(), known));
    }
}

/// Puts every entry into the slot of its key and gives back the ones without a slot.
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
    fn one_attribute_reports_all_its_mistakes() {
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
    fn a_hidden_key_is_not_offered() {
        let mut errors = Errors::default();
        let found = entries(quote!(x), &mut errors);
        let mut shown = Slot::<Text>::new("name");
        let mut hidden = Slot::<Text>::hidden("__last");
        fill(&found, &mut [&mut shown, &mut hidden], &mut errors);
        assert_eq!(errors.messages(), ["unknown key `x`, expected `name`"]);
    }
}
