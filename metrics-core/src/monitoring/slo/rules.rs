//! The rules of one objective: its errors over each window, its budget, and an alert for each pair of windows.
//!
//! Windows, factors and waits are those of the SRE workbook's chapter on alerting on SLOs (multi-window, multi-burn-rate).

use std::collections::BTreeSet;

use super::collect::{Kind, ReportsFaults, factor, objectives};
use super::objective::escaped;
use crate::catalogue::Catalogue;
use crate::monitoring::prometheus::names as n;
use crate::monitoring::rule::{Alert, Group, Rule, Severity};
use crate::monitoring::text::time_text;
use crate::monitoring::{BurnWindow, MonitoringError, Settings, number};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// From here on a window is reckoned from what is recorded each half minute, as its raw samples are too many.
const LONG: u64 = 12 * HOUR;

pub(crate) fn groups(catalogue: &Catalogue, settings: &Settings) -> Result<Vec<Group>, MonitoringError> {
    let watched = objectives(catalogue, settings)?;
    Ok(watched.iter().flat_map(|watched| [now(watched, settings), long(watched, settings)]).collect())
}

/// The windows of an objective, in seconds.
fn windows(watched: &ReportsFaults) -> BTreeSet<u64> {
    let pairs = watched.windows.iter().flat_map(|window| [window.short.as_secs(), window.long.as_secs()]);
    pairs.chain([5 * MINUTE, HOUR]).collect()
}

fn now(watched: &ReportsFaults, settings: &Settings) -> Group {
    let mut group = Group::new(format!("agent-slo-{}", watched.name));
    let usual = settings.time(5 * MINUTE);
    let mut record = |name: String, query: String, note| {
        group.record(name, query).note(note).label("slo", &*watched.name);
    };
    record(n::SLO_BAD.to_owned(), watched.bad(&usual), watched.note());
    record(n::SLO_TOTAL.to_owned(), watched.total(&usual), "");
    for seconds in windows(watched).into_iter().filter(|seconds| *seconds < LONG) {
        let window = settings.time(seconds);
        let query = format!("{}\n/\n({} > 0)", watched.bad(&window), watched.total(&window));
        record(format!("{}{}", n::SLO_ERRORS, time_text(seconds * 1000)), query, "");
    }
    let objective = number(watched.percent / 100.0);
    record(n::SLO_OBJECTIVE.to_owned(), format!("vector({objective})"), "");
    record(n::SLO_BUDGET.to_owned(), format!("vector({})", watched.budget_text()), "What may fail.");
    let hour = format!("{}1h{}", n::SLO_ERRORS, watched.matcher());
    let note = "How many times faster than the period allows the budget goes now.";
    record(n::SLO_BURN_RATE.to_owned(), format!("{hour} / {}", watched.budget_text()), note);
    for window in watched.windows.iter().filter(|window| window.long.as_secs() < LONG) {
        group.rules.push(Rule::Alert(Box::new(watched.alert(window, settings))));
    }
    group
}

/// Over days, from what is recorded, weighed by traffic: an hour of the night counts for as many calls as it had.
fn long(watched: &ReportsFaults, settings: &Settings) -> Group {
    let mut group = Group::new(format!("agent-slo-{}-long", watched.name));
    group.interval = Some(5 * MINUTE);
    let matcher = watched.matcher();
    let mut record = |name: String, query: String, note| {
        group.record(name, query).note(note).label("slo", &*watched.name);
    };
    let period = u64::from(settings.slo.period_days) * DAY;
    let days = windows(watched).into_iter().filter(|seconds| *seconds >= LONG && *seconds != period);
    for seconds in days.chain([period]) {
        let window = settings.time(seconds);
        let over = |name: &str| format!("sum_over_time({name}{matcher}[{window}])");
        let query = format!("{} / ({} > 0)", over(n::SLO_BAD), over(n::SLO_TOTAL));
        record(format!("{}{}", n::SLO_ERRORS, time_text(seconds * 1000)), query, "");
    }
    let whole = format!("{}{}{matcher}", n::SLO_ERRORS, time_text(period * 1000));
    let budget = watched.budget_text();
    record(n::SLO_BURNT.to_owned(), format!("{whole} / {budget}"), "1 when the period's budget is gone.");
    record(
        n::SLO_REMAINING.to_owned(),
        format!("1 - {whole} / {budget}"),
        "Negative when more is gone than there was.",
    );
    for window in watched.windows.iter().filter(|window| window.long.as_secs() >= LONG) {
        group.rules.push(Rule::Alert(Box::new(watched.alert(window, settings))));
    }
    group
}

impl BurnWindow {
    /// `1h/5m`.
    pub(super) fn text(&self) -> String {
        format!("{}/{}", time_text(self.long.as_secs() * 1000), time_text(self.short.as_secs() * 1000))
    }
}

impl ReportsFaults {
    fn budget_text(&self) -> String {
        number(self.budget())
    }

    fn matcher(&self) -> String {
        format!("{{slo=\"{}\"}}", escaped(&self.name))
    }

