//! Properties of random programs: started calls = ended calls + calls in flight.

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use agent_metrics::{AgentMetrics, Status, TimedOut, TokenUsage, Usage, track_llm, track_task, track_tool};
use agent_metrics_tests::Samples;
use proptest::prelude::*;

/// The intended end of a call after a number of polls.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Finish,
    Error,
    TimeOut,
    Panic,
    /// Dropped by the test.
    Cancel,
}

/// The body of a call: it waits, then ends.
struct Script {
    polls: u8,
    end: End,
}

impl Future for Script {
    type Output = Result<Reply, TimedOutOrNot>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls > 0 || self.end == End::Cancel {
            self.polls = self.polls.saturating_sub(1);
            return Poll::Pending;
        }
        match self.end {
            End::Finish => Poll::Ready(Ok(Reply)),
            End::Error => Poll::Ready(Err(TimedOutOrNot(false))),
            End::TimeOut => Poll::Ready(Err(TimedOutOrNot(true))),
            End::Panic => panic!("as the script says"),
            End::Cancel => Poll::Pending,
        }
    }
}

struct Reply;

impl TokenUsage for Reply {
    fn token_usage(&self) -> Option<Usage> {
        Some(Usage::new(10, 5))
    }
}

struct TimedOutOrNot(bool);

impl agent_metrics::Classify for TimedOutOrNot {
    fn classify(&self) -> Status {
        if self.0 { TimedOut::default().classify() } else { Status::Error }
    }
}

#[track_task(task_type = "t", metrics = metrics)]
async fn task(metrics: AgentMetrics, script: Script) -> Result<Reply, TimedOutOrNot> {
    script.await
}

#[track_tool(tool_name = "t", metrics = metrics)]
async fn tool(metrics: AgentMetrics, script: Script) -> Result<Reply, TimedOutOrNot> {
    script.await
}

#[track_llm(model = "t", metrics = metrics)]
async fn llm(metrics: AgentMetrics, script: Script) -> Result<Reply, TimedOutOrNot> {
    script.await
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Task,
    Tool,
    Llm,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Task, Self::Tool, Self::Llm];

    fn call(self, metrics: &AgentMetrics, script: Script) -> Call {
        match self {
            Self::Task => Box::pin(task(metrics.clone(), script)),
            Self::Tool => Box::pin(tool(metrics.clone(), script)),
            Self::Llm => Box::pin(llm(metrics.clone(), script)),
        }
    }

    /// The families of calls by status, durations and calls in flight, and the label.
    fn families(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::Task => {
                ("agent_tasks_total", "agent_task_duration_seconds", "agent_active_tasks", "task_type")
            }
            Self::Tool => (
                "agent_tool_calls_total",
                "agent_tool_call_duration_seconds",
                "agent_tool_calls_in_progress",
                "tool_name",
            ),
            Self::Llm => (
                "agent_llm_calls_total",
                "agent_llm_call_duration_seconds",
                "agent_llm_calls_in_progress",
                "model",
            ),
        }
    }

    fn status(self, end: End) -> &'static str {
        match end {
            End::Finish => "success",
            End::Error if self == Self::Task => "failure",
            End::Error => "error",
            End::TimeOut => "timeout",
            End::Panic => "panicked",
            End::Cancel => "cancelled",
        }
    }
}

type Call = Pin<Box<dyn Future<Output = Result<Reply, TimedOutOrNot>>>>;

/// The next action of the test.
#[derive(Clone, Debug)]
enum Step {
    Start(Kind, u8, End),
    Poll(usize),
    Drop(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![Just(Kind::Task), Just(Kind::Tool), Just(Kind::Llm)];
    let end = prop_oneof![
        Just(End::Finish),
        Just(End::Error),
        Just(End::TimeOut),
        Just(End::Panic),
        Just(End::Cancel)
    ];
    prop_oneof![
        2 => (kind, 0..3_u8, end).prop_map(|(kind, polls, end)| Step::Start(kind, polls, end)),
        4 => any::<usize>().prop_map(Step::Poll),
        1 => any::<usize>().prop_map(Step::Drop),
    ]
}

/// The counts kept by the test.
#[derive(Default)]
struct Model {
    ended: BTreeMap<(Kind, &'static str), u64>,
    in_flight: BTreeMap<Kind, u64>,
}

impl Model {
    fn end(&mut self, kind: Kind, end: End) {
        *self.ended.entry((kind, kind.status(end))).or_default() += 1;
        *self.in_flight.entry(kind).or_default() -= 1;
    }

