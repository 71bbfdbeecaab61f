use agent_metrics_monitoring_tests::{Case, Firing};

use super::of;

#[allow(clippy::too_many_lines)] // One list.
pub fn cases() -> Vec<Case> {
    let overflow = "agent_metrics_label_overflow_total";
    let labels = r#"family="agent_llm_calls_total",label="model""#;
    let overflown = |description| Firing {
        labels: &[
            ("severity", "warning"),
            ("job", "agent"),
            ("family", "agent_llm_calls_total"),
            ("label", "model"),
        ],
        summary: "The label model of agent_llm_calls_total has too many values",
        description,
    };
    let down = Firing {
        labels: &[("severity", "warning"), ("job", "agent"), ("instance", "a")],
        summary: "a can't be scraped",
        description: "Prometheus has not been able to scrape a of agent for 5 minutes.",
    };
    let none = Firing {
        labels: &[("severity", "critical"), ("job", "agent")],
        summary: "No instance of agent can be scraped",
        description: "Prometheus has scraped no instance of agent for 5 minutes. No other alert can fire meanwhile.",
    };
    let room = "agent_metrics_series_without_room_total";
    let said = |number: &str| {
        format!("{number} new series of agent in the last hour got no storage and are not exposed.")
    };
    let (many, few) = (said("120"), said("3"));
    let no_room = |description| Firing {
        labels: &[("severity", "warning"), ("job", "agent")],
        summary: "A process of agent has no storage left for new series",
        description,
    };
    let flaps = Firing {
        labels: &[("severity", "warning"), ("job", "agent"), ("instance", "a")],
        summary: "a is unreachable again and again",
        description: "a of agent became unreachable or reachable 8 times in the last 30 minutes; the limit is 5.",
    };
    let watchdog = Firing {
        labels: &[("severity", "info"), ("job", "agent")],
        summary: "Alerts are delivered",
        description: "This alert always fires. Let a service outside of this cluster raise an alarm when it stops arriving.",
    };
    vec![
        Case::new("one of two targets is down")
            .series(of("a", "up", ""), "1x5 0x30")
            .series(of("b", "up", ""), "1x40")
            .silent("AgentTargetDown", "10m")
            .fires("AgentTargetDown", "12m", &down)
            .silent("AgentNoTargets", "30m")
            .silent("AgentTargetFlapping", "30m"),
        Case::new("a target is unreachable for one minute in four")
            .series(of("a", "up", ""), "1x9 1 1 1 0 1 1 1 0 1 1 1 0 1 1 1 0 1x40")
            .silent("AgentTargetFlapping", "20m")
            .silent("AgentTargetFlapping", "24m")
            .fires("AgentTargetFlapping", "30m", &flaps)
            .silent("AgentTargetFlapping", "60m"),
        Case::new("a target of another job flaps, and one is restarted twice")
            .series(r#"up{job="other",instance="a"}"#, "1x9 0 1 0 1 0 1 0 1 0 1 1x40")
            .series(of("a", "up", ""), "1x9 0 1 1 0 1x40")
            .silent("AgentTargetFlapping", "30m"),
        Case::new("the watchdog always fires")
            .fires("AgentWatchdog", "1m", &watchdog)
            .silent("AgentNoTargets", "2m"),
        Case::new("a target restarts")
            .series(of("a", "up", ""), "1x5 0x2 1x30")
            .silent("AgentTargetDown", "8m")
            .silent("AgentTargetDown", "20m")
            .silent("AgentNoTargets", "20m"),
        Case::new("all targets are down")
            .series(of("a", "up", ""), "1x5 0x30")
            .silent("AgentNoTargets", "10m")
            .fires("AgentNoTargets", "12m", &none),
        Case::new("only another job has targets")
            .series(r#"up{job="other",instance="a"}"#, "1x30")
            .silent("AgentNoTargets", "4m")
            .fires("AgentNoTargets", "6m", &none),
        Case::new("another job's target is down")
            .series(of("a", "up", ""), "1x30")
            .series(r#"up{job="other",instance="a"}"#, "0x30")
            .silent("AgentTargetDown", "20m"),
        Case::new("a label overflows")
            .series(of("a", overflow, labels), "0x9 0+2x160")
            .silent("AgentLabelOverflow", "10m")
            .silent("AgentLabelOverflow", "14m")
            .fires("AgentLabelOverflow", "130m", &overflown(
                "120 recordings of agent_llm_calls_total in the last hour had a model beyond the limit of its values. They are counted as `__other__`.",
            )),
        Case::new("the counter appears with its first overflow")
            .series(of("a", "up", ""), "1x200")
            .series(of("a", overflow, labels), "_x70 1x100")
            .silent("AgentLabelOverflow", "74m")
            .fires("AgentLabelOverflow", "90m", &overflown(
                "1 recordings of agent_llm_calls_total in the last hour had a model beyond the limit of its values. They are counted as `__other__`.",
            ))
            .silent("AgentLabelOverflow", "140m"),
        Case::new("an unreachable target returns with its old totals")
            .series(of("a", overflow, labels), "7x100 _x70 7x100")
            .series(of("a", "up", ""), "1x100 0x70 1x100")
            .series(of("a", room, ""), "7x100 _x70 7x100")
            .silent("AgentLabelOverflow", "178m")
            .silent("AgentSeriesWithoutRoom", "178m"),
        Case::new("a process has no storage for more series")
            .series(of("a", room, ""), "0x9 0+2x160")
            .series(of("b", room, ""), "0x170")
            .silent("AgentSeriesWithoutRoom", "10m")
            .silent("AgentSeriesWithoutRoom", "14m")
            .fires("AgentSeriesWithoutRoom", "130m", &no_room(&many))
            .silent("AgentSeriesWithoutRoom", "5m"),
        Case::new("the counter appears with its first series without storage")
            .series(of("a", "up", ""), "1x200")
            .series(of("a", room, ""), "_x70 3x100")
            .silent("AgentSeriesWithoutRoom", "74m")
            .fires("AgentSeriesWithoutRoom", "90m", &no_room(&few))
            .silent("AgentSeriesWithoutRoom", "140m"),
        Case::new("nothing overflows, and the process restarts")
            .series(of("a", overflow, labels), "7x80 0x80")
            .silent("AgentLabelOverflow", "75m")
            .silent("AgentLabelOverflow", "100m"),
    ]
}