    fn note(&self) -> &'static str {
        match self.kind {
            Kind::Availability => "0 where nothing ever failed.",
            Kind::Latency { .. } => "Those that were given up after the limit are among them.",
        }
    }

    /// The rate of calls that count.
    fn total(&self, window: &str) -> String {
        let series = match self.kind {
            Kind::Availability => self.calls.series(&self.calls.counter(), self.calls.statuses()[1]),
            Kind::Latency { .. } => self.calls.series(&format!("{}_count", self.calls.histogram()), ""),
        };
        format!("sum by (job) (rate({series}[{window}]))")
    }

    /// The rate of bad ones.
    fn bad(&self, window: &str) -> String {
        let total = self.total(window);
        match &self.kind {
            Kind::Availability => {
                let series = self.failures();
                format!("(\n  sum by (job) (rate({series}[{window}]))\n  or 0 * {total}\n)")
            }
            Kind::Latency { le, .. } => {
                let series = self.within(le);
                format!("(\n  {total}\n  - sum by (job) (rate({series}[{window}]))\n)")
            }
        }
    }

    /// How many bad ones there were.
    fn bad_increase(&self, window: &str) -> String {
        let bad = match &self.kind {
            Kind::Availability => format!("sum by (job) (rate({}[{window}]))", self.failures()),
            Kind::Latency { le, .. } => {
                format!("({} - sum by (job) (rate({}[{window}])))", self.total(window), self.within(le))
            }
        };
        bad.replace("(rate(", "(increase(")
    }

    fn failures(&self) -> String {
        self.calls.series(&self.calls.counter(), self.calls.statuses()[0])
    }

    /// The calls that were quick enough. Bounds are written as `5.0` by who scrapes, and as `5` by a Pushgateway.
    fn within(&self, le: &str) -> String {
        let bucket = format!("{}_bucket", self.calls.histogram());
        let matcher = match le.strip_suffix(".0") {
            Some(whole) => format!("le=~\"{whole}(\\\\.0)?\""),
            None => format!("le=\"{le}\""),
        };
        self.calls.series(&bucket, &matcher)
    }

    fn alert(&self, window: &BurnWindow, settings: &Settings) -> Alert {
        let factor = factor(window, settings);
        let text = |seconds: u64| time_text(seconds * 1000);
        let (long, short) = (text(window.long.as_secs()), text(window.short.as_secs()));
        let limit = format!("{} * {}", number(factor), self.budget_text());
        let over = |length: &str| format!("{}{length}{} > {limit}", n::SLO_ERRORS, self.matcher());
        // What is told apart by `slo` is matched by `job` with what isn't.
        let calls = self.total(&settings.time(window.long.as_secs())).replace("(rate(", "(increase(");
        let failures = self.bad_increase(&settings.time(window.long.as_secs()));
        let (least, fewest) =
            (number(settings.thresholds.minimum_calls), number(settings.thresholds.minimum_failures));
        let query = format!(
            "{}\nand {}\nand on (job) {calls} >= {least}\nand on (job) {failures} >= {fewest}",
            over(&long),
            over(&short)
        );
        let severity = if window.critical { Severity::Critical } else { Severity::Warning };
        let days = f64::from(settings.slo.period_days);
        let left = text((days / factor * 86_400.0) as u64 / MINUTE * MINUTE);
        let what = match &self.kind {
            Kind::Availability => "failed".to_owned(),
            Kind::Latency { seconds, .. } => format!("took longer than {} s", number(*seconds)),
        };
        Alert::new("AgentErrorBudgetBurn", severity, window.wait.as_secs(), query)
            .label("slo", &*self.name)
            .label("long", &*long)
            .label("short", &*short)
            .text(
                // `$labels` has those of the series, not those that the rule adds.
                format!("{{{{ $labels.job }}}} burns the error budget of {{{{ $labels.slo }}}} over {long}"),
                format!(
                    "{{{{ $value | humanizePercentage }}}} of the calls in the last {long} {what}; the objective allows {} % over \
                     {days} days. At {} times that the budget of those is gone in {left}.",
                    number(self.budget() * 100.0),
                    number(factor),
                ),
            )
            .means(
                "An objective allows a share of bad calls over a period: the error budget. It goes so fast that it will be gone \
                 before the period is over. Two windows must say so: the long one that it matters, the short one that it still \
                 goes on, so that the alert ends soon after the trouble does.",
            )
            .look(&[
                "How much is left: `slo:error_budget_remaining:ratio`, and how fast it goes: `slo:burn_rate:ratio_rate1h`.",
                "Which calls are bad: the objective's name says whether tasks, tools, models or HTTP, and whether failures or slowness.",
                "The alerts on the same calls (`AgentHighErrorRate`, `AgentLowCompletionRate`, `AgentToolFailures`, ..), which say more of why.",
            ])
            .act(&[
                "Critical: stop the loss first; roll back, fall back, turn off.",
                "Warning: find the slow leak in the day; it is most often one kind of call that always fails.",
                "If the budget is spent, hold back risky changes until it has grown again.",
                "If users don't mind, the objective is too high: lower it.",
            ])
    }
}
