//! The series of the OpenTelemetry families: one bundle for each combination of attributes of a model, an agent or a tool.

use once_cell::race::OnceBox;

use super::family::{
    AGENT, ERROR, ERROR_TYPES, MODALITIES, MODALITY, OPERATION, OtelFamily, PROVIDER, REQUEST_MODEL,
    RESPONSE_MODEL, TOKEN_TYPE, TOOL,
};
use super::operation::infers;
use super::shapes::Shapes;
use crate::builtin::llm::CallFacts;
use crate::label::{Labels, RenderedLabels};
use crate::metric::{HistogramCells, HistogramShape};
use crate::sample::{Number, Visitor};
use crate::status::{LLM, Status};
use crate::storage::{CellRange, Cells};

/// One histogram for each status of a call; the unsuccessful ones have the label `error_type`.
#[derive(Default)]
struct ByError([OnceBox<HistogramCells>; LLM.names.len()]);

impl ByError {
    /// Returns whether any call has ended.
    fn has_calls(&self) -> bool {
        self.0.iter().any(|cells| cells.get().is_some())
    }

    fn cells(&self, status: Status, shape: &HistogramShape) -> &HistogramCells {
        get_or_create(&self.0[LLM.place(status)], shape)
    }

    fn show(&self, shape: &HistogramShape, labels: &RenderedLabels, visitor: &mut dyn Visitor) {
        for (status, cells) in self.0.iter().enumerate() {
            let Some(cells) = cells.get() else { continue };
            // Status 0 is success, which has no error type.
            match status.checked_sub(1).map(|error| [(ERROR.name, ERROR_TYPES[error])]) {
                None => shape.show_at(cells, 0, Labels::new(labels), visitor),
                Some(error) => shape.show_at(cells, 0, Labels::with(labels, &error), visitor),
            }
        }
    }
}

fn get_or_create<'r>(cells: &'r OnceBox<HistogramCells>, shape: &HistogramShape) -> &'r HistogramCells {
    cells.get_or_init(|| Box::new(HistogramCells::new(shape.cells_per_series())))
}

fn show(
    cells: &OnceBox<HistogramCells>,
    shape: &HistogramShape,
    labels: Labels<'_>,
    visitor: &mut dyn Visitor,
) {
    if let Some(cells) = cells.get() {
        shape.show_at(cells, 0, labels, visitor);
    }
}

/// The series of one operation, provider, requested model and served model.
pub(super) struct ModelCalls {
    labels: RenderedLabels,
    /// Whether the operation is an inference: families of inferences leave out others, such as embeddings.
    is_inference: bool,
    duration: ByError,
    first_chunk: OnceBox<HistogramCells>,
    per_chunk: OnceBox<HistogramCells>,
    input: OnceBox<HistogramCells>,
    output: OnceBox<HistogramCells>,
    call_input: ByError,
    call_output: ByError,
    /// Token counts, at the indices below.
    tokens: CellRange,
}

/// Cells of [`ModelCalls::tokens`]: each direction by modality, then the parts.
const INPUT: usize = 0;
const OUTPUT: usize = INPUT + MODALITIES.len();
const CACHE_READ: usize = OUTPUT + MODALITIES.len();
const CACHE_WRITE: usize = CACHE_READ + 1;
const REASONING: usize = CACHE_WRITE + 1;
const TOKENS: usize = REASONING + 1;

