//! Infos: facts about a program as labels of a sample that is always 1.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::label::{Labels, RenderedLabels};
use crate::name::{InvalidName, label_name};
use crate::sample::{FamilyInfo, Number, Source, Visitor};

/// Facts as labels of a sample that is always 1; its name ends in `_info`.
///
/// A clone is a handle to the same family.
#[derive(Clone)]
pub struct Info(pub(crate) Arc<InfoFamily>);

pub(crate) struct InfoFamily {
    info: [FamilyInfo; 1],
    /// The rendered facts, once they are set.
    labels: Mutex<Option<RenderedLabels>>,
    /// The names of the constant labels that the registry adds to every sample.
    registry_labels: OnceLock<Box<[String]>>,
}

impl std::fmt::Debug for Info {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Info").field("name", &self.0.info[0].name).finish_non_exhaustive()
    }
}

impl Info {
    pub(crate) fn new(info: FamilyInfo) -> Self {
        Self(Arc::new(InfoFamily {
            info: [info],
            labels: Mutex::new(None),
            registry_labels: OnceLock::new(),
        }))
    }

    /// Sets the facts, which replace the earlier ones.
    ///
    /// # Errors
    /// Fails if a name is not a valid label name, is repeated, or is the name of a constant label of the registry.
    /// The earlier facts then stay.
    pub fn set(&self, facts: &[(&str, &str)]) -> Result<(), InvalidFact> {
        let reserved = self.0.registry_labels.get().map(AsRef::as_ref).unwrap_or_default();
        for (at, (name, _)) in facts.iter().enumerate() {
            let fault = if facts[..at].iter().any(|(earlier, _)| earlier == name) {
                Err(InvalidName("repeated label name"))
            } else if reserved.iter().any(|label| label == name) {
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

impl Source for InfoFamily {
    fn families(&self) -> &[FamilyInfo] {
        &self.info
    }

    fn set_registry_labels(&self, names: &[String]) {
        let _ = self.registry_labels.set(names.into());
    }

    fn visit_part(&self, _: usize, _: usize, visitor: &mut dyn Visitor) {
        let labels = self.labels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(labels) = &*labels {
            visitor.sample(Labels::new(labels), Number::Integer(1));
        }
    }
}

/// A fact whose name cannot be a label name.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct InvalidFact {
    /// The name as given.
    pub name: String,
    /// The reason why the name is refused.
    pub why: &'static str,
}

impl std::fmt::Display for InvalidFact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "fact `{}`: {}", self.name, self.why)
    }
}

impl std::error::Error for InvalidFact {}
