//! The running totals of a task.

/// The running totals of a task, with the tasks in it.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
#[non_exhaustive]
pub struct TaskTotals {
    /// Input tokens of LLM calls.
    pub input_tokens: u64,
    /// Output tokens of LLM calls.
    pub output_tokens: u64,
    /// The part of the input tokens that was read from a provider's cache.
    pub cache_read_tokens: u64,
    /// The cost of LLM calls and tools in USD.
    pub cost_usd: f64,
    /// Tool calls.
    pub tool_calls: u64,
    /// The number of different tools that were called, up to 576.
    pub distinct_tools: u64,
    /// Steps of the task itself, without those of the tasks in it.
    pub steps: u64,
}
