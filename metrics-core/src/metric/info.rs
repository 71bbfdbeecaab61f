//! Infos: facts about a program that do not change while it runs.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::label::{Labels, RenderedLabels};
use crate::name::{InvalidName, label_name};
use crate::sample::{FamilyInfo, Number, Source, Visitor};

/// Facts as labels of a sample that is always 1; its name ends in `_info`.
#[derive(Clone)]
pub struct Info(pub(crate) Arc<Facts>);

pub(crate) struct Facts {
    info: [FamilyInfo; 1],
    labels: Mutex<Option<RenderedLabels>>,
    /// Labels that the registry adds.
    outer_labels: OnceLock<Box<[String]>>,
}

impl Info {
    pub(crate) fn new(info: FamilyInfo) -> Self {
        Self(Arc::new(Facts { info: [info], labels: Mutex::new(None), outer_labels: OnceLock::new() }))
    }

    /// States the facts, in place of those stated before.
    ///
    /// # Errors
    /// A name that is no label, is repeated, or is that of a constant label of the registry; the facts
    /// stay as they were.
    pub fn set(&self, facts: &[(&str, &str)]) -> Result<(), InvalidFact> {
        let outer = self.0.outer_labels.get().map(AsRef::as_ref).unwrap_or_default();
        for (at, (name, _)) in facts.iter().enumerate() {
            let fault = if facts[..at].iter().any(|(earlier, _)| earlier == name) {
                Err(InvalidName("repeated label name"))
            } else if outer.iter().any(|label| label == name) {
                Err(InvalidName("the registry has a constant label of that name; give the fact another"))
            } else {
                label_name(name)
            };
            fault.map_err(|fault| InvalidFact { name: (*name).to_owned(), why: fault.0 })?;
        }
        let labels = RenderedLabels::new(facts.iter().copied());
        *self.0.labels.lock().unwrap_or_else(PoisonError::into_inner) = Some(labels);
        Ok(())
    }
}

impl Source for Facts {
    fn families(&self) -> &[FamilyInfo] {
        &self.info
    }

    fn joined(&self, outer_labels: &[String]) {
        let _ = self.outer_labels.set(outer_labels.into());
    }

    fn visit_part(&self, _: usize, _: usize, visitor: &mut dyn Visitor) {
        let labels = self.labels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(labels) = &*labels {
            visitor.sample(Labels::new(labels), Number::Integer(1));
        }
    }
}

/// A fact whose name cannot be a label.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct InvalidFact {
    /// The name as given.
    pub name: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl std::fmt::Display for InvalidFact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "fact `{}`: {}", self.name, self.why)
    }
}

impl std::error::Error for InvalidFact {}
