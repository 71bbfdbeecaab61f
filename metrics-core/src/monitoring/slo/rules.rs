//! The rules of one objective: its error ratio over each window, its error budget, and an alert for each pair of windows.
//!
//! Windows, factors and waits are those of the SRE workbook's chapter on alerting on SLOs (multi-window, multi-burn-rate).

use std::collections::BTreeSet;

use super::collect::{Kind, Watched, factor, objectives};
use super::objective::escaped;
use crate::catalogue::Catalogue;
use crate::monitoring::prometheus::names as n;
use crate::monitoring::rule::{Alert, Group, Rule};
use crate::monitoring::severity::Severity;
use crate::monitoring::text::time_text;
use crate::monitoring::{BurnWindow, MonitoringError, Settings, number};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// Windows of at least this length are computed from series recorded every half minute, since raw samples would be too many.
const LONG: u64 = 12 * HOUR;

pub(crate) fn groups(catalogue: &Catalogue, settings: &Settings) -> Result<Vec<Group>, MonitoringError> {
    let watched = objectives(catalogue, settings)?;
    Ok(watched.iter().flat_map(|watched| [now(watched, settings), long(watched, settings)]).collect())
}

/// Returns the windows of an objective, in seconds.
fn windows(watched: &Watched) -> BTreeSet<u64> {
    let pairs = watched.windows.iter().flat_map(|window| [window.short.as_secs(), window.long.as_secs()]);
    pairs.chain([5 * MINUTE, HOUR]).collect()
}

fn now(watched: &Watched, settings: &Settings) -> Group {
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
    record(
        n::SLO_BUDGET.to_owned(),
        format!("vector({})", watched.budget_text()),
        "Allowed ratio of bad calls.",
    );
    let hour = format!("{}1h{}", n::SLO_ERRORS, watched.matcher());
    let note = "Current burn rate: 1 spends the error budget exactly in its period.";
    record(n::SLO_BURN_RATE.to_owned(), format!("{hour} / {}", watched.budget_text()), note);
    if settings.scraped {
        group.rules.push(Rule::Alert(Box::new(watched.without_data(settings))));
    }
    for window in watched.windows.iter().filter(|window| window.long.as_secs() < LONG) {
        group.rules.push(Rule::Alert(Box::new(watched.alert(window, settings))));
    }
    group
}

/// Returns the rules over days, from recorded series and weighted by traffic: an hour at night counts by its number of calls.
fn long(watched: &Watched, settings: &Settings) -> Group {
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
    record(
        n::SLO_BURNT.to_owned(),
        format!("{whole} / {budget}"),
        "Spent share of the error budget; 1 when it is spent.",
    );
    record(
        n::SLO_REMAINING.to_owned(),
        format!("1 - {whole} / {budget}"),
        "Remaining share of the error budget; negative when it is overspent.",
    );
    for window in watched.windows.iter().filter(|window| window.long.as_secs() >= LONG) {
        group.rules.push(Rule::Alert(Box::new(watched.alert(window, settings))));
    }
    group
}

impl BurnWindow {
    /// Returns the text of the windows, such as `1h/5m`.
    pub(super) fn text(&self) -> String {
        format!("{}/{}", time_text(self.long.as_secs() * 1000), time_text(self.short.as_secs() * 1000))
    }
}

impl Watched {
    fn budget_text(&self) -> String {
        number(self.budget())
    }

    fn matcher(&self) -> String {
        format!("{{slo=\"{}\"}}", escaped(&self.name))
    }

