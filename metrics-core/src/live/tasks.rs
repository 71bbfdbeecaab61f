//! The tasks in flight, and those that ended last.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::json::Json;
use crate::builtin::{EndedTask, TaskTotals};
use crate::instance::AgentMetrics;
use crate::status::TASK;

/// The number of ended tasks that are kept.
const KEPT: usize = 200;
/// The largest number of ended tasks that wait for the next tick. Older ones are dropped.
const MAX_WAITING: usize = 1000;
/// The largest number of tasks in flight that are sent to a page.
const MAX_SENT: usize = 200;

/// The tasks that have ended since the last tick. Tasks add themselves at their end.
#[derive(Default)]
pub(super) struct Inbox(Mutex<VecDeque<(EndedTask, SystemTime)>>);

impl Inbox {
    pub(super) fn push(&self, task: &EndedTask) {
        let task = (task.clone(), SystemTime::now());
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= MAX_WAITING {
            waiting.pop_front();
        }
        waiting.push_back(task);
    }

    fn take(&self) -> VecDeque<(EndedTask, SystemTime)> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The tasks that ended last, each as JSON.
#[derive(Default)]
pub(super) struct Ended {
    kept: VecDeque<(u64, String)>,
    /// The number of tasks so far.
    count: u64,
}

impl Ended {
    pub(super) fn collect(&mut self, inbox: &Inbox) {
        for (task, at) in inbox.take() {
            self.count += 1;
            if self.kept.len() >= KEPT {
                self.kept.pop_front();
            }
            self.kept.push_back((self.count, to_json(self.count, &task, at)));
        }
    }

    /// The number of the task that ended last.
    pub(super) fn last(&self) -> u64 {
        self.count
    }

    /// Writes the tasks after a number, the earliest first.
    pub(super) fn write(&self, after: u64, json: &mut Json) {
        json.array(|json| {
            self.kept.iter().filter(|(number, _)| *number > after).for_each(|(_, task)| json.raw(task));
        });
    }
}

fn to_json(number: u64, task: &EndedTask, at: SystemTime) -> String {
    let mut json = Json::default();
    json.object(|json| {
        json.key("n").integer(number);
        json.key("type").text(&task.task_type);
        json.key("status").text(TASK.names[TASK.place(task.status)]);
        json.key("kind").text(task.status.as_str());
        json.key("at").number(at.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as f64 / 1e3);
        json.key("seconds").number(task.duration.as_secs_f64());
        json.key("root").boolean(task.is_root);
        write_totals(json, &task.totals);
    });
    json.into_string()
}

fn write_totals(json: &mut Json, totals: &TaskTotals) {
    json.key("steps").integer(totals.steps);
    json.key("in").integer(totals.input_tokens);
    json.key("out").integer(totals.output_tokens);
    json.key("cached").integer(totals.cache_read_tokens);
    json.key("cost").number(totals.cost_usd);
    json.key("tools").integer(totals.tool_calls);
    json.key("distinct").integer(totals.distinct_tools);
}

/// Writes the tasks in flight, the oldest first.
pub(super) fn write_in_flight(metrics: &AgentMetrics, json: &mut Json) {
    let tasks = metrics.families_ref().tasks.observers().in_flight();
    json.object(|json| {
        json.key("count").integer(tasks.len() as u64);
        json.key("tasks").array(|json| {
            for task in tasks.iter().take(MAX_SENT) {
                json.object(|json| {
                    json.key("n").integer(task.number);
                    json.key("type").text(&task.task_type);
                    json.key("seconds").number(task.age());
                    json.key("root").boolean(task.is_root);
                    write_totals(json, &task.ledger.totals_so_far());
                });
            }
        });
    });
}
