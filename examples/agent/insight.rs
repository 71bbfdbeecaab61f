//! User-defined families of this agent: reasoning time before the first tool call, and scores of its answers.

use agent_metrics::{Histogram, LabelSet, Metrics};

use crate::task::TaskKind;

#[derive(Clone, Copy, LabelSet)]
pub(crate) struct ByTask {
    pub(crate) task_type: TaskKind,
}

#[derive(Metrics)]
#[metrics(namespace = "agent")]
pub(crate) struct Insight {
    /// Time from a task's start to its first tool call.
    #[metric(buckets = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0])]
    pub(crate) reasoning_duration_seconds: Histogram<ByTask>,
    /// Scores of answers given by users, 1 to 5.
    #[metric(buckets = [1.0, 2.0, 3.0, 4.0, 5.0])]
    pub(crate) response_quality_score: Histogram<ByTask>,
}
