//! The agent: it follows the plan of a task step by step, and runs the tools that the model requests.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use agent_metrics::classify::error_status;
use agent_metrics::{
    AgentMetrics, Budget, Classify as _, Status, current_task, timeout, track_step, track_task,
};
use anyhow::{Context as _, bail};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use serde::Serialize;

use crate::{
    insight::{ByTask, Insight},
    ledger_line::LedgerLine,
    memory::{Exchange, Memory},
    model::{Declaration, Model, ModelError, Request, ToolResult, Turn},
    planner::{self, Step},
    task::{Answer, TaskKind},
    tools::{ToolName, Toolbox},
};

const INSTRUCTION: &str = "You help developers. Use the tools to look things up in the documents and to calculate, \
                           rely on their results, and be brief.";
/// The largest number of answers within one step that request tools.
const TOOL_ROUNDS: usize = 4;
/// The time limit of a task; for a chat, until its answer begins.
const LIMIT: Duration = Duration::from_secs(20);

#[derive(Debug, Clone)]
pub(crate) struct Agent {
    model: Arc<Model>,
    tools: Toolbox,
    memory: Arc<Memory>,
    /// The budget of all tasks. When it is spent, no task and no LLM call starts.
    budget: Budget,
    metrics: AgentMetrics,
}

/// A task in flight.
struct Conversation {
    kind: TaskKind,
    begun: Instant,
    turns: Vec<Turn>,
    tools: Vec<String>,
}

impl Conversation {
    fn new(kind: TaskKind) -> Self {
        Self { kind, begun: Instant::now(), turns: Vec::new(), tools: Vec::new() }
    }

    /// Records the reasoning time, which ends with the first requested tool call.
    fn note_tool(&mut self, name: &str) {
        if self.tools.is_empty() {
            let reasoning = &Insight::global().reasoning_duration_seconds;
            reasoning.with(ByTask { task_type: self.kind }).observe_duration(self.begun.elapsed());
        }
        self.tools.push(name.to_owned());
    }

    fn request<'a>(&'a self, tools: &'a [Declaration]) -> Request<'a> {
        Request { instruction: INSTRUCTION, turns: &self.turns, tools }
    }
}

/// An event of a chat.
#[derive(Debug)]
pub(crate) enum Part {
    /// The next piece of the answer.
    Text(String),
    /// The answer is complete.
    Done(Done),
}

/// The totals of an answer, from the ledger of its task.
#[derive(Debug, Serialize)]
pub(crate) struct Done {
    pub(crate) steps: u64,
    /// The called tools, in order.
    pub(crate) tools: Vec<String>,
    pub(crate) tokens: u64,
    /// The part of the input tokens that was read from the provider's cache.
    pub(crate) cached_tokens: u64,
    pub(crate) cost_usd: f64,
}

/// A streamed answer. The pieces are dropped before the ledger line, so that the line includes their usage.
struct Answering {
    pieces: BoxStream<'static, Result<String, ModelError>>,
    tools: Vec<String>,
    line: Option<LedgerLine>,
}

impl Agent {
    pub(crate) fn new(model: Model, tools: Toolbox, budget: Budget, metrics: &AgentMetrics) -> Self {
        let (model, memory) = (Arc::new(model), Arc::default());
        Self { model, tools, memory, budget, metrics: metrics.clone() }
    }

    /// Runs a task, or returns the remembered answer.
    ///
    /// # Errors
    /// Returns an error when the model fails, requests tools without end, the time limit passes or the budget is spent.
    #[track_task(task_type = kind, budget = self.budget)]
    pub(crate) async fn run(&self, kind: TaskKind, prompt: &str) -> anyhow::Result<Answer> {
        let line = LedgerLine::begin(kind);
        // Inside the task, so that its line shows the timeout.
        let result = match timeout(LIMIT, self.answer(kind, prompt)).await {
            Ok(result) => result,
            Err(timed_out) => Err(timed_out.into()),
        };
        line.end(result.as_ref().err().map_or(Status::Success, |error| error_status(&**error)));
        result
    }

