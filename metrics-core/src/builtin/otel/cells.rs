//! Where the families of a profile are counted: a bundle for each model, agent and tool by its attributes.

use once_cell::race::OnceBox;

use super::Shapes;
use super::family::{AGENT, ERROR, Family, MODALITY, TOKEN_TYPE, TOOL};
use crate::builtin::llm::CallFacts;
use crate::label::{Labels, RenderedLabels};
use crate::metric::{HistogramCells, HistogramShape};
use crate::sample::{Number, Visitor};
use crate::status::{LLM, Status};
use crate::storage::{CellRange, Cells};

/// What the conventions call an error that has no name.
const UNNAMED: &str = "_OTHER";

/// Histograms by how the call ended; those that failed have an `error.type`.
#[derive(Default)]
struct ByError([OnceBox<HistogramCells>; LLM.names.len()]);

impl ByError {
    /// Whether any call ended.
    fn is_there(&self) -> bool {
        self.0.iter().any(|row| row.get().is_some())
    }

    fn row(&self, status: Status, shape: &HistogramShape) -> &HistogramCells {
        made(&self.0[LLM.place(status)], shape)
    }

    fn show(&self, shape: &HistogramShape, labels: &RenderedLabels, visitor: &mut dyn Visitor) {
        for (row, status) in self.0.iter().zip(LLM.names) {
            let Some(row) = row.get() else { continue };
            let error: &[_] = match *status {
                "success" => &[],
                "error" => &[(ERROR, UNNAMED)],
                other => &[(ERROR, other)],
            };
            shape.show_at(row, 0, Labels::with(labels, error), visitor);
        }
    }
}

fn made<'r>(row: &'r OnceBox<HistogramCells>, shape: &HistogramShape) -> &'r HistogramCells {
    row.get_or_init(|| Box::new(HistogramCells::new(shape.cells_per_series())))
}

fn show(
    row: &OnceBox<HistogramCells>,
    shape: &HistogramShape,
    labels: Labels<'_>,
    visitor: &mut dyn Visitor,
) {
    if let Some(row) = row.get() {
        shape.show_at(row, 0, labels, visitor);
    }
}

/// Calls of a model, by operation, provider, model asked and model that answered.
pub(super) struct Inference {
    labels: RenderedLabels,
    /// Of an inference: other operations have no tokens of their own.
    infers: bool,
    duration: ByError,
    first_chunk: OnceBox<HistogramCells>,
    per_chunk: OnceBox<HistogramCells>,
    input: OnceBox<HistogramCells>,
    output: OnceBox<HistogramCells>,
    call_input: ByError,
    call_output: ByError,
    /// See the constants below.
    tokens: CellRange,
}

const MODALITIES: [&str; 4] = ["unknown", "text", "image", "audio"];

/// Cells of [`Inference::tokens`]: a direction's by modality, then the parts.
const INPUT: usize = 0;
const OUTPUT: usize = INPUT + MODALITIES.len();
const CACHE_READ: usize = OUTPUT + MODALITIES.len();
const CACHE_WRITE: usize = CACHE_READ + 1;
const REASONING: usize = CACHE_WRITE + 1;
const TOKENS: usize = REASONING + 1;

/// Operations that are inference.
const INFERENCES: [&str; 3] = ["chat", "generate_content", "text_completion"];

/// Whether an operation is inference.
pub(in crate::builtin) fn infers(operation: &str) -> bool {
    INFERENCES.contains(&operation)
}

impl Inference {
    /// Of an operation, a provider, the model asked and, if it is known, the one that answered.
    pub(super) fn new([operation, provider, asked, served]: [&str; 4]) -> Self {
        let names = [
            "gen_ai_operation_name",
            "gen_ai_provider_name",
            "gen_ai_request_model",
            "gen_ai_response_model",
        ];
        let values = [operation, provider, asked, served];
        let known = names.into_iter().zip(values).filter(|(_, value)| !value.is_empty());
        Self {
            labels: RenderedLabels::new(known),
            infers: infers(operation),
            duration: ByError::default(),
            first_chunk: OnceBox::new(),
            per_chunk: OnceBox::new(),
            input: OnceBox::new(),
            output: OnceBox::new(),
            call_input: ByError::default(),
            call_output: ByError::default(),
            tokens: CellRange::new(TOKENS),
        }
    }

    pub(super) fn record(&self, shapes: &Shapes, status: Status, ticks: u64, facts: &CallFacts) {
        shapes.duration.observe_ticks(self.duration.row(status, &shapes.duration), ticks);
        let usage = facts.usage.map(|usage| usage.checked().0).unwrap_or_default();
        let each =
            [(usage.input, &self.input, &self.call_input), (usage.output, &self.output, &self.call_output)];
        for (tokens, of_type, of_call) in each {
            let Some(tokens) = tokens else { continue };
            shapes.tokens.observe_integer(made(of_type, &shapes.tokens), tokens);
            if self.infers {
                shapes.tokens.observe_integer(of_call.row(status, &shapes.tokens), tokens);
            }
        }
        let words = self.tokens.cells(0);
        let by_modality = [
            (INPUT, usage.input, usage.image_input, usage.audio_input),
            (OUTPUT, usage.output, usage.image_output, usage.audio_output),
        ];
        for (direction, all, image, audio) in by_modality {
            let all = all.unwrap_or(0);
            let parts = image.unwrap_or(0).saturating_add(audio.unwrap_or(0)).min(all);
            // Who tells parts tells by that what the rest is.
            let rest = usize::from(image.or(audio).is_some());
            words.add(direction + rest, all - parts);
            words.add(direction + 2, image.unwrap_or(0).min(all));
            words.add(direction + 3, parts - image.unwrap_or(0).min(parts));
        }
        for (word, tokens) in
            [(CACHE_READ, usage.cache_read), (CACHE_WRITE, usage.cache_write), (REASONING, usage.reasoning)]
        {
            words.add(word, tokens.unwrap_or(0));
        }
    }

