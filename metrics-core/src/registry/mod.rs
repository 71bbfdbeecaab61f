//! The registry of an instance: the `prometheus::Registry` and the sources of the families that this crate has in it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use prometheus::proto::MetricFamily;

use self::collector::{FamilyCollector, RegistryAdditions};
use crate::error::RegisterError;
use crate::faults::FaultReporter;
use crate::name::{claimed_names, sample_names};
use crate::sample::{FamilyInfo, Source};

pub(crate) mod collector;

/// The `prometheus::Registry` of an instance, with the sources registered in it.
pub(crate) struct Registry {
    prometheus: prometheus::Registry,
    additions: RegistryAdditions,
    sources: RwLock<Vec<Arc<dyn Source>>>,
    /// Held while families are registered.
    registering: Mutex<()>,
    gathers: Mutex<Gathers>,
    faults: Arc<FaultReporter>,
}

/// The gathers of foreign collectors that are under way.
///
/// The `prometheus` registry is locked while it is gathered, and a collector in it can be slow, or use a family for the
/// first time. Registering must not wait for that. So a family that is registered meanwhile is exposed from then on, and is
/// added to the `prometheus` registry when no gather is under way any more.
#[derive(Default)]
struct Gathers {
    running: usize,
    pending: Vec<FamilyCollector>,
}

impl Registry {
    pub(crate) fn new(prometheus: prometheus::Registry, faults: Arc<FaultReporter>) -> Self {
        Self {
            additions: RegistryAdditions::probe(&prometheus),
            prometheus,
            sources: RwLock::default(),
            registering: Mutex::default(),
            gathers: Mutex::default(),
            faults,
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
        let numbered = |source: &Arc<dyn Source>| {
            let source = source.clone();
            (0..source.families().len()).map(move |family| FamilyCollector::new(source.clone(), family))
        };
        self.add(new.iter().flat_map(numbered).collect())?;
        for source in new {
            source.set_registry_labels(self.additions.label_names());
        }
        self.sources.write().unwrap_or_else(PoisonError::into_inner).extend_from_slice(new);
        Ok(())
    }

    /// Adds collectors to the `prometheus` registry, or to those that are pending. If one is refused, none is added.
    fn add(&self, collectors: Vec<FamilyCollector>) -> Result<(), RegisterError> {
        let refused = {
            let mut gathers = self.gathers.lock().unwrap_or_else(PoisonError::into_inner);
            if gathers.running > 0 && collectors.iter().all(FamilyCollector::is_valid) {
                gathers.pending.extend(collectors);
                None
            } else {
                collector::register_all(&self.prometheus, collectors).err()
            }
        };
        let Some(refused) = refused else { return Ok(()) };
        let (collector, message) = *refused;
        Err(self.explain_refusal(collector.info(), message))
    }

    /// Gathers the families of foreign collectors, sorted by name, without those that have a sample name of a family of this
    /// crate. If a collector panics, the gather returns nothing; the panic is counted and reported.
    pub(crate) fn gather_foreign(&self) -> Vec<MetricFamily> {
        self.gathers.lock().unwrap_or_else(PoisonError::into_inner).running += 1;
        let gathered = self.faults.caught(|| collector::gather_foreign(&self.prometheus));
        let mut gathers = self.gathers.lock().unwrap_or_else(PoisonError::into_inner);
        gathers.running -= 1;
        if gathers.running == 0 {
            for collector in std::mem::take(&mut gathers.pending) {
                // A family that the registry refuses is exposed all the same: the foreign one of its name is left out.
                let _ = collector::register_all(&self.prometheus, vec![collector]);
            }
        }
        drop(gathers);
        self.without_collisions(gathered.unwrap_or_default())
    }

    /// Removes the foreign families that have a sample name of a family of this crate.
    fn without_collisions(&self, mut foreign: Vec<MetricFamily>) -> Vec<MetricFamily> {
        if foreign.is_empty() {
            return foreign;
        }
        let sources = self.sources();
        let own: HashMap<String, &str> = sources
            .iter()
            .flat_map(|source| source.families())
            .flat_map(|info| {
                let names = sample_names(info.kind, &self.additions.name(&info.name));
                names.into_iter().map(|sample| (sample, info.name.as_str()))
            })
            .collect();
        foreign.retain(|family| {
            let samples = sample_names(collector::kind(family), family.name());
            let taken = samples.into_iter().find_map(|sample| Some((*own.get(&sample)?, sample)));
            if let Some((existing, sample)) = &taken {
                self.faults.family_skipped(family.name(), sample, existing);
            }
            taken.is_none()
        });
        foreign
    }

    /// Removes the families of all sources from the `prometheus` registry.
    pub(crate) fn withdraw(&self) {
        self.gathers.lock().unwrap_or_else(PoisonError::into_inner).pending.clear();
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
        let mut claimed: HashMap<String, String> = HashMap::new();
        for info in &families {
            claimed.extend(
                claimed_names(info.kind, &info.name).into_iter().map(|name| (name, info.name.clone())),
            );
        }
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
            for name in claimed_names(info.kind, &info.name) {
                if let Some(existing) = claimed.insert(name.clone(), info.name.clone())
                    && existing != info.name
                {
                    return Err(RegisterError::NameCollision { family: info.name.clone(), existing, name });
                }
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
