//! OpenTelemetry's GenAI conventions: the same calls under their names, units, buckets and attributes.
//!
//! They are counted in cells of their own, since their buckets are others, and only where a profile is asked for.

mod cells;
mod family;

use std::cell::RefCell;
use std::sync::Arc;

use super::Table;
use super::llm::CallFacts;
use crate::catalogue::FamilyInfo;
use crate::label::Interner;
use crate::metric::{Extras, HistogramShape};
use crate::status::Status;
use crate::visit::{Source, Visitor};
use cells::{Agent, Inference, SEPARATOR, Tool};
use family::Family;
pub use family::Profile;

pub(crate) struct Otel {
    inferences: Table<Inference>,
    agents: Table<Agent>,
    tools: Table<Tool>,
    shapes: Shapes,
    families: Vec<Family>,
    infos: Vec<FamilyInfo>,
}

/// The histograms.
struct Shapes {
    duration: HistogramShape,
    agent_duration: HistogramShape,
    tokens: HistogramShape,
    calls: HistogramShape,
}

/// Combinations of attributes that have series of their own; further ones are `__other__`.
const CAP: usize = 1024;

/// The operation of calls that don't say theirs.
const CHAT: &str = "chat";

/// A required attribute that nobody gave.
const UNKNOWN: &str = "_OTHER";

thread_local! {
    /// Where keys are put together.
    static KEY: RefCell<String> = const { RefCell::new(String::new()) };
}

impl Otel {
    /// For the profiles that are asked for, if any is.
    pub(crate) fn new(profiles: &[Profile], extras: &Extras) -> Option<Self> {
        let mut families: Vec<Family> = Vec::new();
        for family in profiles.iter().flat_map(|profile| profile.families()) {
            if !families.contains(family) {
                families.push(*family);
            }
        }
        if families.is_empty() {
            return None;
        }
        Some(Self {
            inferences: Table::new(CAP),
            agents: Table::new(CAP),
            tools: Table::new(CAP),
            shapes: Shapes {
                duration: HistogramShape::ticks(&family::DURATION).with(extras),
                agent_duration: HistogramShape::ticks(&family::AGENT_DURATION).with(extras),
                tokens: HistogramShape::whole_numbers(&family::TOKENS).with(extras),
                calls: HistogramShape::whole_numbers(&family::CALLS).with(extras),
            },
            infos: families.iter().map(|family| extras.info(family.info())).collect(),
            families,
        })
    }

    fn inference(&self, model: &str, facts: &CallFacts) -> &Inference {
        let (provider, operation) = facts.asked();
        let parts =
            [operation.unwrap_or(CHAT), provider.unwrap_or(UNKNOWN), model, facts.served_model.as_str()];
        let slot = slot(&self.inferences, &parts);
        self.inferences.bundle(slot, Inference::new)
    }

    /// A call of a model has ended.
    pub(crate) fn record_llm(&self, model: &str, status: Status, ticks: u64, facts: &CallFacts) {
        self.inference(model, facts).record(&self.shapes, status, ticks, facts);
    }

    /// A chunk of a stream came, so long after the one before.
    pub(crate) fn record_chunk(&self, model: &str, ticks: u64, facts: &CallFacts) {
        self.inference(model, facts).record_chunk(&self.shapes, ticks);
    }

    /// A task has ended.
    pub(crate) fn record_agent(&self, name: &str, status: Status, ticks: u64, inferences: u64, tools: u64) {
        let agent = self.agents.bundle(self.agents.values.slot(name), Agent::new);
        agent.record(&self.shapes, status, ticks, inferences, tools);
    }

    /// A tool has ended that was called by this agent.
    pub(crate) fn record_tool(&self, name: &str, agent: &str, status: Status, ticks: u64) {
        let slot = slot(&self.tools, &[name, agent]);
        self.tools.bundle(slot, Tool::new).record(&self.shapes, status, ticks);
    }

    /// Whether the older profile is exposed, whose duration is of all operations.
    fn has_both(&self) -> bool {
        self.families.contains(&Family::TokenUsage)
    }
}

fn slot<S>(table: &Table<S>, parts: &[&str]) -> usize {
    let key = |key: &mut String| {
        key.clear();
        for (place, part) in parts.iter().enumerate() {
            if place > 0 {
                key.push(SEPARATOR);
            }
            key.push_str(part);
        }
        table.values.slot(key)
    };
    // Out of reach only while the thread's locals are being destroyed.
    KEY.try_with(|shared| key(&mut shared.borrow_mut())).unwrap_or_else(|_| key(&mut String::new()))
}

impl Source for Otel {
    fn families(&self) -> &[FamilyInfo] {
        &self.infos
    }

    fn visit(&self, family: usize, visitor: &mut dyn Visitor) {
        let family = self.families[family];
        match family {
            Family::AgentDuration | Family::AgentInferences | Family::AgentTools => {
                self.agents.iter().for_each(|agent| agent.show(&self.shapes, family, visitor));
            }
            Family::ToolDuration => self.tools.iter().for_each(|tool| tool.show(&self.shapes, visitor)),
            _ => {
                let both = self.has_both();
                self.inferences.iter().for_each(|model| model.show(&self.shapes, family, both, visitor));
            }
        }
    }

    fn interners(&self) -> Vec<(&str, &str, &Arc<Interner>)> {
        // Under the family that every profile has.
        let name = self.infos.iter().find(|info| info.name.contains("duration"));
        name.map(|info| (&*info.name, "gen_ai_request_model", &self.inferences.values)).into_iter().collect()
    }
}
