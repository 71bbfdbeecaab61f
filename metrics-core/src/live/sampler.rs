//! The sampler of an instance: a thread that evaluates the boards each second, keeps the results, and sends them to open pages.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

use super::evaluate::{Evaluator, Node};
use super::functions::Functions;
use super::history::{History, TIERS};
use super::json::Json;
use super::tasks::{Ended, Inbox, write_in_flight};
use crate::boards::{Board, Fold, Limit, Panel, View, boards};
use crate::instance::{AgentMetrics, WeakMetrics};

/// The largest number of lines of one panel. Further lines of a stacked panel are added up in one more.
const MAX_LINES: usize = 12;
/// The name of the sum of further lines.
const FURTHER: &str = "(other)";
/// The largest number of rows of a table that are sent to a page, by the first column.
const MAX_ROWS: usize = 100;
/// The largest number of values that a page gets for one line.
const POINTS: usize = 1100;
/// The largest number of pages that get events at the same time. Others ask for each tick.
const MAX_STREAMS: usize = 64;

/// One tick as a page receives it.
#[derive(Default)]
pub(super) struct Tick {
    pub(super) number: u64,
    pub(super) json: String,
}

/// The sampler of an instance.
pub(super) struct Sampler {
    state: Mutex<State>,
    ticks: watch::Sender<Arc<Tick>>,
    /// Tells this process from one that ran before at the same address.
    epoch: String,
    begin: Instant,
    /// The seconds after which the sampler pauses if no page was open; 0 for never.
    idle_after: AtomicU64,
    /// The second, since `begin`, at which a page was last served.
    last_use: AtomicU64,
    streams: AtomicUsize,
}

/// The state that only changes in ticks.
#[derive(Default)]
struct State {
    evaluator: Evaluator,
    history: History,
    panels: Vec<CompiledPanel>,
    tables: Vec<CompiledTable>,
    functions: Functions,
    boards: Vec<Board>,
    /// The boards as JSON.
    shape: String,
    /// The number of families for which the boards were made.
    families: usize,
    ended: Ended,
    tick: u64,
    second: u64,
    /// The duration of the last tick.
    cost: Duration,
}

struct CompiledPanel {
    id: String,
    view: View,
    fold: Fold,
    queries: Vec<CompiledQuery>,
    /// The number of lines of grouped queries that are kept.
    columns: usize,
    /// The lines of the last tick.
    lines: Vec<(String, f64)>,
}

struct CompiledQuery {
    name: String,
    node: Node,
    is_grouped: bool,
}

struct CompiledTable {
    id: &'static str,
    columns: Vec<Node>,
}

/// The range of a history, as the page names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RangeName {
    Minutes,
    Hours,
    Days,
}

impl RangeName {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "15m" => Some(Self::Minutes),
            "6h" => Some(Self::Hours),
            "7d" => Some(Self::Days),
            _ => None,
        }
    }
}

impl Sampler {
    /// Starts the thread. It ends when the instance is dropped.
    pub(super) fn start(metrics: &AgentMetrics) -> std::io::Result<Arc<Self>> {
        let inbox = Arc::new(Inbox::default());
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let sampler = Arc::new(Self {
            state: Mutex::default(),
            ticks: watch::Sender::new(Arc::default()),
            epoch: format!("{:x}-{:x}", since.as_nanos(), std::process::id()),
            begin: Instant::now(),
            idle_after: AtomicU64::new(0),
            last_use: AtomicU64::new(0),
            streams: AtomicUsize::new(0),
        });
        let (instance, running, received) = (metrics.downgrade(), sampler.clone(), inbox.clone());
        let thread = std::thread::Builder::new().name("agent-metrics-live".to_owned());
        thread.spawn(move || running.run(&instance, &received))?;
        metrics.families_ref().tasks.observers().list_in_flight();
        metrics.on_task_end(move |task| inbox.push(task));
        sampler.tick(metrics, &Inbox::default());
        Ok(sampler)
    }

