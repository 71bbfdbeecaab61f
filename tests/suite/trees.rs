//! Random trees of tasks, calls, streams, tools and detached children, cancelled at a random moment: the ledgers, the
//! counters and the test's own sums agree to a millionth of a millionth of a USD.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Waker};

use agent_metrics::{
    AgentMetrics, FutureExt as _, Price, PriceTable, TokenUsage, Usage, current_task, track_llm, track_task,
    track_tool,
};
use agent_metrics_tests::samples;
use futures_util::future::join_all;
use futures_util::stream::{self, Stream, StreamExt as _};
use proptest::prelude::*;

/// One action of an agent.
#[derive(Clone, Debug)]
enum Node {
    Ask {
        tokens: u64,
        waits: u8,
    },
    /// Takes this number of items, then drops the stream.
    Read {
        items: u8,
        taken: u8,
    },
    /// Opens a stream that is read concurrently with the task, outside of it and possibly after it.
    HandOver {
        items: u8,
        taken: u8,
    },
    Tool {
        waits: u8,
    },
    Task {
        together: bool,
        fails: bool,
        parts: Vec<Self>,
    },
    /// Runs concurrently with the task and possibly after it; with `kept`, it counts for the task all the same.
    Detached {
        kept: bool,
        part: Box<Self>,
    },
}

fn nodes() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        (0..100_000_u64, 0..4_u8).prop_map(|(tokens, waits)| Node::Ask { tokens, waits }),
        (0..4_u8, 0..6_u8).prop_map(|(items, taken)| Node::Read { items, taken }),
        (0..4_u8, 0..6_u8).prop_map(|(items, taken)| Node::HandOver { items, taken }),
        (0..4_u8).prop_map(|waits| Node::Tool { waits }),
    ];
    leaf.prop_recursive(4, 24, 5, |part| {
        prop_oneof![
            (any::<bool>(), any::<bool>(), prop::collection::vec(part.clone(), 0..5))
                .prop_map(|(together, fails, parts)| Node::Task { together, fails, parts }),
            (any::<bool>(), part).prop_map(|(kept, part)| Node::Detached { kept, part: Box::new(part) }),
        ]
    })
}

/// The price of an input token at 1 USD per million tokens, in picodollars; an output token costs ten times as much.
const TOKEN: u64 = 11_000_000;
const TOOL: u64 = 250_000_000_000;

/// The spending of one task, as counted by the test.
#[derive(Default)]
struct Own {
    around: Option<Rc<Self>>,
    ended: Cell<bool>,
    alone: Cell<u64>,
    spent: Cell<u64>,
    tokens: Cell<u64>,
}

/// All sums counted by the test.
#[derive(Debug, Default, PartialEq)]
struct Sums {
    tasks: u64,
    all: u64,
    in_tasks: u64,
    tokens_in_tasks: u64,
    own: u64,
    late: u64,
    outside: u64,
    wasted: u64,
}

type Detached = Pin<Box<dyn Future<Output = ()>>>;

/// The environment in which a tree runs.
struct World {
    metrics: AgentMetrics,
    sums: RefCell<Sums>,
    detached: RefCell<Vec<Detached>>,
}

fn add(cell: &Cell<u64>, amount: u64) {
    cell.set(cell.get() + amount);
}

impl World {
    fn spend(&self, task: Option<&Own>, tokens: u64, usd: u64) {
        let mut sums = self.sums.borrow_mut();
        sums.all += usd;
        match task {
            Some(task) if task.ended.get() => sums.late += usd,
            Some(task) => add(&task.alone, usd),
            None => sums.outside += usd,
        }
        let mut next = task;
        while let Some(task) = next {
            add(&task.spent, usd);
            add(&task.tokens, tokens);
            next = task.around.as_deref();
        }
    }
}

/// Adds a task to the sums when it is dropped, for every kind of end.
struct Ending<'a> {
    world: &'a World,
    task: Rc<Own>,
    succeeds: bool,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let mut sums = self.world.sums.borrow_mut();
        self.task.ended.set(true);
        sums.tasks += 1;
        sums.in_tasks += self.task.spent.get();
        sums.tokens_in_tasks += self.task.tokens.get();
        sums.own += self.task.alone.get();
        sums.wasted += if self.succeeds { 0 } else { self.task.alone.get() };
    }
}

async fn wait(times: u8) {
    for _ in 0..times {
        tokio::task::yield_now().await;
    }
}

#[track_llm(model = "m", metrics = world.metrics)]
async fn ask(world: &World, task: Option<&Own>, tokens: u64, waits: u8) -> Usage {
    wait(waits).await;
    world.spend(task, 2 * tokens, tokens * TOKEN);
    Usage::new(tokens, tokens)
}

/// Reports the usage of the items up to this one.
struct Item(u64);

impl TokenUsage for Item {
    fn token_usage(&self) -> Option<Usage> {
        Some(Usage::new(self.0, self.0))
    }
}

