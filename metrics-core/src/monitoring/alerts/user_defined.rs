//! Alerts on user-defined call families, those of `derive(CallLabels)`.

use super::conditions::{Contributors, MINUTE, percent, share_above, words};
use crate::catalogue::Catalogue;
use crate::monitoring::family::is_user_defined;
use crate::monitoring::rule::Alert;
use crate::monitoring::severity::Severity;
use crate::monitoring::{Settings, outcomes};
use crate::sample::FamilyInfo;

pub(super) fn alerts(catalogue: &Catalogue, settings: &Settings) -> Vec<Alert> {
    let call_families = catalogue.families.iter().filter(|family| is_user_defined(family));
    call_families.filter_map(|family| Some(failures(family, call_family(family)?, settings))).collect()
}

/// Returns the name of the call family that a counter belongs to.
fn call_family(family: &FamilyInfo) -> Option<&str> {
    let name = family.name.strip_suffix("_calls_total")?;
    family.labels.contains(&"status").then_some(name)
}

fn failures(family: &FamilyInfo, name: &str, settings: &Settings) -> Alert {
    let (counter, limit) = (&family.name, settings.thresholds.tool_error_ratio);
    let labels = family.labels.iter().copied().filter(|label| *label != "status");
    let by: Vec<_> = ["job"].into_iter().chain(labels).collect();
    let series = outcomes::CALLS.of(counter);
    let alert = format!("Agent{}Failures", camel_case(name));
    let seconds = settings.window(&alert, 15 * MINUTE);
    let query = share_above(&by.join(", "), &series, &settings.time(seconds), limit, settings);
    let contributors = Contributors { of: &by, window: settings.time(seconds), settings };
    let most = contributors.counted(&series[0], &[("instance", "instance"), ("status", "status")]);
    let labels = by[1..].iter().map(|label| format!(" {label} {{{{ $labels.{label} }}}}"));
    let which = labels.collect::<Vec<_>>().concat();
    Alert::new(alert, Severity::Warning, 10 * MINUTE, query)
        .window(seconds)
        .text(
            format!("Calls of {name} fail"),
            format!(
                "{{{{ $value | humanizePercentage }}}} of the calls of {name}{which} by {{{{ $labels.job }}}} in the last {} \
                 failed; the limit is {}.{most}",
                words(seconds),
                percent(limit)
            ),
        )
        .means(format!(
            "The share of the calls counted in `{counter}` that ended in `error`, `timeout` or `panicked` is above the limit."
        ))
        .dashboard("agent-own", &[])
        .first(
            "sum",
            format!("rate({}[5m])", series[0]),
            by[1..].iter().copied().chain(["status", "instance"]),
        )
        .look(&["The dependencies of the functions that record in this family."])
        .act(&["Fix these dependencies, or stop using them while they are broken."])
}

/// Converts `web_search` to `WebSearch`.
fn camel_case(name: &str) -> String {
    let capitalized = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    };
    name.split(['_', ':']).map(capitalized).collect()
}
