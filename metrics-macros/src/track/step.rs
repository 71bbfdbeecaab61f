//! `#[track_step]`: one step of a task.

use proc_macro2::TokenStream;

use super::docs;
use super::shared::Place;
use super::signature::Function;
use super::{Naming, Plan, Preset, Subject};
use crate::args::{Switch, crate_path, entries};
use crate::diagnostics::Errors;
use crate::slot::{Slot, fill};

/// The keys as they were written.
pub(crate) struct Step {
    place: Place,
    docs: Slot<Switch>,
}

impl Preset for Step {
    const NAME: &'static str = "track_step";
    const NAMING: Naming = Naming::Nothing;

    fn parse(args: TokenStream, errors: &mut Errors) -> Self {
        let (mut place, mut docs) = (Place::new(), Slot::new("docs"));
        let Place { krate, last } = &mut place;
        fill(&entries(args, errors), &mut [krate, &mut docs, last], errors);
        Self { place, docs }
    }

    fn place(&self) -> &Place {
        &self.place
    }

    fn validate(self, _: &Function, _: &mut Errors) -> Option<Plan> {
        Some(Plan {
            krate: crate_path(self.place.krate.into_value()),
            metrics: None,
            timeout: None,
            slo: None,
            streams: false,
            docs: self.docs.into_value().map_or_else(docs::wanted, |Switch(wanted)| wanted),
            dimensions: None,
            purse: None,
            subject: Subject::Step,
        })
    }
}