#[track_llm(model = "m", stream, metrics = world.metrics)]
fn answer(world: &World, items: u8) -> impl Stream<Item = Item> + use<> {
    stream::iter(1..=u64::from(items)).then(|number| async move {
        wait(1).await;
        Item(1_000 * number)
    })
}

#[track_tool(tool_name = "t", metrics = world.metrics, cost = |()| 0.25)]
async fn tool(world: &World, task: Option<&Own>, waits: u8) {
    wait(waits).await;
    world.spend(task, 0, TOOL);
}

/// Counts the used part of a stream when it is dropped.
struct Used<'a>(&'a World, Option<&'a Own>, u64);

impl Drop for Used<'_> {
    fn drop(&mut self) {
        self.0.spend(self.1, 2 * self.2, self.2 * TOKEN);
    }
}

#[track_task(task_type = "tree", metrics = world.metrics)]
async fn task(
    world: &Rc<World>,
    own: Rc<Own>,
    together: bool,
    fails: bool,
    parts: Vec<Node>,
) -> Result<(), String> {
    let mut ending = Ending { world, task: Rc::clone(&own), succeeds: false };
    let parts = parts.into_iter().map(|part| run(Rc::clone(world), Some(Rc::clone(&own)), part));
    if together {
        join_all(parts).await;
    } else {
        for part in parts {
            part.await;
        }
    }
    let read = current_task().expect("a task").cost_usd;
    assert_eq!(pico(read), own.spent.get(), "it can be read while the task runs");
    ending.succeeds = !fails;
    if fails { Err("as the tree says".to_owned()) } else { Ok(()) }
}

fn run(world: Rc<World>, own: Option<Rc<Own>>, node: Node) -> Detached {
    Box::pin(async move {
        let around = own.as_deref();
        match node {
            Node::Ask { tokens, waits } => {
                ask(&world, around, tokens, waits).await;
            }
            Node::Read { items, taken } => {
                let mut used = Used(&world, around, 0);
                let mut items = pin!(answer(&world, items).take(taken.into()));
                while let Some(item) = items.next().await {
                    used.2 = item.0;
                }
            }
            Node::HandOver { items, taken } => {
                let items = answer(&world, items).take(taken.into());
                let (reader, opener) = (Rc::clone(&world), own.clone());
                let read = async move {
                    let mut used = Used(&reader, opener.as_deref(), 0);
                    let mut items = pin!(items);
                    while let Some(item) = items.next().await {
                        used.2 = item.0;
                    }
                };
                world.detached.borrow_mut().push(Box::pin(read));
            }
            Node::Tool { waits } => tool(&world, around, waits).await,
            Node::Task { together, fails, parts } => {
                let inner = Rc::new(Own { around: own.clone(), ..Own::default() });
                let _ = task(&world, inner, together, fails, parts).await;
            }
            Node::Detached { kept, part } => {
                let own = own.filter(|_| kept);
                let part = run(Rc::clone(&world), own, *part);
                let part = if kept { Box::pin(part.in_current_task()) } else { part };
                world.detached.borrow_mut().push(part);
            }
        }
    })
}

/// Polls a future once; returns `None` when it is complete.
fn poll(mut future: Detached) -> Option<Detached> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending().then_some(future)
}

fn pico(usd: f64) -> u64 {
    (usd * 1e12).round() as u64
}

proptest! {
    #[test]
    fn ledgers_and_counters_agree(
        parts in prop::collection::vec(nodes(), 1..6),
        together: bool,
        fails: bool,
        rounds in 1..10_u8,
        rounds_after in 0..5_u8,
    ) {
        let prices = PriceTable::empty().with("m", Price::per_million(1.0, 10.0));
        let metrics = AgentMetrics::builder().prices(prices).build().expect("valid");
        let (sums, detached) = (RefCell::default(), RefCell::default());
        let world = Rc::new(World { metrics: metrics.clone(), sums, detached });
        let mut root = Some(run(Rc::clone(&world), None, Node::Task { together, fails, parts }));
        for round in 0..rounds + rounds_after {
            // Cancelled together with what it awaits, unless it is complete.
            root = root.filter(|_| round < rounds).and_then(poll);
            let beside = world.detached.take();
            let beside: Vec<_> = beside.into_iter().filter_map(poll).collect();
            world.detached.borrow_mut().extend(beside);
        }
        drop(root);
        drop(world.detached.take());

        let samples = samples(&metrics);
        let of = |name: &str| pico(samples.sum(name, &[]));
        let found = Sums {
            tasks: samples.sum("agent_task_cost_usd_count", &[]) as u64,
            all: of("agent_cost_usd_total"),
            in_tasks: of("agent_task_cost_usd_sum"),
            tokens_in_tasks: samples.sum("agent_task_tokens_sum", &[]) as u64,
            own: of("agent_task_own_cost_usd_total"),
            late: of("agent_task_late_cost_usd_total"),
            outside: of("agent_cost_outside_tasks_usd_total"),
            wasted: of("agent_task_wasted_cost_usd_total"),
        };
        prop_assert_eq!(found.own + found.late + found.outside, found.all);
        prop_assert_eq!(found, world.sums.take());
    }
}
