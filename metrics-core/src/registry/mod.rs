//! The registry: it owns the `prometheus::Registry` and knows every family of ours in it.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use self::collector::{Exported, RegistryAdditions};
use crate::error::RegisterError;
use crate::sample::{FamilyInfo, Source};

pub(crate) mod collector;

pub(crate) struct Registry {
    prometheus: prometheus::Registry,
    /// What it adds to every name and sample.
    outer: RegistryAdditions,
    sources: RwLock<Vec<Arc<dyn Source>>>,
    /// Held while families are registered.
    registering: Mutex<()>,
}

impl Registry {
    pub(crate) fn new(prometheus: prometheus::Registry) -> Self {
        Self {
            outer: RegistryAdditions::of(&prometheus),
            prometheus,
            sources: RwLock::default(),
            registering: Mutex::default(),
        }
    }

    pub(crate) fn prometheus(&self) -> &prometheus::Registry {
        &self.prometheus
    }

    pub(crate) fn outer(&self) -> &RegistryAdditions {
        &self.outer
    }

    /// What is registered now.
    pub(crate) fn sources(&self) -> Vec<Arc<dyn Source>> {
        self.sources.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Every family of ours, by name.
    pub(crate) fn families(&self) -> Vec<FamilyInfo> {
        let mut families: Vec<_> = self.sources().iter().flat_map(|source| described(&**source)).collect();
        families.sort_by(|left, right| left.name.cmp(&right.name));
        families
    }

    /// Registers the families of some sources: all of them, or none.
    pub(crate) fn register(&self, new: &[Arc<dyn Source>]) -> Result<(), RegisterError> {
        let _registering = self.registering.lock().unwrap_or_else(PoisonError::into_inner);
        self.check(new)?;
        let mut registered: Vec<Exported> = Vec::new();
        for source in new {
            for family in 0..source.families().len() {
                let exported = Exported::new(source.clone(), family);
                if let Err(error) = collector::register(&self.prometheus, &exported) {
                    for exported in registered {
                        collector::unregister(&self.prometheus, exported);
                    }
                    return Err(self.refused(&source.families()[family], error));
                }
                registered.push(exported);
            }
        }
        for source in new {
            source.set_registry_labels(self.outer.label_names());
        }
        self.sources.write().unwrap_or_else(PoisonError::into_inner).extend_from_slice(new);
        Ok(())
    }

    /// Takes all families of ours out of the `prometheus` registry again.
    pub(crate) fn withdraw(&self) {
        for source in self.sources() {
            for family in 0..source.families().len() {
                collector::unregister(&self.prometheus, Exported::new(source.clone(), family));
            }
        }
    }

    /// Why the `prometheus` registry refused a family: most often it holds one of that name.
    fn refused(&self, info: &FamilyInfo, message: String) -> RegisterError {
        let name = self.outer.name(&info.name);
        let others = collector::gather_others(&self.prometheus);
        match others.iter().find(|other| *other.name() == name) {
            Some(other) => RegisterError::Duplicate {
                name,
                labels: owned(&info.labels),
                existing_labels: self.outer.own_labels(other),
            },
            None => RegisterError::Registry { family: name, labels: owned(&info.labels), message },
        }
    }

    fn check(&self, new: &[Arc<dyn Source>]) -> Result<(), RegisterError> {
        let mut known = self.families();
        for info in new.iter().flat_map(|source| source.families()) {
            if let Some(existing) = known.iter().find(|existing| existing.name == info.name) {
                return Err(RegisterError::Duplicate {
                    name: info.name.clone(),
                    labels: owned(&info.labels),
                    existing_labels: owned(&existing.labels),
                });
            }
            if let Some(label) = self.outer.collision(&info.labels) {
                return Err(RegisterError::LabelCollision { label, family: info.name.clone() });
            }
            known.push(info.clone());
        }
        Ok(())
    }
}

/// The families of a source, with the caps of their labels.
fn described(source: &dyn Source) -> Vec<FamilyInfo> {
    let caps = source.interners();
    let cap_of = |label: &str| {
        let (.., values) = caps.iter().find(|(_, capped, _)| *capped == label)?;
        Some(values.slots() - 1)
    };
    source.families().iter().map(|family| family.clone().with_caps(cap_of)).collect()
}

fn owned(labels: &[&str]) -> Vec<String> {
    labels.iter().map(|label| (*label).to_owned()).collect()
}
