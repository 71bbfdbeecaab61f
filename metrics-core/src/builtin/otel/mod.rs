//! OpenTelemetry's GenAI conventions: the same calls under their names, units, buckets and attributes.
//!
//! They are counted in cells of their own, since their buckets are others, and only where a profile is asked for.

mod cells;
mod family;
mod keys;

use std::sync::Arc;

use super::llm::CallFacts;
use crate::label::Interner;
use crate::metric::{HistogramOptions, HistogramShape};
use crate::sample::{FamilyInfo, Source, Visitor};
use crate::status::Status;
pub(super) use cells::infers;
use cells::{Agent, Inference, Tool};
use family::Family;
pub use family::Profile;
#[cfg(feature = "otlp")]
pub(crate) use family::attribute_name;
use keys::Keyed;

pub(crate) struct Otel {
    /// By operation, provider, the model asked and the model that answered.
    inferences: Keyed<Inference, 4>,
    agents: Keyed<Agent, 1>,
    /// By tool, and the agent that called it.
    tools: Keyed<Tool, 2>,
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

/// The operation of calls that don't say theirs.
const CHAT: &str = "chat";

/// A required attribute that nobody gave.
const UNKNOWN: &str = "_OTHER";

impl Otel {
    /// For the profiles that are asked for, if any is.
    pub(crate) fn new(profiles: &[Profile], histogram_options: &HistogramOptions) -> Option<Self> {
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
            inferences: Keyed::new(),
            agents: Keyed::new(),
            tools: Keyed::new(),
            shapes: Shapes {
                duration: HistogramShape::ticks(&family::DURATION).with(histogram_options),
                agent_duration: HistogramShape::ticks(&family::AGENT_DURATION).with(histogram_options),
                tokens: HistogramShape::integers(&family::TOKENS).with(histogram_options),
                calls: HistogramShape::integers(&family::CALLS).with(histogram_options),
            },
            infos: families.iter().map(|family| histogram_options.info(family.info())).collect(),
            families,
        })
    }

    fn inference(&self, model: &str, served: &str, facts: &CallFacts) -> &Inference {
        let (provider, operation) = facts.provider_and_operation();
        let key = [operation.unwrap_or(CHAT), provider.unwrap_or(UNKNOWN), model, served];
        self.inferences.get(key, 2, Inference::new)
    }

    /// A call of a model has ended.
    pub(crate) fn record_llm(&self, model: &str, status: Status, ticks: u64, facts: &CallFacts) {
        self.inference(model, &facts.served_model, facts).record(&self.shapes, status, ticks, facts);
        // Chunks come before it is known who answers.
        if let Some(first) = facts.first_token {
            self.inference(model, "", facts).record_first_chunk(&self.shapes, first);
        }
    }

    /// A chunk of a stream came, so long after the one before.
    pub(crate) fn record_chunk(&self, model: &str, ticks: u64, facts: &CallFacts) {
        self.inference(model, "", facts).record_chunk(&self.shapes, ticks);
    }

    /// A task has ended.
    pub(crate) fn record_agent(&self, name: &str, status: Status, ticks: u64, inferences: u64, tools: u64) {
        let agent = self.agents.get([name], 0, Agent::new);
        agent.record(&self.shapes, status, ticks, inferences, tools);
    }

    /// A tool has ended that was called by this agent.
    pub(crate) fn record_tool(&self, name: &str, agent: &str, status: Status, ticks: u64) {
        self.tools.get([name, agent], 0, Tool::new).record(&self.shapes, status, ticks);
    }

    /// Whether the older profile is exposed, whose duration is of all operations.
    fn has_both(&self) -> bool {
        self.families.contains(&Family::TokenUsage)
    }
}

impl Source for Otel {
    fn families(&self) -> &[FamilyInfo] {
        &self.infos
    }

    fn visit_part(&self, family: usize, _: usize, visitor: &mut dyn Visitor) {
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
        let of = |name| (name, self.infos.iter().any(|info| info.name == name));
        let [agents, tools] =
            ["gen_ai_invoke_agent_duration_seconds", "gen_ai_execute_tool_duration_seconds"].map(of);
        // Every profile has this one.
        let calls = ("gen_ai_client_operation_duration_seconds", true);
        let [texts, combinations] = self.inferences.interners();
        [
            (calls, "gen_ai_request_model", texts),
            (calls, "gen_ai_response_model", combinations),
            (agents, "gen_ai_agent_name", self.agents.interners()[0]),
            (tools, "gen_ai_tool_name", self.tools.interners()[0]),
            (tools, "gen_ai_agent_name", self.tools.interners()[1]),
        ]
        .into_iter()
        .filter_map(|((family, is_exposed), label, values)| is_exposed.then_some((family, label, values)))
        .collect()
    }
}
