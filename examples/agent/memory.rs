//! The memory of the agent: answers that can be reused, and the last tasks.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde::Serialize;

use crate::task::{Answer, TaskKind};

const ANSWERS: usize = 64;
const FRESH: Duration = Duration::from_secs(60);
const EXCHANGES: usize = 50;

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Exchange {
    pub(crate) task_type: &'static str,
    pub(crate) prompt: String,
    pub(crate) answer: String,
}

#[derive(Debug, Default)]
pub(crate) struct Memory {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    answers: HashMap<(TaskKind, String), (Instant, Answer)>,
    exchanges: VecDeque<Exchange>,
}

/// The capacity of the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) answers: usize,
    pub(crate) exchanges: usize,
}

impl Memory {
    /// The answer to the same task, if it isn't older than a minute.
    pub(crate) fn answer(&self, kind: TaskKind, prompt: &str) -> Option<Answer> {
        let state = self.lock();
        let (at, answer) = state.answers.get(&(kind, prompt.to_owned()))?;
        (at.elapsed() < FRESH).then(|| Answer { cached: true, tokens: 0, cost_usd: 0.0, ..answer.clone() })
    }

    /// Remembers an answer in the place of the oldest ones.
    pub(crate) fn keep(&self, kind: TaskKind, prompt: &str, answer: &Answer) -> Sizes {
        let mut state = self.lock();
        let State { answers, exchanges } = &mut *state;
        answers.retain(|_, (at, _)| at.elapsed() < FRESH);
        if answers.len() >= ANSWERS {
            let oldest = answers.iter().min_by_key(|(_, (at, _))| *at).map(|(key, _)| key.clone());
            oldest.map(|key| answers.remove(&key));
        }
        answers.insert((kind, prompt.to_owned()), (Instant::now(), answer.clone()));
        if exchanges.len() == EXCHANGES {
            exchanges.pop_front();
        }
        exchanges.push_back(Exchange {
            task_type: kind.name(),
            prompt: prompt.to_owned(),
            answer: answer.text.clone(),
        });
        Sizes { answers: answers.len(), exchanges: exchanges.len() }
    }

    /// The last tasks, newest first.
    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.lock().exchanges.iter().rev().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_given_again_for_the_same_task_only() {
        let memory = Memory::default();
        let answer = Answer { text: "yes".into(), steps: 2, ..Answer::default() };
        memory.keep(TaskKind::Search, "a", &answer);
        assert_eq!(memory.answer(TaskKind::Search, "a"), Some(Answer { cached: true, ..answer }));
        assert_eq!(memory.answer(TaskKind::Coding, "a"), None);
        assert_eq!(memory.answer(TaskKind::Search, "b"), None);
    }

    #[test]
    fn memory_is_bounded_and_forgets_the_oldest() {
        let memory = Memory::default();
        let answer = Answer::default();
        for number in 0..200 {
            let sizes = memory.keep(TaskKind::Search, &number.to_string(), &answer);
            assert!(sizes.answers <= ANSWERS && sizes.exchanges <= EXCHANGES);
        }
        assert_eq!(memory.answer(TaskKind::Search, "0"), None);
        assert!(memory.answer(TaskKind::Search, "199").is_some());
        assert_eq!(memory.exchanges()[0].prompt, "199");
    }
}
