//! The tracked functions of the program, and their objectives.

use super::evaluate::{Evaluator, GroupId, Node, value_of};
use super::json::Json;
use crate::boards::{Query, Selection};
use crate::catalogue::{Catalogue, SiteInfo, SiteKind, Slo};
use crate::sample::FamilyInfo;

/// The queries of one kind of function: all calls, those without success, and durations.
struct Queries {
    calls: Node,
    failed: Node,
    quantiles: [Node; 3],
    recent: [Recent; 2],
}

/// The calls in a window, in seconds.
struct Recent {
    calls: Node,
    failed: Node,
    durations: Node,
}

/// The windows of burn rates, in seconds.
const WINDOWS: [u32; 2] = [300, 3600];

/// A tracked function with the place of its series.
struct Function {
    site: SiteInfo,
    /// The number of its queries, and the label value of its series; `None` where its series can't be told apart.
    series: Option<(usize, String)>,
}

/// The tracked functions of the program.
#[derive(Default)]
pub(super) struct Functions {
    functions: Vec<Function>,
    queries: Vec<(String, Queries)>,
}

impl Functions {
    /// Compiles the queries of all functions of the catalogue.
    pub(super) fn new(catalogue: &Catalogue, evaluator: &mut Evaluator) -> Self {
        let mut made = Self::default();
        for site in &catalogue.sites {
            let series = made.series(site, &catalogue.families, evaluator);
            made.functions.push(Function { site: *site, series });
        }
        made
    }

    fn series(
        &mut self,
        site: &SiteInfo,
        families: &[FamilyInfo],
        evaluator: &mut Evaluator,
    ) -> Option<(usize, String)> {
        let counter = site.counter()?;
        let duration = match site.kind {
            SiteKind::Task => "agent_task_duration_seconds".to_owned(),
            SiteKind::Tool => "agent_tool_call_duration_seconds".to_owned(),
            SiteKind::Llm => "agent_llm_call_duration_seconds".to_owned(),
            SiteKind::General => format!("{}_duration_seconds", site.family?),
            SiteKind::Step => return None,
        };
        let (by, value) = match site.kind {
            SiteKind::General => (None, ""),
            _ => site.label.map(|(label, value)| (Some(label), value))?,
        };
        let known = self.queries.iter().position(|(name, _)| *name == counter);
        let number = if let Some(number) = known {
            number
        } else {
            let queries = queries(&counter, &duration, by, families, evaluator)?;
            self.queries.push((counter, queries));
            self.queries.len() - 1
        };
        Some((number, value.to_owned()))
    }

    /// Writes the facts about the functions that never change.
    pub(super) fn write_facts(&self, json: &mut Json) {
        json.array(|json| {
            for Function { site, series } in &self.functions {
                json.object(|json| {
                    json.key("kind").text(kind(site.kind));
                    json.key("name").text(site.function);
                    json.key("module").text(site.module);
                    json.key("place").text(&format!("{}:{}", site.file, site.line));
                    match (site.label, site.family) {
                        (Some((label, value)), _) => json.key("series").text(&format!("{label}: {value}")),
                        (None, Some(family)) => json.key("series").text(family),
                        (None, None) => match site.kind.label() {
                            Some(label) => json.key("series").text(&format!("{label}: set at each call")),
                            None => json.key("series").text(""),
                        },
                    }
                    json.key("measured").boolean(series.is_some());
                });
            }
        });
    }

    /// Writes calls, failed calls and quantiles of each function; `null` for a function whose series can't be told apart.
    pub(super) fn write_values(&self, evaluator: &mut Evaluator, json: &mut Json) {
        let vectors = self.queries.iter().map(|(_, queries)| {
            let counts = [&queries.calls, &queries.failed].map(|node| evaluator.evaluate(node));
            let quantiles = queries.quantiles.each_ref().map(|node| evaluator.evaluate(node));
            (counts, quantiles)
        });
        let vectors: Vec<_> = vectors.collect();
        json.array(|json| {
            for function in &self.functions {
                let Some((number, value)) = &function.series else {
                    json.raw("null");
                    continue;
                };
                let (counts, quantiles) = &vectors[*number];
                let group = evaluator.groups.find(value);
                let read = |vector| group.and_then(|group| value_of(vector, group));
                json.array(|json| {
                    for vector in counts {
                        json.number(read(vector).unwrap_or(0.0));
                    }
                    for vector in quantiles {
                        json.number(read(vector).unwrap_or(f64::NAN));
                    }
                });
            }
        });
    }

