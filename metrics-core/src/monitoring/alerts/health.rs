//! Alerts on scrapes, and on the health of the metrics themselves.

use super::conditions::{HOUR, MINUTE, grown_by, words};
use crate::monitoring::rule::Alert;
use crate::monitoring::severity::Severity;
use crate::monitoring::{Settings, number};

pub(super) fn alerts(settings: &Settings) -> Vec<Alert> {
    let scraped = [target_down(settings), target_flaps(settings), no_targets(settings)];
    let scraped = scraped.into_iter().filter(|_| settings.scraped);
    scraped.chain([label_overflow(settings), no_storage(settings), watchdog(settings)]).collect()
}

/// The names of the alerts on scrapes, which are left out when the agents only push.
pub(super) const SCRAPED: [&str; 3] = ["AgentTargetDown", "AgentTargetFlapping", "AgentNoTargets"];

fn target_flaps(settings: &Settings) -> Alert {
    const NAME: &str = "AgentTargetFlapping";
    let limit = settings.thresholds.target_changes;
    let seconds = settings.window(NAME, 30 * MINUTE);
    let query =
        format!("changes(up{{job=\"{}\"}}[{}]) > {}", settings.job, settings.time(seconds), number(limit));
    Alert::new(NAME, Severity::Warning, 5 * MINUTE, query)
        .window(seconds)
        .text(
            "{{ $labels.instance }} is unreachable again and again",
            format!(
                "{{{{ $labels.instance }}}} of {{{{ $labels.job }}}} became unreachable or reachable {{{{ $value }}}} times in the last \
                 {}; the limit is {}.",
                words(seconds),
                number(limit)
            ),
        )
        .means(
            "Scrapes of one instance fail and succeed in turn, each time for less than `AgentTargetDown` waits. The process may be \
             restarting in a loop, or it answers too slowly.",
        )
        .dashboard("agent-overview", &["instance"])
        .first("min", "up", ["instance"])
        .look(&[
            "Restarts: the start of the process, the events of its pod.",
            "Timeouts: `scrape_duration_seconds` near the scrape timeout.",
        ])
        .act(&[
            "Restarts: find the panic or the out-of-memory kill in the log, and roll back if it began with a deployment.",
            "Timeouts: give the process more processor time.",
        ])
}

fn watchdog(settings: &Settings) -> Alert {
    Alert::new("AgentWatchdog", Severity::Info, 0, "vector(1)".to_owned())
        .label("job", &*settings.job)
        .text(
            "Alerts are delivered",
            "This alert always fires. Let a service outside of this cluster raise an alarm when it stops arriving.",
        )
        .means(
            "This alert always fires, so that its absence shows that Prometheus, Alertmanager or the delivery between them has \
             stopped. Route it to a service that expects it regularly.",
        )
        .look(&[
            "Prometheus: it runs, and `prometheus_notifications_dropped_total` does not grow.",
            "Alertmanager: it runs, and `alertmanager_notifications_failed_total` does not grow.",
        ])
        .act(&["If it has stopped arriving, restart Prometheus or Alertmanager, or fix the delivery."])
        .close("It is never closed. If the external service raised an alarm: this alert arrives again.")
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
        .dashboard("agent-overview", &["instance"])
        .first("min", "up", ["instance"])
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
        .first("count", "up", ["instance"])
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
    const NAME: &str = "AgentLabelOverflow";
    let series = "agent_metrics_label_overflow_total";
    let seconds = settings.window(NAME, HOUR);
    let query = format!("{} > 0", grown_by("job, family, label", series, &settings.time(seconds), settings));
    Alert::new(NAME, Severity::Warning, 5 * MINUTE, query)
        .window(seconds)
        .text(
            "The label {{ $labels.label }} of {{ $labels.family }} has too many values",
            format!(
                "{{{{ $value | humanize }}}} recordings of {{{{ $labels.family }}}} in the last {} had a {{{{ $labels.label }}}} beyond \
                 the limit of its values. They are counted as `__other__`.",
                words(seconds)
            ),
        )
        .means(
            "A bounded label received more different values than its limit. Totals are right, but further values share the value \
             `__other__`. The limit protects Prometheus from a series for each value.",
        )
        .first("sum", format!("increase({series}[1h])"), ["family", "label", "instance"])
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
    const NAME: &str = "AgentSeriesWithoutRoom";
    let series = "agent_metrics_series_without_room_total";
    let seconds = settings.window(NAME, HOUR);
    let query = format!("{} > 0", grown_by("job", series, &settings.time(seconds), settings));
    Alert::new(NAME, Severity::Warning, 5 * MINUTE, query)
        .window(seconds)
        .text(
            "A process of {{ $labels.job }} has no storage left for new series",
            format!(
                "{{{{ $value | humanize }}}} new series of {{{{ $labels.job }}}} in the last {} got no storage and are not exposed.",
                words(seconds)
            ),
        )
        .means(
            "The storage of the process is full. New series are not exposed and their recordings are lost. Existing series are \
             right.",
        )
        .first("sum", format!("increase({series}[1h])"), ["instance"])
        .look(&[
            "The largest families: `topk(10, count by (__name__) ({__name__=~\"agent_.+\"}))`.",
            "Labels with values that are no names: `AgentLabelOverflow`, and user-defined families.",
        ])
        .act(&[
            "Give the label fewer values: the route template, the task type or the model family.",
            "Restart the instance after the fix: existing series keep their storage until then.",
        ])
}
