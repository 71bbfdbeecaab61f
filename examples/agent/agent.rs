//! The agent: it follows the plan of a task, step by step, and runs the tools that the model asks for.

use std::{sync::Arc, time::Instant};

use agent_metrics::{AgentMetrics, current_task, track_step, track_task};
use anyhow::bail;
use serde_json::json;

use crate::{
    gemini::{
        GeminiModel,
        wire::{Content, FunctionResponse, GenerateContentRequest, GenerationConfig, Part, ToolDeclarations},
    },
    insight::{ByTask, Insight},
    memory::{Exchange, Memory},
    planner::{self, Step},
    task::{Answer, TaskKind},
    tools::{ToolName, Toolbox},
};

const INSTRUCTION: &str = "You help developers. Use the tools to look things up in the documents and to calculate, \
                           rely on their results, and be brief.";
/// Answers of the model within a step that may ask for tools.
const TOOL_ROUNDS: usize = 4;

#[derive(Debug, Clone)]
pub(crate) struct Agent {
    model: Arc<GeminiModel>,
    tools: Toolbox,
    memory: Arc<Memory>,
    metrics: &'static AgentMetrics,
}

/// A task under way.
struct Conversation {
    kind: TaskKind,
    begun: Instant,
    turns: Vec<Content>,
    tools: Vec<String>,
}

impl Conversation {
    fn new(kind: TaskKind) -> Self {
        Self { kind, begun: Instant::now(), turns: Vec::new(), tools: Vec::new() }
    }

    /// The model asks for a tool: up to the first time, it has reasoned.
    fn note_tool(&mut self, name: &str) {
        if self.tools.is_empty() {
            let reasoning = &Insight::global().reasoning_duration_seconds;
            reasoning.with(ByTask { task_type: self.kind }).observe_duration(self.begun.elapsed());
        }
        self.tools.push(name.to_owned());
    }
}

impl Agent {
    pub(crate) fn new(model: GeminiModel, tools: Toolbox, metrics: &'static AgentMetrics) -> Self {
        Self { model: Arc::new(model), tools, memory: Arc::default(), metrics }
    }

    /// Does a task, or gives the answer of a minute ago.
    ///
    /// # Errors
    /// The model failed, asked for tools without end, or the time was up.
    #[track_task(task_type = kind, timeout = "20s")]
    pub(crate) async fn run(&self, kind: TaskKind, prompt: &str) -> anyhow::Result<Answer> {
        let remembered = self.memory.answer(kind, prompt);
        self.metrics.record_cache_result(remembered.is_some());
        if let Some(answer) = remembered {
            return Ok(answer);
        }
        let plan = planner::plan(kind, prompt);
        let mut conversation = Conversation::new(kind);
        let mut text = String::new();
        for step in &plan {
            text = self.step(&mut conversation, step).await?;
        }
        let spent = current_task().unwrap_or_default();
        let answer = Answer {
            text,
            steps: plan.len(),
            tools: conversation.tools,
            tokens: spent.input_tokens + spent.output_tokens,
            cost_usd: spent.cost_usd,
            cached: false,
        };
        let sizes = self.memory.keep(kind, prompt, &answer);
        self.metrics.set_memory_entries("answers", sizes.answers as u64);
        self.metrics.set_memory_entries("conversation", sizes.exchanges as u64);
        Ok(answer)
    }

    /// The last tasks that were answered, newest first.
    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.memory.exchanges()
    }

    /// Gives the model one instruction and obeys it until it answers in words.
    #[track_step]
    async fn step(&self, conversation: &mut Conversation, step: &Step) -> anyhow::Result<String> {
        conversation.turns.push(Content::user(vec![Part::text(&step.instruction)]));
        for _ in 0..=TOOL_ROUNDS {
            let response = self.model.generate(&request(conversation, step.tools)).await?;
            let mut results = Vec::new();
            for call in response.function_calls() {
                conversation.note_tool(&call.name);
                let outcome = match self.tools.run(call).await {
                    Ok(result) => json!({ "result": result }),
                    Err(error) => json!({ "error": error.to_string() }),
                };
                let (id, name) = (call.id.clone(), call.name.clone());
                results.push(Part::function_response(FunctionResponse { id, name, response: outcome }));
            }
            let text = response.text();
            conversation
                .turns
                .extend(response.candidates.into_iter().next().map(|candidate| candidate.content));
            if results.is_empty() {
                return Ok(text);
            }
            conversation.turns.push(Content::user(results));
        }
        bail!("the model asked for tools more than {TOOL_ROUNDS} times in one step")
    }
}

fn request<'a>(conversation: &'a Conversation, tools: &[ToolName]) -> GenerateContentRequest<'a> {
    let functions: Vec<_> = tools.iter().map(|tool| tool.declaration()).collect();
    let declarations = ToolDeclarations { function_declarations: functions };
    GenerateContentRequest {
        system_instruction: Content::instruction(INSTRUCTION),
        contents: &conversation.turns,
        tools: if tools.is_empty() { Vec::new() } else { vec![declarations] },
        generation_config: GenerationConfig { temperature: 0.2, max_output_tokens: 4096 },
    }
}