impl ModelCalls {
    /// Creates the series of an operation, a provider, a requested model and a served model; an empty value has no label.
    pub(super) fn new(values: [&str; 4]) -> Self {
        let labels = [OPERATION, PROVIDER, REQUEST_MODEL, RESPONSE_MODEL].map(|label| label.name);
        let known = labels.into_iter().zip(values).filter(|(_, value)| !value.is_empty());
        Self {
            labels: RenderedLabels::new(known),
            is_inference: infers(values[0]),
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
        shapes.duration.observe_ticks(self.duration.cells(status, &shapes.duration), ticks);
        let usage = facts.usage.map(|usage| usage.checked().0).unwrap_or_default();
        let each =
            [(usage.input, &self.input, &self.call_input), (usage.output, &self.output, &self.call_output)];
        for (tokens, by_type, by_call) in each {
            let Some(tokens) = tokens else { continue };
            shapes.tokens.observe_integer(get_or_create(by_type, &shapes.tokens), tokens);
            if self.is_inference {
                shapes.tokens.observe_integer(by_call.cells(status, &shapes.tokens), tokens);
            }
        }
        let cells = self.tokens.cells(0);
        let by_modality = [
            (INPUT, usage.input, usage.image_input, usage.audio_input),
            (OUTPUT, usage.output, usage.image_output, usage.audio_output),
        ];
        for (direction, all, image, audio) in by_modality {
            let all = all.unwrap_or(0);
            let parts = image.unwrap_or(0).saturating_add(audio.unwrap_or(0)).min(all);
            // A response that reports image or audio tokens implies that the rest is text.
            let rest = usize::from(image.or(audio).is_some());
            cells.add(direction + rest, all - parts);
            cells.add(direction + 2, image.unwrap_or(0).min(all));
            cells.add(direction + 3, parts - image.unwrap_or(0).min(parts));
        }
        for (cell, tokens) in
            [(CACHE_READ, usage.cache_read), (CACHE_WRITE, usage.cache_write), (REASONING, usage.reasoning)]
        {
            cells.add(cell, tokens.unwrap_or(0));
        }
    }

    pub(super) fn record_first_chunk(&self, shapes: &Shapes, ticks: u64) {
        shapes.duration.observe_ticks(get_or_create(&self.first_chunk, &shapes.duration), ticks);
    }

    pub(super) fn record_chunk(&self, shapes: &Shapes, ticks: u64) {
        shapes.duration.observe_ticks(get_or_create(&self.per_chunk, &shapes.duration), ticks);
    }

    pub(super) fn show(
        &self,
        shapes: &Shapes,
        family: OtelFamily,
        all_operations: bool,
        visitor: &mut dyn Visitor,
    ) {
        let labels = &self.labels;
        let plain = Labels::new(labels);
        match family {
            // Version 1.41 counts every operation here, version 0.1.0 only those that are no inference. With both profiles
            // the wider definition holds.
            OtelFamily::OperationDuration if all_operations || !self.is_inference => {
                self.duration.show(&shapes.duration, labels, visitor);
            }
            OtelFamily::InferenceDuration if self.is_inference => {
                self.duration.show(&shapes.duration, labels, visitor);
            }
            OtelFamily::OperationFirstChunk => show(&self.first_chunk, &shapes.duration, plain, visitor),
            OtelFamily::OperationPerChunk => show(&self.per_chunk, &shapes.duration, plain, visitor),
            OtelFamily::InferenceFirstChunk if self.is_inference => {
                show(&self.first_chunk, &shapes.duration, plain, visitor);
            }
            OtelFamily::InferencePerChunk if self.is_inference => {
                show(&self.per_chunk, &shapes.duration, plain, visitor);
            }
            OtelFamily::TokenUsage => {
                for (kind, row) in [("input", &self.input), ("output", &self.output)] {
                    let kind = [(TOKEN_TYPE.name, kind)];
                    show(row, &shapes.tokens, Labels::with(labels, &kind), visitor);
                }
            }
            OtelFamily::CallInputTokens => self.call_input.show(&shapes.tokens, labels, visitor),
            OtelFamily::CallOutputTokens => self.call_output.show(&shapes.tokens, labels, visitor),
            OtelFamily::InputTokens if self.is_inference => self.show_tokens(INPUT, visitor),
            OtelFamily::OutputTokens if self.is_inference => self.show_tokens(OUTPUT, visitor),
            OtelFamily::CacheReadTokens if self.is_inference => self.show_part(CACHE_READ, visitor),
            OtelFamily::CacheWriteTokens if self.is_inference => self.show_part(CACHE_WRITE, visitor),
            OtelFamily::ReasoningTokens if self.is_inference => self.show_part(REASONING, visitor),
            _ => {}
        }
    }

    /// Shows the tokens of one direction. The unknown modality is always shown, so that a failed call shows 0 tokens.
    fn show_tokens(&self, direction: usize, visitor: &mut dyn Visitor) {
        if !self.duration.has_calls() {
            return;
        }
        for (place, modality) in MODALITIES.into_iter().enumerate() {
            let tokens = self.tokens.read(direction + place);
            if place == 0 || tokens > 0 {
                visitor.sample(
                    Labels::with(&self.labels, &[(MODALITY.name, modality)]),
                    Number::Integer(tokens),
                );
            }
        }
    }

    fn show_part(&self, cell: usize, visitor: &mut dyn Visitor) {
        if !self.duration.has_calls() {
            return;
        }
        let labels = Labels::with(&self.labels, &[(MODALITY.name, MODALITIES[0])]);
        visitor.sample(labels, Number::Integer(self.tokens.read(cell)));
    }
}

/// The series of one agent, which is a task type.
pub(super) struct Agent {
    labels: RenderedLabels,
    duration: ByError,
    inferences: OnceBox<HistogramCells>,
    tools: OnceBox<HistogramCells>,
}

impl Agent {
    pub(super) fn new([name]: [&str; 1]) -> Self {
        let labels = RenderedLabels::new([(AGENT.name, name)]);
        Self { labels, duration: ByError::default(), inferences: OnceBox::new(), tools: OnceBox::new() }
    }

    pub(super) fn record(&self, shapes: &Shapes, status: Status, ticks: u64, inferences: u64, tools: u64) {
        shapes.agent_duration.observe_ticks(self.duration.cells(status, &shapes.agent_duration), ticks);
        shapes.calls.observe_integer(get_or_create(&self.inferences, &shapes.calls), inferences);
        shapes.calls.observe_integer(get_or_create(&self.tools, &shapes.calls), tools);
    }

    pub(super) fn show(&self, shapes: &Shapes, family: OtelFamily, visitor: &mut dyn Visitor) {
        match family {
            OtelFamily::AgentDuration => self.duration.show(&shapes.agent_duration, &self.labels, visitor),
            OtelFamily::AgentInferences => {
                show(&self.inferences, &shapes.calls, Labels::new(&self.labels), visitor);
            }
            OtelFamily::AgentTools => show(&self.tools, &shapes.calls, Labels::new(&self.labels), visitor),
            _ => {}
        }
    }
}

/// The series of one tool and the agent that called it.
pub(super) struct Tool {
    labels: RenderedLabels,
    duration: ByError,
}

impl Tool {
    /// Creates the series of a tool and an agent; an empty agent has no label.
    pub(super) fn new([tool, agent]: [&str; 2]) -> Self {
        let known =
            [(TOOL.name, tool), (AGENT.name, agent)].into_iter().filter(|(_, value)| !value.is_empty());
        Self { labels: RenderedLabels::new(known), duration: ByError::default() }
    }

    pub(super) fn record(&self, shapes: &Shapes, status: Status, ticks: u64) {
        shapes.duration.observe_ticks(self.duration.cells(status, &shapes.duration), ticks);
    }

    pub(super) fn show(&self, shapes: &Shapes, visitor: &mut dyn Visitor) {
        self.duration.show(&shapes.duration, &self.labels, visitor);
    }
}