    async fn answer(&self, kind: TaskKind, prompt: &str) -> anyhow::Result<Answer> {
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

    /// Looks up the topic of a message, then answers piece by piece. The task lasts until its stream ends or is dropped.
    ///
    /// # Errors
    /// Returns the errors of [`run`](Self::run) before the answer begins; afterwards the stream yields the error.
    #[track_task(task_type = TaskKind::Chat, stream, budget = self.budget)]
    pub(crate) async fn chat(
        &self,
        message: &str,
    ) -> anyhow::Result<BoxStream<'static, Result<Part, ModelError>>> {
        let line = LedgerLine::begin(TaskKind::Chat);
        let opened = match timeout(LIMIT, self.open(message)).await {
            Ok(opened) => opened,
            Err(timed_out) => Err(timed_out.into()),
        };
        match opened {
            Ok((pieces, tools)) => {
                let answering = Answering { pieces, tools, line: Some(line) };
                Ok(stream::unfold(answering, Answering::next).boxed())
            }
            Err(error) => {
                line.end(error_status(&*error));
                Err(error)
            }
        }
    }

    async fn open(
        &self,
        message: &str,
    ) -> anyhow::Result<(BoxStream<'static, Result<String, ModelError>>, Vec<String>)> {
        let mut plan = planner::plan(TaskKind::Chat, message);
        let last = plan.pop().context("a plan without a step")?;
        let mut conversation = Conversation::new(TaskKind::Chat);
        for step in &plan {
            self.step(&mut conversation, step).await?;
        }
        Ok((self.last_step(&mut conversation, last).await?, conversation.tools))
    }

    /// Returns the last answered tasks, newest first.
    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.memory.exchanges()
    }

    /// Sends one instruction to the model and runs the requested tools until it answers with text.
    #[track_step]
    async fn step(&self, conversation: &mut Conversation, step: &Step) -> anyhow::Result<String> {
        conversation.turns.push(Turn::User(step.instruction.clone()));
        let tools: Vec<_> = step.tools.iter().map(|tool| ToolName::declaration(*tool)).collect();
        for _ in 0..=TOOL_ROUNDS {
            let reply = self.model.generate(&conversation.request(&tools)).await?;
            conversation.turns.push(Turn::Model(reply.turn));
            if reply.calls.is_empty() {
                return Ok(reply.text);
            }
            let mut results = Vec::new();
            for call in reply.calls {
                conversation.note_tool(&call.name);
                let outcome = self.tools.run(&call).await.map_err(|error| error.to_string());
                results.push(ToolResult { call, outcome });
            }
            conversation.turns.push(Turn::Results(results));
        }
        bail!("the model asked for tools more than {TOOL_ROUNDS} times in one step")
    }

    /// Sends an instruction without tools, and streams the answer.
    #[track_step]
    async fn last_step(
        &self,
        conversation: &mut Conversation,
        step: Step,
    ) -> Result<BoxStream<'static, Result<String, ModelError>>, ModelError> {
        conversation.turns.push(Turn::User(step.instruction));
        self.model.stream(&conversation.request(&[])).await
    }
}

impl Answering {
    async fn next(mut self) -> Option<(Result<Part, ModelError>, Self)> {
        let part = match self.pieces.next().await {
            Some(Ok(text)) => Ok(Part::Text(text)),
            Some(Err(error)) => {
                // Ends the call, so that the ledger includes its usage.
                self.pieces = stream::empty().boxed();
                self.line.take()?.end(error.classify());
                Err(error)
            }
            None => {
                self.line.take()?.end(Status::Success);
                Ok(Part::Done(self.done()))
            }
        };
        Some((part, self))
    }

    fn done(&mut self) -> Done {
        let spent = current_task().unwrap_or_default();
        Done {
            steps: spent.steps,
            tools: std::mem::take(&mut self.tools),
            tokens: spent.input_tokens + spent.output_tokens,
            cached_tokens: spent.cache_read_tokens,
            cost_usd: spent.cost_usd,
        }
    }
}