    fn note(&self) -> &'static str {
        match self.kind {
            Kind::Availability => "0 if no call ever failed.",
            Kind::Latency { .. } => "Includes calls that were cancelled after the limit.",
        }
    }

    /// Returns the rate of all counted calls.
    fn total(&self, window: &str) -> String {
        let series = match self.kind {
            Kind::Availability => self.calls.series(&self.calls.counter(), self.calls.statuses()[1]),
            Kind::Latency { .. } => self.calls.series(&format!("{}_count", self.calls.histogram()), ""),
        };
        format!("sum by (job) (rate({series}[{window}]))")
    }

    /// Returns the rate of bad calls.
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

    /// Returns the number of bad calls.
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

    /// Returns the series of calls within the limit. A scrape has the bound `5.0`, a Pushgateway writes it as `5`.
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
        // Series with the label `slo` are matched by `job` with series without it.
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
        let what = match &self.kind {
            Kind::Availability => "failed".to_owned(),
            Kind::Latency { seconds, .. } => format!("took longer than {} s", number(*seconds)),
        };
        Alert::new("AgentErrorBudgetBurn", severity, window.wait.as_secs(), query)
            .label("slo", &*self.name)
            .label("long", &*long)
            .label("short", &*short)
            .text(
                // `$labels` has the labels of the series, without those that the rule adds.
                format!("{{{{ $labels.job }}}} burns the error budget of {{{{ $labels.slo }}}} over {long}"),
                format!(
                    "{{{{ $value | humanizePercentage }}}} of the calls in the last {long} {what}; the objective allows {} % over \
                     {} days.{}",
                    number(self.budget() * 100.0),
                    settings.slo.period_days,
                    burn_text(settings)
                ),
            )
            .means(
                "An objective allows a share of bad calls over a period: the error budget. At the current burn rate it will be spent \
                 before the period ends. The alert requires a long window, which shows that the problem matters, and a short one, which \
                 shows that it continues, so that the alert ends soon after the problem.",
            )
            .dashboard("agent-slo", &[])
            .first("max", n::SLO_BURN_RATE, ["slo"])
            .look(&[
                "Remaining error budget: `slo:error_budget_remaining:ratio`.",
                "The bad calls: the name of the objective has their kind (tasks, tools, models, HTTP) and the problem (availability, latency).",
                "Alerts on the same calls (`AgentHighErrorRate`, `AgentLowCompletionRate`, `AgentToolFailures`, ..), which give more details.",
            ])
            .act(&[
                "Critical: stop the failures first. Roll back, use a fallback, or turn the feature off.",
                "Warning: find the cause during working hours. Often one kind of call always fails.",
                "If the error budget is spent, postpone risky changes until it has recovered.",
                "If users are not affected, lower the objective.",
            ])
    }
}

/// Returns the sentences with the current burn rate, and with the time in which it spends the rest of the error budget.
fn burn_text(settings: &Settings) -> String {
    let of = |name: &str| format!("{name}{{slo=%[1]q,job=%[2]q}}");
    let (rate, remaining) = (of(n::SLO_BURN_RATE), of(n::SLO_REMAINING));
    let period = f64::from(settings.slo.period_days) * 86_400.0 / f64::from(settings.rehearsal);
    let sentence = |query: &str, text: &str| {
        format!("{{{{ with printf \"{query}\" $labels.slo $labels.job | query }}}} {text}{{{{ end }}}}")
    };
    [
        sentence(&rate, "The burn rate of the last hour is {{ . | first | value | printf \"%.1f\" }}."),
        sentence(
            &format!("({remaining} > 0) * {} / ({rate} > 0)", number(period)),
            "At this rate the rest of the error budget is spent in {{ . | first | value | humanizeDuration }}.",
        ),
        sentence(&format!("{remaining} <= 0"), "The error budget is spent."),
    ]
    .concat()
}

impl Watched {
    /// Returns the alert on an objective whose calls are no longer counted although agents are scraped.
    fn without_data(&self, settings: &Settings) -> Alert {
        let total = format!("{}{}", n::SLO_TOTAL, self.matcher());
        let query = format!(
            "max by (job) (up{{job=\"{}\"}}) > 0\nand on (job) last_over_time({total}[{}])\nunless on (job) {total}",
            settings.job,
            settings.time(DAY)
        );
        let counted = match self.kind {
            Kind::Availability => self.calls.counter(),
            Kind::Latency { .. } => format!("{}_count", self.calls.histogram()),
        };
        Alert::new("AgentObjectiveWithoutData", Severity::Warning, HOUR, query)
            .label("slo", &*self.name)
            .text(
                format!("The objective {} has no data", self.name),
                format!(
                    "Agents of {{{{ $labels.job }}}} are scraped, but none has exposed calls for the objective {} for an hour. Its \
                     alerts can't fire.",
                    self.name
                ),
            )
            .means(
                "The series of an objective existed during the last day and are gone, while the agents are up. A label value, a \
                 family or a relabelling rule has changed. The alerts of the objective can't fire meanwhile.",
            )
            .dashboard("agent-slo", &[])
            .first("sum", format!("rate({counted}[5m])"), ["instance"])
            .look(&[
                "The last deployment: a renamed task type, tool, model or endpoint.",
                "Changes of relabelling rules that drop series.",
                "An agent that was restarted and has had no such call since.",
            ])
            .act(&[
                "A renamed value: change the objective, and generate the rules again.",
                "A dropped series: fix the relabelling rule.",
            ])
    }
}