    fn check(&self, metrics: &AgentMetrics) {
        let samples = Samples::parse(&metrics.to_text());
        for kind in Kind::ALL {
            let (calls, durations, in_flight, label) = kind.families();
            let mut total = 0;
            for status in ["success", "failure", "error", "timeout", "cancelled", "panicked"] {
                let expected = self.ended.get(&(kind, status)).copied().unwrap_or_default();
                assert_eq!(samples.sum(calls, &[("status", status)]), expected as f64, "{kind:?} {status}");
                total += expected;
            }
            let expected = self.in_flight.get(&kind).copied().unwrap_or_default();
            assert_eq!(samples.sum(in_flight, &[]), expected as f64, "{kind:?} in flight");
            let count = samples.sum(&format!("{durations}_count"), &[(label, "t")]);
            let all = samples.sum(&format!("{durations}_bucket"), &[(label, "t"), ("le", "+Inf")]);
            assert_eq!((count, all), (total as f64, total as f64), "{kind:?} durations");
        }
        let answered = self.ended.get(&(Kind::Llm, "success")).copied().unwrap_or_default();
        assert_eq!(samples.sum("agent_llm_tokens_total", &[("direction", "input")]), answered as f64 * 10.0);
        assert_eq!(samples.sum("agent_llm_input_tokens_sum", &[]), answered as f64 * 10.0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn started_is_ended_and_in_flight(steps in prop::collection::vec(step(), 1..60)) {
        let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
        let mut model = Model::default();
        // A call, if it was polled, and its end when it runs to completion.
        let mut live: Vec<(Kind, Call, bool, End)> = Vec::new();
        for step in steps {
            match step {
                Step::Start(kind, polls, end) => {
                    let call = kind.call(&metrics, Script { polls, end });
                    live.push((kind, call, false, end));
                }
                Step::Poll(which) if !live.is_empty() => {
                    let which = which % live.len();
                    let (kind, call, polled, end) = &mut live[which];
                    if !*polled {
                        *model.in_flight.entry(*kind).or_default() += 1;
                        *polled = true;
                    }
                    let mut cx = Context::from_waker(Waker::noop());
                    let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(&mut cx).is_ready()));
                    if !matches!(polled, Ok(false)) {
                        let (kind, end) = (*kind, *end);
                        drop(live.swap_remove(which));
                        model.end(kind, end);
                    }
                }
                Step::Drop(which) if !live.is_empty() => {
                    let (kind, call, polled, _) = live.swap_remove(which % live.len());
                    drop(call);
                    // A call that was never polled is not counted.
                    if polled {
                        model.end(kind, End::Cancel);
                    }
                }
                Step::Poll(_) | Step::Drop(_) => {}
            }
            model.check(&metrics);
        }
    }
}

const THREADS: u64 = 4;
const CALLS: u64 = 20_000;

#[test]
fn a_scrape_is_consistent_while_threads_record() {
    let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for n in 0..CALLS {
                    let call = metrics.track_tool("t");
                    call.finish(if n % 3 == 0 { Status::Error } else { Status::Success });
                }
            });
        }
        let scraper = scope.spawn(|| {
            let mut scrapes = 0;
            let mut last = 0.0;
            // The last number of calls in flight, with the count before it.
            let mut reading = None;
            while !done.load(Ordering::Relaxed) || scrapes == 0 {
                let samples = Samples::parse(&metrics.to_text());
                let count = samples.sum("agent_tool_call_duration_seconds_count", &[]);
                let all = samples.sum("agent_tool_call_duration_seconds_bucket", &[("le", "+Inf")]);
                assert_eq!(count, all);
                assert!(count >= last, "a counter went down from {last} to {count}");
                if let Some((in_flight, before)) = reading {
                    // A scrape is not a snapshot: it may include calls that ran during the scrape, and no others.
                    let most = THREADS as f64 + count - before;
                    assert!((0.0..=most).contains(&in_flight), "{in_flight} in flight, {most} could be");
                }
                reading = Some((samples.sum("agent_tool_calls_in_progress", &[]), last));
                (last, scrapes) = (count, scrapes + 1);
            }
        });
        let watch = scope.spawn(|| {
            agent_metrics_tests::until("all calls", || {
                let samples = Samples::parse(&metrics.to_text());
                let ended = samples.sum("agent_tool_calls_total", &[]);
                (ended == (THREADS * CALLS) as f64).then_some(())
            });
            done.store(true, Ordering::Relaxed);
        });
        watch.join().expect("all calls were counted");
        scraper.join().expect("every scrape agreed");
    });
    let samples = Samples::parse(&metrics.to_text());
    assert_eq!(samples.sum("agent_tool_calls_in_progress", &[]), 0.0);
}
