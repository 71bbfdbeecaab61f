//! `#[track_step]`: one step of a task.

use proc_macro2::TokenStream;
use syn::Path;

use super::docs;
use super::shared::LAST;
use super::signature::Function;
use super::{Naming, Plan, Preset, Subject};
use crate::args::{Flag, Switch, crate_path, crate_slot, entries};
use crate::diagnostics::Errors;
use crate::slot::{Slot, fill};

/// The keys as they were written.
pub(crate) struct Step {
    krate: Slot<Path>,
    last: Slot<Flag>,
    docs: Slot<Switch>,
}

impl Preset for Step {
    const NAME: &'static str = "track_step";
    const NAMING: Naming = Naming::Nothing;

    fn parse(args: TokenStream, errors: &mut Errors) -> Self {
        let (mut krate, mut last, mut docs) = (crate_slot(), Slot::hidden(LAST), Slot::new("docs"));
        fill(&entries(args, errors), &mut [&mut krate, &mut docs, &mut last], errors);
        Self { krate, last, docs }
    }

    fn is_last(&self) -> bool {
        self.last.value().is_some()
    }

    fn crate_path(&self) -> Option<&Path> {
        self.krate.value()
    }

    fn validate(self, _: &Function, _: &mut Errors) -> Option<Plan> {
        Some(Plan {
            krate: crate_path(self.krate.into_value()),
            metrics: None,
            timeout: None,
            slo: None,
            streams: false,
            docs: self.docs.into_value().map_or_else(docs::wanted, |Switch(wanted)| wanted),
            subject: Subject::Step,
        })
    }
}
