//! Calls under the names, units, buckets and attributes of OpenTelemetry's GenAI conventions.
//!
//! These families have their own cells, since their buckets differ from those of the other families. They exist only with
//! [`Builder::profile`](crate::Builder::profile).

mod cells;
mod family;
mod keys;
mod operation;
mod profile;
mod shapes;

use std::sync::Arc;

use super::llm::CallFacts;
use super::{EnabledFamilies, FamilyId as _, Settings};
use crate::label::Interner;
use crate::metric::HistogramShape;
use crate::sample::{FamilyInfo, Source, Visitor};
use crate::status::Status;
use cells::{Agent, ModelCalls, Tool};
pub(super) use family::OtelFamily;
#[cfg(feature = "otlp")]
pub(crate) use family::attribute_name;
use family::{AGENT, REQUEST_MODEL, RESPONSE_MODEL, TOOL};
use keys::Keyed;
pub(super) use operation::infers;
pub use profile::Profile;
use shapes::Shapes;

pub(crate) struct Otel {
    /// By operation, provider, requested model and served model.
    model_calls: Keyed<ModelCalls, 4>,
    agents: Keyed<Agent, 1>,
    /// By tool, and the agent that called it.
    tools: Keyed<Tool, 2>,
    shapes: Shapes,
    families: EnabledFamilies<OtelFamily>,
}

/// The operation of a call that states none.
const CHAT: &str = "chat";

/// The value of a required attribute that was not given.
const UNKNOWN: &str = "_OTHER";

impl Otel {
    /// Returns `None` without a profile.
    pub(crate) fn new(settings: &Settings) -> Option<Self> {
        let families = EnabledFamilies::new(settings);
        if families.is_empty() {
            return None;
        }
        let histogram_options = &settings.histogram_options;
        let bounds = |family: OtelFamily| family.bounds(settings);
        Some(Self {
            model_calls: Keyed::new(),
            agents: Keyed::new(),
            tools: Keyed::new(),
            shapes: Shapes {
                duration: HistogramShape::ticks(bounds(OtelFamily::OperationDuration))
                    .with(histogram_options),
                agent_duration: HistogramShape::ticks(bounds(OtelFamily::AgentDuration))
                    .with(histogram_options),
                tokens: HistogramShape::integers(bounds(OtelFamily::TokenUsage)).with(histogram_options),
                calls: HistogramShape::integers(bounds(OtelFamily::AgentTools)).with(histogram_options),
            },
            families,
        })
    }

    fn model_calls(&self, model: &str, served: &str, facts: &CallFacts) -> &ModelCalls {
        let (provider, operation) = facts.provider_and_operation();
        let key = [operation.unwrap_or(CHAT), provider.unwrap_or(UNKNOWN), model, served];
        self.model_calls.get(key, 2, ModelCalls::new)
    }

    /// Records an LLM call that has ended.
    pub(crate) fn record_llm(&self, model: &str, status: Status, ticks: u64, facts: &CallFacts) {
        self.model_calls(model, &facts.served_model, facts).record(&self.shapes, status, ticks, facts);
        // Chunks arrive before the served model is known, so they are recorded without one.
        if let Some(first) = facts.first_token {
            self.model_calls(model, "", facts).record_first_chunk(&self.shapes, first);
        }
    }

    /// Records a chunk of a stream that came `ticks` after the one before.
    pub(crate) fn record_chunk(&self, model: &str, ticks: u64, facts: &CallFacts) {
        self.model_calls(model, "", facts).record_chunk(&self.shapes, ticks);
    }

    /// Records a task that has ended.
    pub(crate) fn record_agent(&self, name: &str, status: Status, ticks: u64, inferences: u64, tools: u64) {
        let agent = self.agents.get([name], 0, Agent::new);
        agent.record(&self.shapes, status, ticks, inferences, tools);
    }

    /// Records a tool call that has ended, made by `agent`.
    pub(crate) fn record_tool(&self, name: &str, agent: &str, status: Status, ticks: u64) {
        self.tools.get([name, agent], 0, Tool::new).record(&self.shapes, status, ticks);
    }

    /// Returns whether version 1.41 is exposed, in which the operation's duration covers inferences too.
    fn times_all_operations(&self) -> bool {
        self.families.contains(OtelFamily::TokenUsage)
    }
}

impl Source for Otel {
    fn families(&self) -> &[FamilyInfo] {
        self.families.infos()
    }

    fn visit_part(&self, family: usize, _: usize, visitor: &mut dyn Visitor) {
        let family = self.families.id(family);
        match family {
            OtelFamily::AgentDuration | OtelFamily::AgentInferences | OtelFamily::AgentTools => {
                self.agents.iter().for_each(|agent| agent.show(&self.shapes, family, visitor));
            }
            OtelFamily::ToolDuration => self.tools.iter().for_each(|tool| tool.show(&self.shapes, visitor)),
            _ => {
                let all = self.times_all_operations();
                self.model_calls.iter().for_each(|model| model.show(&self.shapes, family, all, visitor));
            }
        }
    }

    fn interners(&self) -> Vec<(&str, &str, &Arc<Interner>)> {
        let [texts, combinations] = self.model_calls.interners();
        // Every profile has the duration of operations.
        [
            (OtelFamily::OperationDuration, REQUEST_MODEL, texts),
            (OtelFamily::OperationDuration, RESPONSE_MODEL, combinations),
            (OtelFamily::AgentDuration, AGENT, self.agents.interners()[0]),
            (OtelFamily::ToolDuration, TOOL, self.tools.interners()[0]),
            (OtelFamily::ToolDuration, AGENT, self.tools.interners()[1]),
        ]
        .into_iter()
        .filter(|(family, ..)| self.families.contains(*family))
        .map(|(family, label, values)| (family.name(), label.name, values))
        .collect()
    }
}
