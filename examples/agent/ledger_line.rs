//! One terminal line for each task that ends, with the totals of its ledger.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use agent_metrics::task::TaskTotals;
use agent_metrics::{Status, current_task};

use crate::{report::say, task::TaskKind};

/// The largest number of lines per second. Under heavy load further lines are dropped and counted.
const A_SECOND: u32 = 5;

static PACE: Mutex<Pace> = Mutex::new(Pace { since: None, said: 0, left_out: 0 });

/// A value that lives inside the task and prints the line when it is dropped, so that every task has one.
#[derive(Debug)]
pub(crate) struct LedgerLine {
    kind: TaskKind,
    begun: Instant,
    /// `None` until the task ends; a dropped task never sets it.
    status: Option<Status>,
}

impl LedgerLine {
    pub(crate) fn begin(kind: TaskKind) -> Self {
        Self { kind, begun: Instant::now(), status: None }
    }

    /// Records the end of the task.
    pub(crate) fn end(mut self, status: Status) {
        self.status = Some(status);
    }
}

impl Drop for LedgerLine {
    fn drop(&mut self) {
        let dropped = if std::thread::panicking() { Status::Panicked } else { Status::Cancelled };
        let line = Line {
            kind: self.kind,
            status: self.status.unwrap_or(dropped),
            took: self.begun.elapsed(),
            totals: current_task().unwrap_or_default(),
        };
        let allowed = PACE.lock().unwrap_or_else(PoisonError::into_inner).allows(Instant::now());
        match allowed {
            None => {}
            Some(0) => say(line),
            Some(left_out) => say(format_args!("  ledger: {left_out} more tasks, left out\n{line}")),
        }
    }
}

struct Pace {
    since: Option<Instant>,
    said: u32,
    left_out: u32,
}

impl Pace {
    /// Returns the number of dropped lines since the last one, or `None` if this line must be dropped.
    fn allows(&mut self, now: Instant) -> Option<u32> {
        if self.since.is_none_or(|since| now.duration_since(since) >= Duration::from_secs(1)) {
            (self.since, self.said) = (Some(now), 0);
        }
        if self.said == A_SECOND {
            self.left_out += 1;
            return None;
        }
        self.said += 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

struct Line {
    kind: TaskKind,
    status: Status,
    took: Duration,
    totals: TaskTotals,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The status names of the metrics.
        let status = match self.status {
            Status::Success => "success",
            Status::Timeout => "timeout",
            Status::Cancelled => "cancelled",
            Status::Panicked => "panicked",
            _ => "failure",
        };
        let TaskTotals {
            input_tokens: input,
            output_tokens: output,
            cache_read_tokens: cached,
            cost_usd,
            tool_calls,
            distinct_tools,
            steps,
            ..
        } = self.totals;
        write!(f, "  ledger: {} {status} in {:.1} s, ", self.kind.name(), self.took.as_secs_f64())?;
        write!(f, "steps {steps}, tokens in {input} (cached {cached}), out {output}, ${cost_usd:.6}, ")?;
        write!(f, "tool calls {tool_calls} (distinct {distinct_tools})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_all_of_the_ledger() {
        let mut totals = TaskTotals::default();
        (totals.input_tokens, totals.cache_read_tokens, totals.output_tokens) = (812, 512, 120);
        (totals.cost_usd, totals.tool_calls, totals.distinct_tools, totals.steps) = (0.000_123, 3, 2, 2);
        let took = Duration::from_millis(1_240);
        let line = Line { kind: TaskKind::Search, status: Status::RateLimited, took, totals }.to_string();
        let wanted = "  ledger: search failure in 1.2 s, steps 2, tokens in 812 (cached 512), out 120, \
                      $0.000123, tool calls 3 (distinct 2)";
        assert_eq!(line, wanted);
    }

    #[test]
    fn under_a_heavy_load_some_are_left_out_and_counted() {
        let mut pace = Pace { since: None, said: 0, left_out: 0 };
        let start = Instant::now();
        let allowed = (0..8).filter_map(|_| pace.allows(start)).collect::<Vec<_>>();
        assert_eq!(allowed, [0; A_SECOND as usize]);
        assert_eq!(pace.allows(start + Duration::from_secs(1)), Some(3));
        assert_eq!(pace.allows(start + Duration::from_secs(1)), Some(0));
    }
}