    pub(super) fn record_first_chunk(&self, shapes: &Shapes, ticks: u64) {
        shapes.duration.observe_ticks(made(&self.first_chunk, &shapes.duration), ticks);
    }

    pub(super) fn record_chunk(&self, shapes: &Shapes, ticks: u64) {
        shapes.duration.observe_ticks(made(&self.per_chunk, &shapes.duration), ticks);
    }

    pub(super) fn show(&self, shapes: &Shapes, family: Family, both: bool, visitor: &mut dyn Visitor) {
        let labels = &self.labels;
        let plain = Labels::new(labels);
        match family {
            // Where both profiles are exposed, that of all operations is the older one's.
            Family::OperationDuration if both || !self.infers => {
                self.duration.show(&shapes.duration, labels, visitor);
            }
            Family::InferenceDuration if self.infers => self.duration.show(&shapes.duration, labels, visitor),
            Family::OperationFirstChunk => show(&self.first_chunk, &shapes.duration, plain, visitor),
            Family::OperationPerChunk => show(&self.per_chunk, &shapes.duration, plain, visitor),
            Family::InferenceFirstChunk if self.infers => {
                show(&self.first_chunk, &shapes.duration, plain, visitor);
            }
            Family::InferencePerChunk if self.infers => {
                show(&self.per_chunk, &shapes.duration, plain, visitor);
            }
            Family::TokenUsage => {
                for (kind, row) in [("input", &self.input), ("output", &self.output)] {
                    let kind = [(TOKEN_TYPE, kind)];
                    show(row, &shapes.tokens, Labels::with(labels, &kind), visitor);
                }
            }
            Family::CallInputTokens => self.call_input.show(&shapes.tokens, labels, visitor),
            Family::CallOutputTokens => self.call_output.show(&shapes.tokens, labels, visitor),
            Family::InputTokens if self.infers => self.show_tokens(INPUT, visitor),
            Family::OutputTokens if self.infers => self.show_tokens(OUTPUT, visitor),
            Family::CacheReadTokens if self.infers => self.show_part(CACHE_READ, visitor),
            Family::CacheWriteTokens if self.infers => self.show_part(CACHE_WRITE, visitor),
            Family::ReasoningTokens if self.infers => self.show_part(REASONING, visitor),
            _ => {}
        }
    }

    /// A failed call counts 0 of an unknown modality, so that is always there.
    fn show_tokens(&self, direction: usize, visitor: &mut dyn Visitor) {
        if !self.duration.is_there() {
            return;
        }
        for (place, modality) in MODALITIES.into_iter().enumerate() {
            let tokens = self.tokens.read(direction + place);
            if place == 0 || tokens > 0 {
                visitor.sample(Labels::with(&self.labels, &[(MODALITY, modality)]), Number::Integer(tokens));
            }
        }
    }

    fn show_part(&self, word: usize, visitor: &mut dyn Visitor) {
        if !self.duration.is_there() {
            return;
        }
        let labels = Labels::with(&self.labels, &[(MODALITY, MODALITIES[0])]);
        visitor.sample(labels, Number::Integer(self.tokens.read(word)));
    }
}

/// Invocations of an agent: the tasks of one type.
pub(super) struct Agent {
    labels: RenderedLabels,
    duration: ByError,
    inferences: OnceBox<HistogramCells>,
    tools: OnceBox<HistogramCells>,
}

impl Agent {
    pub(super) fn new([name]: [&str; 1]) -> Self {
        let labels = RenderedLabels::new([(AGENT, name)]);
        Self { labels, duration: ByError::default(), inferences: OnceBox::new(), tools: OnceBox::new() }
    }

    pub(super) fn record(&self, shapes: &Shapes, status: Status, ticks: u64, inferences: u64, tools: u64) {
        shapes.agent_duration.observe_ticks(self.duration.row(status, &shapes.agent_duration), ticks);
        shapes.calls.observe_integer(made(&self.inferences, &shapes.calls), inferences);
        shapes.calls.observe_integer(made(&self.tools, &shapes.calls), tools);
    }

    pub(super) fn show(&self, shapes: &Shapes, family: Family, visitor: &mut dyn Visitor) {
        match family {
            Family::AgentDuration => self.duration.show(&shapes.agent_duration, &self.labels, visitor),
            Family::AgentInferences => {
                show(&self.inferences, &shapes.calls, Labels::new(&self.labels), visitor);
            }
            Family::AgentTools => show(&self.tools, &shapes.calls, Labels::new(&self.labels), visitor),
            _ => {}
        }
    }
}

/// Executions of a tool, by the agent that asked for it.
pub(super) struct Tool {
    labels: RenderedLabels,
    duration: ByError,
}

impl Tool {
    /// Of a tool and, if one is known, the agent.
    pub(super) fn new([tool, agent]: [&str; 2]) -> Self {
        let known = [(TOOL, tool), (AGENT, agent)].into_iter().filter(|(_, value)| !value.is_empty());
        Self { labels: RenderedLabels::new(known), duration: ByError::default() }
    }

    pub(super) fn record(&self, shapes: &Shapes, status: Status, ticks: u64) {
        shapes.duration.observe_ticks(self.duration.row(status, &shapes.duration), ticks);
    }

    pub(super) fn show(&self, shapes: &Shapes, visitor: &mut dyn Visitor) {
        self.duration.show(&shapes.duration, &self.labels, visitor);
    }
}
