//! The registry of an instance: the `prometheus::Registry` and the sources of the families that this crate has in it.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use self::collector::{FamilyCollector, RegistryAdditions};
use crate::error::RegisterError;
use crate::sample::{FamilyInfo, Source};

pub(crate) mod collector;

/// The `prometheus::Registry` of an instance, with the sources registered in it.
pub(crate) struct Registry {
    prometheus: prometheus::Registry,
    additions: RegistryAdditions,
    sources: RwLock<Vec<Arc<dyn Source>>>,
    /// Held while families are registered.
    registering: Mutex<()>,
}

impl Registry {
    pub(crate) fn new(prometheus: prometheus::Registry) -> Self {
        Self {
            additions: RegistryAdditions::probe(&prometheus),
            prometheus,
            sources: RwLock::default(),
            registering: Mutex::default(),
        }
    }

    pub(crate) fn prometheus(&self) -> &prometheus::Registry {
        &self.prometheus
    }

    /// The prefix and the labels that the `prometheus` registry adds.
    pub(crate) fn additions(&self) -> &RegistryAdditions {
        &self.additions
    }

    /// The sources that are registered now.
    pub(crate) fn sources(&self) -> Vec<Arc<dyn Source>> {
        self.sources.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The families of all sources, sorted by name.
    pub(crate) fn families(&self) -> Vec<FamilyInfo> {
        let mut families: Vec<_> =
            self.sources().iter().flat_map(|source| families_with_caps(&**source)).collect();
        families.sort_by(|left, right| left.name.cmp(&right.name));
        families
    }

    /// Registers the families of some sources. If one is refused, none is registered.
    pub(crate) fn register(&self, new: &[Arc<dyn Source>]) -> Result<(), RegisterError> {
        let _registering = self.registering.lock().unwrap_or_else(PoisonError::into_inner);
        self.check(new)?;
        let mut registered: Vec<FamilyCollector> = Vec::new();
        for source in new {
            for family in 0..source.families().len() {
                let family_collector = FamilyCollector::new(source.clone(), family);
                if let Err(error) = collector::register(&self.prometheus, &family_collector) {
                    for family_collector in registered {
                        collector::unregister(&self.prometheus, family_collector);
                    }
                    return Err(self.explain_refusal(&source.families()[family], error));
                }
                registered.push(family_collector);
            }
        }
        for source in new {
            source.set_registry_labels(self.additions.label_names());
        }
        self.sources.write().unwrap_or_else(PoisonError::into_inner).extend_from_slice(new);
        Ok(())
    }

    /// Removes the families of all sources from the `prometheus` registry.
    pub(crate) fn withdraw(&self) {
        for source in self.sources() {
            for family in 0..source.families().len() {
                collector::unregister(&self.prometheus, FamilyCollector::new(source.clone(), family));
            }
        }
    }

    /// Explains why the `prometheus` registry refused a family. Most often it already has one of that name.
    fn explain_refusal(&self, info: &FamilyInfo, message: String) -> RegisterError {
        let name = self.additions.name(&info.name);
        let foreign = collector::gather_foreign(&self.prometheus);
        match foreign.iter().find(|family| *family.name() == name) {
            Some(existing) => RegisterError::Duplicate {
                name,
                labels: owned(&info.labels),
                existing_labels: self.additions.labels_without_additions(existing),
            },
            None => RegisterError::Registry { family: name, labels: owned(&info.labels), message },
        }
    }

    /// Checks the families of new sources against each other, the registered ones and the labels of the registry.
    fn check(&self, new: &[Arc<dyn Source>]) -> Result<(), RegisterError> {
        let mut families = self.families();
        for info in new.iter().flat_map(|source| source.families()) {
            if let Some(existing) = families.iter().find(|existing| existing.name == info.name) {
                return Err(RegisterError::Duplicate {
                    name: info.name.clone(),
                    labels: owned(&info.labels),
                    existing_labels: owned(&existing.labels),
                });
            }
            if let Some(label) = self.additions.collision(&info.labels) {
                return Err(RegisterError::LabelCollision { label, family: info.name.clone() });
            }
            families.push(info.clone());
        }
        Ok(())
    }
}

/// Returns the families of a source with the caps of their labels.
fn families_with_caps(source: &dyn Source) -> Vec<FamilyInfo> {
    let caps = source.interners();
    let cap_of = |label: &str| {
        let (.., values) = caps.iter().find(|(_, bounded, _)| *bounded == label)?;
        Some(values.slots() - 1)
    };
    source.families().iter().map(|family| family.clone().with_caps(cap_of)).collect()
}

fn owned(labels: &[&str]) -> Vec<String> {
    labels.iter().map(|label| (*label).to_owned()).collect()
}
