//! Alerts on being seen at all, and on the toolkit's own health.

use super::conditions::{HOUR, MINUTE, increase_with_new_series};
use crate::monitoring::Settings;
use crate::monitoring::rule::{Alert, Severity};

pub(super) fn alerts(settings: &Settings) -> Vec<Alert> {
    let scraped = [target_down(settings), no_targets(settings)];
    let scraped = scraped.into_iter().filter(|_| settings.scraped);
    scraped.chain([label_overflow(settings), without_room(settings)]).collect()
}

fn target_down(settings: &Settings) -> Alert {
    let query = format!("up{{job=\"{}\"}} == 0", settings.job);
    Alert::new("AgentTargetDown", Severity::Warning, 5 * MINUTE, query)
        .text(
            "{{ $labels.instance }} can't be scraped",
            "Prometheus has not been able to scrape {{ $labels.instance }} of {{ $labels.job }} for 5 minutes.",
        )
        .means(
            "One instance is down, can't be reached, or answers with something that is no exposition. Nothing is known of it; \
             the other alerts are silent about it.",
        )
        .look(&[
            "The error of the last scrape on Prometheus' page of targets.",
            "Whether the process runs, and answers on its metrics path from where Prometheus stands.",
            "Whether the scrape takes too long: `scrape_duration_seconds`, `agent_metrics_scrape_size_bytes`.",
        ])
        .act(&[
            "Restart the process if it is gone; look for a panic or a kill for memory before.",
            "If it was meant to go, take it out of the targets.",
        ])
}

fn no_targets(settings: &Settings) -> Alert {
    let query = format!("absent(up{{job=\"{}\"}} == 1)", settings.job);
    Alert::new("AgentNoTargets", Severity::Critical, 5 * MINUTE, query)
        .label("job", &*settings.job)
        .text(
            format!("No instance of {} can be scraped", settings.job),
            format!(
                "Prometheus has had no instance of {} to scrape for 5 minutes, or none that answers: all other alerts are blind.",
                settings.job
            ),
        )
        .means(
            "Either all instances are down, or the service discovery finds none. While this lasts, no other alert can fire.",
        )
        .look(&[
            "Prometheus' page of targets: is the job there, with how many targets?",
            "Without targets: the files or the labels by which they are found. With targets that are down: their error.",
            "Whether the service answers its users.",
        ])
        .act(&[
            "Mend the discovery, or start the service.",
            "If the job has another name on purpose, set `settings.job` to it and make the rules anew.",
        ])
}

fn label_overflow(settings: &Settings) -> Alert {
    let series = "agent_metrics_label_overflow_total";
    let query = format!("{} > 0", increase_with_new_series("job, family, label", series, HOUR, settings));
    Alert::new("AgentLabelOverflow", Severity::Warning, 5 * MINUTE, query)
        .text(
            "The label {{ $labels.label }} of {{ $labels.family }} has too many values",
            "{{ $value | humanize }} recordings of {{ $labels.family }} in the last hour came with a new {{ $labels.label }} past its \
             cap: they count under `__other__`.",
        )
        .means(
            "A label that takes text at run time has met more values than its cap. The totals are right, but what is new can't be \
             told apart any more. The cap does what it is for: without it Prometheus would get a series for each.",
        )
        .look(&[
            "The values it has: `count by (..) (..)` over the family's label.",
            "Whether something that is no name got into it: an id, a path, a prompt.",
        ])
        .act(&[
            "A value that is no name: use the route's template, the kind of the task, the model's family.",
            "Truly more names than the cap: raise it (`Bounded<N>`, or the builder's limit).",
        ])
}

fn without_room(settings: &Settings) -> Alert {
    let series = "agent_metrics_series_without_room_total";
    let query = format!("{} > 0", increase_with_new_series("job", series, HOUR, settings));
    Alert::new("AgentSeriesWithoutRoom", Severity::Warning, 5 * MINUTE, query)
        .text(
            "A process of {{ $labels.job }} has more series than there is room for",
            "{{ $value | humanize }} series of {{ $labels.job }} in the last hour found no room: they are not exposed.",
        )
        .means(
            "The process has as many series as it has storage for: those that are new are not exposed, and what is recorded in them is \
             nowhere. What was there before is right.",
        )
        .look(&[
            "Which families are large: `topk(10, count by (__name__) ({__name__=~\"agent_.+\"}))`.",
            "Whether a label has values that are no names: `AgentLabelOverflow`, and the families of your own.",
        ])
        .act(&[
            "Give the label fewer values: the route's template, the kind of the task, the model's family.",
            "Restart the instance once it is mended: series that are there are kept until then.",
        ])
}
