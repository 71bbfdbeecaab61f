//! Alerts on scrapes, and on the health of the metrics themselves.

use super::conditions::{HOUR, MINUTE, increase_with_new_series};
use crate::monitoring::Settings;
use crate::monitoring::rule::{Alert, Severity};

pub(super) fn alerts(settings: &Settings) -> Vec<Alert> {
    let scraped = [target_down(settings), no_targets(settings)];
    let scraped = scraped.into_iter().filter(|_| settings.scraped);
    scraped.chain([label_overflow(settings), no_storage(settings)]).collect()
}

fn target_down(settings: &Settings) -> Alert {
    let query = format!("up{{job=\"{}\"}} == 0", settings.job);
    Alert::new("AgentTargetDown", Severity::Warning, 5 * MINUTE, query)
        .text(
            "{{ $labels.instance }} can't be scraped",
            "Prometheus has not been able to scrape {{ $labels.instance }} of {{ $labels.job }} for 5 minutes.",
        )
        .means(
            "One instance is down, unreachable, or returns an invalid exposition. Its metrics are missing, so the other alerts \
             don't cover it.",
        )
        .look(&[
            "The error of the last scrape on the targets page of Prometheus.",
            "The process: it must run, and its metrics path must be reachable from Prometheus.",
            "The duration and the size of scrapes: `scrape_duration_seconds`, `agent_metrics_scrape_size_bytes`.",
        ])
        .act(&[
            "Restart the process if it has ended. First look for a panic or an out-of-memory kill.",
            "If it was stopped on purpose, remove it from the targets.",
        ])
}

fn no_targets(settings: &Settings) -> Alert {
    let query = format!("absent(up{{job=\"{}\"}} == 1)", settings.job);
    Alert::new("AgentNoTargets", Severity::Critical, 5 * MINUTE, query)
        .label("job", &*settings.job)
        .text(
            format!("No instance of {} can be scraped", settings.job),
            format!(
                "Prometheus has scraped no instance of {} for 5 minutes. No other alert can fire meanwhile.",
                settings.job
            ),
        )
        .means(
            "All instances are down, or the service discovery finds none. No other alert can fire until this is resolved.",
        )
        .look(&[
            "The targets page of Prometheus: the job and the number of its targets.",
            "No targets: the files or labels of the service discovery. Targets that are down: their error.",
            "The service itself: does it respond to users?",
        ])
        .act(&[
            "Fix the service discovery, or start the service.",
            "If the job has another name on purpose, set `settings.job` and generate the rules again.",
        ])
}

fn label_overflow(settings: &Settings) -> Alert {
    let series = "agent_metrics_label_overflow_total";
    let query = format!("{} > 0", increase_with_new_series("job, family, label", series, HOUR, settings));
    Alert::new("AgentLabelOverflow", Severity::Warning, 5 * MINUTE, query)
        .text(
            "The label {{ $labels.label }} of {{ $labels.family }} has too many values",
            "{{ $value | humanize }} recordings of {{ $labels.family }} in the last hour had a {{ $labels.label }} beyond the limit of \
             its values. They are counted as `__other__`.",
        )
        .means(
            "A bounded label received more different values than its limit. Totals are right, but further values share the value \
             `__other__`. The limit protects Prometheus from a series for each value.",
        )
        .look(&[
            "The current values: `count by (..) (..)` over the label of the family.",
            "Values that are no names, such as ids, paths or prompts.",
        ])
        .act(&[
            "For such values, use the route template, the task type or the model family instead.",
            "If there are really more names than the limit, raise it (`Bounded<N>`, or the limit of the builder).",
        ])
}

fn no_storage(settings: &Settings) -> Alert {
    let series = "agent_metrics_series_without_room_total";
    let query = format!("{} > 0", increase_with_new_series("job", series, HOUR, settings));
    Alert::new("AgentSeriesWithoutRoom", Severity::Warning, 5 * MINUTE, query)
        .text(
            "A process of {{ $labels.job }} has no storage left for new series",
            "{{ $value | humanize }} new series of {{ $labels.job }} in the last hour got no storage and are not exposed.",
        )
        .means(
            "The storage of the process is full. New series are not exposed and their recordings are lost. Existing series are \
             right.",
        )
        .look(&[
            "The largest families: `topk(10, count by (__name__) ({__name__=~\"agent_.+\"}))`.",
            "Labels with values that are no names: `AgentLabelOverflow`, and user-defined families.",
        ])
        .act(&[
            "Give the label fewer values: the route template, the task type or the model family.",
            "Restart the instance after the fix: existing series keep their storage until then.",
        ])
}
