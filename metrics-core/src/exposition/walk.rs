//! All families of a registry, one after another by name: ours as they are, without an intermediate
//! tree, and between them whatever else is in the registry.

use std::sync::Arc;

use prometheus::proto::MetricFamily;

use super::foreign::{self, Gathered};
use super::writer::{FamilyVisitor, Head};
use crate::name::MetricKind;
use crate::registry::{Registry, collector};
use crate::sample::{FamilyInfo, Source};

/// Where an exposition has got to. It takes one step after another, so that who sends it can wait
/// between two.
pub(crate) struct Walk {
    families: Vec<Family>,
    at: usize,
    part: usize,
}

struct Family {
    name: String,
    of: Of,
}

enum Of {
    Ours(Arc<dyn Source>, usize),
    Others(Gathered),
}

impl Walk {
    /// Of what is registered now.
    pub(crate) fn new(registry: &Registry) -> Self {
        let outer = registry.outer();
        let mut families = Vec::new();
        for source in registry.sources() {
            families.extend(source.families().iter().enumerate().map(|(number, info)| Family {
                name: outer.name(&info.name),
                of: Of::Ours(source.clone(), number),
            }));
        }
        let others = collector::gather_others(registry.prometheus());
        let (legal, others): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|family| foreign::is_legal(family.name()));
        families.extend(
            legal.into_iter().map(|gathered| Family::of_others(gathered.name().to_owned(), gathered)),
        );
        for gathered in others {
            let is_taken = |name: &str| families.iter().any(|family| family.name == name);
            families.push(Family::of_others(foreign::free_name(gathered.name(), is_taken), gathered));
        }
        families.sort_by(|left, right| left.name.cmp(&right.name));
        Self { families, at: 0, part: 0 }
    }

    /// The kinds and names of all.
    pub(super) fn names(&self) -> impl Iterator<Item = (MetricKind, &str)> {
        self.families.iter().map(|family| (family.head().kind, family.name.as_str()))
    }

    /// Writes the next part of a family, at most some 64 series of ours. Gives `false` when there are none left.
    pub(crate) fn step(&mut self, writer: &mut dyn FamilyVisitor) -> bool {
        let Some(family) = self.families.get(self.at) else { return false };
        if self.part == 0 {
            writer.open(&family.head());
        }
        let parts = match &family.of {
            Of::Ours(source, number) => {
                source.visit_part(*number, self.part, writer);
                source.parts(*number)
            }
            Of::Others(gathered) => {
                gathered.write(writer);
                1
            }
        };
        self.part += 1;
        if self.part >= parts {
            writer.close();
            (self.at, self.part) = (self.at + 1, 0);
        }
        true
    }
}

impl Family {
    fn of_others(name: String, gathered: MetricFamily) -> Self {
        Self { name, of: Of::Others(Gathered(gathered)) }
    }

    fn head(&self) -> Head<'_> {
        let name = &*self.name;
        match &self.of {
            Of::Ours(source, number) => {
                let info = &source.families()[*number];
                let FamilyInfo { kind, unit, help, otel, .. } = info;
                Head { name, kind: *kind, unit: *unit, help, otel: *otel, gathered: false }
            }
            Of::Others(gathered) => {
                let help = gathered.0.help();
                Head { name, kind: gathered.kind(), unit: None, help, otel: None, gathered: true }
            }
        }
    }
}
