//! The walk over all families of a registry, sorted by name. Sources show their families directly to the writer; the
//! families of foreign collectors are gathered first.

use std::sync::Arc;

use prometheus::proto::MetricFamily;

use super::foreign::{self, Gathered};
use super::writer::{FamilyVisitor, Head};
use crate::name::MetricKind;
use crate::registry::Registry;
use crate::sample::{FamilyInfo, Source};

/// The position of an exposition in the families of a registry. It advances in steps, so that a response can be sent
/// in chunks.
pub(crate) struct Walk {
    families: Vec<WalkedFamily>,
    at: usize,
    part: usize,
}

struct WalkedFamily {
    name: String,
    origin: Origin,
}

enum Origin {
    /// A family of a source, by its number there.
    Source(Arc<dyn Source>, usize),
    /// A family of a foreign collector.
    Foreign(Gathered),
}

impl Walk {
    /// Creates a walk over the families that are registered now.
    pub(crate) fn new(registry: &Registry) -> Self {
        let additions = registry.additions();
        let mut families = Vec::new();
        for source in registry.sources() {
            families.extend(source.families().iter().enumerate().map(|(number, info)| WalkedFamily {
                name: additions.name(&info.name),
                origin: Origin::Source(source.clone(), number),
            }));
        }
        let foreign = registry.gather_foreign();
        let (valid, invalid): (Vec<_>, Vec<_>) =
            foreign.into_iter().partition(|family| foreign::is_valid_name(family.name()));
        families.extend(
            valid.into_iter().map(|gathered| WalkedFamily::foreign(gathered.name().to_owned(), gathered)),
        );
        for gathered in invalid {
            let is_taken = |name: &str| families.iter().any(|family| family.name == name);
            families.push(WalkedFamily::foreign(foreign::free_name(gathered.name(), is_taken), gathered));
        }
        families.sort_by(|left, right| left.name.cmp(&right.name));
        Self { families, at: 0, part: 0 }
    }

    /// The kinds and names of all families.
    pub(super) fn names(&self) -> impl Iterator<Item = (MetricKind, &str)> {
        self.families.iter().map(|family| (family.head().kind, family.name.as_str()))
    }

    /// Writes the next part of a family, at most about 64 series of a source. Returns `false` when all are written.
    pub(crate) fn step(&mut self, writer: &mut dyn FamilyVisitor) -> bool {
        let Some(family) = self.families.get(self.at) else { return false };
        if self.part == 0 {
            writer.open(&family.head());
        }
        let parts = match &family.origin {
            Origin::Source(source, number) => {
                source.visit_part(*number, self.part, writer);
                source.parts(*number)
            }
            Origin::Foreign(gathered) => {
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

impl WalkedFamily {
    fn foreign(name: String, gathered: MetricFamily) -> Self {
        Self { name, origin: Origin::Foreign(Gathered(gathered)) }
    }

    fn head(&self) -> Head<'_> {
        let name = &*self.name;
        match &self.origin {
            Origin::Source(source, number) => {
                let info = &source.families()[*number];
                let FamilyInfo { kind, unit, help, otel, .. } = info;
                Head { name, kind: *kind, unit: *unit, help, otel: *otel, gathered: false }
            }
            Origin::Foreign(gathered) => {
                let help = gathered.0.help();
                Head { name, kind: gathered.kind(), unit: None, help, otel: None, gathered: true }
            }
        }
    }
}