    /// Writes the objectives with the share that is met and the burn rates in each window. A burn rate of 1 spends the
    /// permitted errors exactly in the period of the objective.
    pub(super) fn write_objectives(&self, evaluator: &mut Evaluator, json: &mut Json) {
        json.array(|json| {
            for Function { site, series } in &self.functions {
                let (Some((number, value)), Some(slo)) = (series, site.slo) else { continue };
                let Some(group) = evaluator.groups.find(value) else { continue };
                let Slo { availability, latency } = slo;
                let queries = &self.queries[*number].1;
                if let Some(target) = availability {
                    let good = queries.recent.each_ref().map(|recent| success(recent, group, evaluator));
                    write_objective(json, site, &format!("{target} % succeed"), target, good);
                }
                if let Some(latency) = latency {
                    let limit = latency.limit.as_secs_f64();
                    let good = queries
                        .recent
                        .each_ref()
                        .map(|recent| evaluator.share_up_to(limit, &recent.durations, group));
                    let text = format!("{} % within {limit} s", latency.percentile);
                    write_objective(json, site, &text, latency.percentile, good);
                }
            }
        });
    }
}

fn success(recent: &Recent, group: GroupId, evaluator: &mut Evaluator) -> Option<f64> {
    let calls = value_of(&evaluator.evaluate(&recent.calls), group).filter(|calls| *calls > 0.0)?;
    let failed = value_of(&evaluator.evaluate(&recent.failed), group).unwrap_or(0.0);
    Some(1.0 - failed / calls)
}

fn write_objective(json: &mut Json, site: &SiteInfo, text: &str, target: f64, good: [Option<f64>; 2]) {
    let permitted = 1.0 - target / 100.0;
    json.object(|json| {
        json.key("name").text(site.function);
        json.key("kind").text(kind(site.kind));
        json.key("text").text(text);
        json.key("good").array(|json| {
            for good in good {
                json.number(good.unwrap_or(f64::NAN));
            }
        });
        json.key("burn").array(|json| {
            for good in good {
                json.number(good.map_or(f64::NAN, |good| (1.0 - good) / permitted));
            }
        });
    });
}

fn queries(
    counter: &str,
    duration: &str,
    by: Option<&'static str>,
    families: &[FamilyInfo],
    evaluator: &mut Evaluator,
) -> Option<Queries> {
    let by: Vec<&'static str> = by.into_iter().collect();
    let calls = || Selection::of(counter).by(&by);
    let failed = || calls().without("status", "success");
    let durations = || Selection::buckets(duration).by(&by);
    let mut compile = |query: Result<Query, _>| query.ok().map(|query| evaluator.compile(&query));
    let mut recent = |window: u32| {
        Some(Recent {
            calls: compile(calls().increase(window).checked(families))?,
            failed: compile(failed().increase(window).checked(families))?,
            durations: compile(durations().increase(window).checked(families))?,
        })
    };
    let recent = [recent(WINDOWS[0])?, recent(WINDOWS[1])?];
    let quantile = |quantile: f64, node: &Node| match node {
        Node::Series(leaf) => Node::Quantile(quantile, *leaf),
        other => other.clone(),
    };
    let all = compile(durations().last().checked(families))?;
    Some(Queries {
        calls: compile(calls().last().checked(families))?,
        failed: compile(failed().last().checked(families))?,
        quantiles: [0.5, 0.95, 0.99].map(|q| quantile(q, &all)),
        recent,
    })
}

fn kind(kind: SiteKind) -> &'static str {
    match kind {
        SiteKind::Task => "task",
        SiteKind::Tool => "tool",
        SiteKind::Llm => "llm",
        SiteKind::Step => "step",
        SiteKind::General => "general",
    }
}