    fn run(&self, instance: &WeakMetrics, inbox: &Inbox) {
        loop {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            // A little after the second begins, so that a timer that fires early does not hit the second before.
            let until_next = Duration::from_millis(1020 - u64::from(now.subsec_millis()));
            std::thread::sleep(until_next);
            let Some(metrics) = instance.upgrade() else { return };
            if self.is_idle() {
                continue;
            }
            // A tick runs no user-defined code; should it panic, the next one is tried.
            let tick = std::panic::AssertUnwindSafe(|| self.tick(&metrics, inbox));
            if let Err(panic) = std::panic::catch_unwind(tick) {
                crate::faults::forget_panic(panic);
            }
        }
    }

    fn is_idle(&self) -> bool {
        let after = self.idle_after.load(Ordering::Relaxed);
        let unused = self.begin.elapsed().as_secs().saturating_sub(self.last_use.load(Ordering::Relaxed));
        after > 0 && unused > after && self.ticks.receiver_count() == 0
    }

    /// Pauses the sampler when no page has been open for this time.
    pub(super) fn set_idle_after(&self, seconds: u64) {
        self.idle_after.store(seconds.max(1), Ordering::Relaxed);
    }

    pub(super) fn note_use(&self) {
        self.last_use.store(self.begin.elapsed().as_secs(), Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tick(&self, metrics: &AgentMetrics, inbox: &Inbox) {
        let second = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let now = self.begin.elapsed().as_secs_f64();
        let mut state = self.lock();
        let before = state.ended.last();
        state.tick(metrics, inbox, second, now);
        if self.ticks.receiver_count() > 0 {
            self.note_use();
            let json = state.event(metrics, &self.epoch, before);
            let number = state.tick;
            drop(state);
            self.ticks.send_replace(Arc::new(Tick { number, json }));
        }
    }

    /// Returns the boards, the history of a range and the current values, as JSON.
    pub(super) fn history(&self, metrics: &AgentMetrics, range: RangeName) -> String {
        self.note_use();
        let mut state = self.lock();
        let event = state.event(metrics, &self.epoch, u64::MAX);
        let mut json = Json::default();
        json.object(|json| {
            json.key("boards").raw(&state.shape);
            json.key("functions");
            state.functions.write_facts(json);
            json.key("ended");
            state.ended.write(0, json);
            json.key("event").raw(&event);
            json.key("history");
            state.write_history(range, json);
            json.key("memory").object(|json| {
                json.key("history").integer(state.history.bytes() as u64);
                json.key("limit").integer(super::history::MAX_BYTES as u64);
                json.key("sums").integer(state.evaluator.bytes() as u64);
                json.key("dropped").integer(state.history.dropped() as u64);
            });
        });
        json.into_string()
    }

    /// Returns the current values, as JSON, with the tasks that ended after a number.
    pub(super) fn current(&self, metrics: &AgentMetrics, ended_after: u64) -> String {
        self.note_use();
        self.lock().event(metrics, &self.epoch, ended_after)
    }

    /// Returns a receiver of further ticks, or `None` if too many pages are open.
    pub(super) fn subscribe(self: &Arc<Self>) -> Option<Subscription> {
        self.note_use();
        let taken = self.streams.fetch_add(1, Ordering::Relaxed);
        let subscription = Subscription { sampler: self.clone(), ticks: self.ticks.subscribe() };
        (taken < MAX_STREAMS).then_some(subscription)
    }
}

/// A page that receives ticks.
pub(super) struct Subscription {
    sampler: Arc<Sampler>,
    pub(super) ticks: watch::Receiver<Arc<Tick>>,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.sampler.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

impl State {
    fn tick(&mut self, metrics: &AgentMetrics, inbox: &Inbox, second: u64, now: f64) {
        let begin = Instant::now();
        let registry = metrics.registry_ref();
        let families = registry.sources().iter().map(|source| source.families().len()).sum();
        if families != self.families {
            self.families = families;
            self.compile(metrics);
        }
        self.evaluator.read(registry, now);
        self.evaluate_panels();
        if second != self.second {
            self.history.tick(second);
        }
        self.second = second;
        self.ended.collect(inbox);
        self.tick += 1;
        self.cost = begin.elapsed();
    }

    /// Makes the boards for the families that are registered now.
    fn compile(&mut self, metrics: &AgentMetrics) {
        let catalogue = metrics.catalogue();
        self.boards = boards(&catalogue.families);
        let earlier: Vec<String> = self.panels.iter().map(|panel| panel.id.clone()).collect();
        let panels: Vec<_> =
            self.boards.iter().flat_map(|board| board.stats.iter().chain(&board.charts)).collect();
        let evaluator = &mut self.evaluator;
        self.panels = panels.into_iter().map(|panel| CompiledPanel::new(panel, evaluator)).collect();
        let tables = self.boards.iter().flat_map(|board| &board.tables);
        self.tables = tables
            .map(|table| CompiledTable {
                id: table.id,
                columns: table.columns.iter().map(|column| evaluator.compile(&column.query)).collect(),
            })
            .collect();
        self.functions = Functions::new(&catalogue, evaluator);
        let numbers = &self.panels;
        self.history.renumber(|number| numbers.iter().position(|panel| panel.id == earlier[number]));
        let mut json = Json::default();
        write_boards(&self.boards, &mut json);
        self.shape = json.into_string();
    }

    fn evaluate_panels(&mut self) {
        for (number, panel) in self.panels.iter_mut().enumerate() {
            panel.lines.clear();
            let mut further = f64::NAN;
            for query in &panel.queries {
                let values = self.evaluator.evaluate(&query.node);
                if values.is_empty() && !query.is_grouped {
                    self.history.force(number, &query.name, panel.fold, f64::NAN);
                    panel.lines.push((query.name.clone(), f64::NAN));
                }
                for (group, value) in values {
                    if !query.is_grouped {
                        self.history.force(number, &query.name, panel.fold, value);
                        panel.lines.push((query.name.clone(), value));
                        continue;
                    }
                    let group = self.evaluator.groups.name(group);
                    let name = if query.name.is_empty() { group } else { format!("{} {group}", query.name) };
                    let had = self.history.has(number, &name);
                    let may_have = had || panel.columns < MAX_LINES || panel.view == View::Heat;
                    let is_kept = may_have && self.history.set(number, &name, panel.fold, value);
                    if is_kept && self.history.has(number, &name) {
                        panel.columns += usize::from(!had);
                        panel.lines.push((name, value));
                    } else if value > 0.0 {
                        further = if further.is_nan() { value } else { further + value };
                    }
                }
            }
            if panel.view == View::Stacked && !further.is_nan() {
                self.history.force(number, FURTHER, panel.fold, further);
                panel.lines.push((FURTHER.to_owned(), further));
            }
        }
    }

    /// Writes the values of the last tick, with the tasks that ended after a number.
    fn event(&mut self, metrics: &AgentMetrics, epoch: &str, ended_after: u64) -> String {
        let mut json = Json::default();
        json.object(|json| {
            json.key("epoch").text(epoch);
            json.key("tick").integer(self.tick);
            json.key("second").integer(self.second);
            json.key("families").integer(self.families as u64);
            json.key("micros").integer(self.cost.as_micros() as u64);
            json.key("values").object(|json| {
                for panel in &self.panels {
                    json.key(&panel.id).object(|json| {
                        panel.lines.iter().for_each(|(name, value)| json.key(name).number(*value));
                    });
                }
            });
            json.key("tables").object(|json| {
                for table in &self.tables {
                    json.key(table.id);
                    table.write(&mut self.evaluator, json);
                }
            });
            json.key("calls");
            self.functions.write_values(&mut self.evaluator, json);
            json.key("objectives");
            self.functions.write_objectives(&mut self.evaluator, json);
            json.key("flight");
            write_in_flight(metrics, json);
            json.key("ended");
            self.ended.write(ended_after, json);
            json.key("ended_count").integer(self.ended.last());
        });
        json.into_string()
    }

    fn write_history(&self, range: RangeName, json: &mut Json) {
        let range = self.history.range(range as usize, POINTS.max(TIERS[0].1));
        json.object(|json| {
            json.key("step").integer(range.step);
            json.key("end").integer(range.end);
            json.key("lines").object(|json| {
                for (number, panel) in self.panels.iter().enumerate() {
                    json.key(&panel.id).object(|json| {
                        for (_, name, values) in range.lines.iter().filter(|line| line.0 == number) {
                            json.key(name).array(|json| values.iter().for_each(|value| json.rounded(*value)));
                        }
                    });
                }
            });
        });
    }
}

impl CompiledPanel {
    fn new(panel: &Panel, evaluator: &mut Evaluator) -> Self {
        let queries = panel.queries.iter().map(|named| CompiledQuery {
            name: named.name.clone(),
            node: evaluator.compile(&named.query),
            is_grouped: panel.view == View::Heat || !named.query.labels().is_empty(),
        });
        let queries = queries.collect();
        Self {
            id: panel.id.clone(),
            view: panel.view,
            fold: panel.fold,
            queries,
            columns: 0,
            lines: Vec::new(),
        }
    }
}

impl CompiledTable {
    /// Writes a row for each group of the first column that has a value above 0.
    fn write(&self, evaluator: &mut Evaluator, json: &mut Json) {
        let mut columns = self.columns.iter().map(|node| evaluator.evaluate(node));
        let mut rows = columns.next().unwrap_or_default();
        rows.sort_by(|left, right| right.1.total_cmp(&left.1));
        let rest: Vec<_> = columns.collect();
        json.object(|json| {
            json.key("count").integer(rows.len() as u64);
            json.key("rows").array(|json| {
                for (group, first) in rows.iter().take(MAX_ROWS) {
                    json.array(|json| {
                        json.text(&evaluator.groups.name(*group));
                        json.number(*first);
                        for column in &rest {
                            json.number(super::evaluate::value_of(column, *group).unwrap_or(f64::NAN));
                        }
                    });
                }
            });
        });
    }
}

fn write_boards(boards: &[Board], json: &mut Json) {
    json.array(|json| {
        for board in boards {
            json.object(|json| {
                json.key("id").text(board.id);
                json.key("title").text(board.title);
                for (key, panels) in [("stats", &board.stats), ("charts", &board.charts)] {
                    json.key(key).array(|json| panels.iter().for_each(|panel| write_panel(panel, json)));
                }
                json.key("tables").array(|json| {
                    for table in &board.tables {
                        json.object(|json| {
                            json.key("id").text(table.id);
                            json.key("title").text(table.title);
                            json.key("heading").text(table.heading);
                            json.key("empty").text(table.empty);
                            json.key("columns").array(|json| {
                                for column in &table.columns {
                                    json.object(|json| {
                                        json.key("title").text(column.title);
                                        json.key("unit").text(column.unit.name());
                                        json.key("promql").text(&column.query.promql());
                                        write_limit(column.limit, json);
                                    });
                                }
                            });
                        });
                    }
                });
            });
        }
    });
}

fn write_panel(panel: &Panel, json: &mut Json) {
    json.object(|json| {
        json.key("id").text(&panel.id);
        json.key("title").text(&panel.title);
        json.key("description").text(&panel.description);
        json.key("view").text(panel.view.name());
        json.key("unit").text(panel.unit.name());
        write_limit(panel.limit, json);
        json.key("queries").array(|json| {
            for named in &panel.queries {
                json.object(|json| {
                    json.key("name").text(&named.name);
                    json.key("promql").text(&named.query.promql());
                });
            }
        });
    });
}

fn write_limit(limit: Option<Limit>, json: &mut Json) {
    match limit {
        Some(Limit::Above(value)) => json.key("above").number(value),
        Some(Limit::Below(value)) => json.key("below").number(value),
        None => {}
    }
}
