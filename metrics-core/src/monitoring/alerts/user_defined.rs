//! Alerts on the user's own call families: those of `derive(CallLabels)`.

use super::conditions::{MINUTE, percent, share_above};
use crate::catalogue::Catalogue;
use crate::monitoring::family::is_user_defined;
use crate::monitoring::rule::{Alert, Severity};
use crate::monitoring::{Settings, outcomes};
use crate::sample::FamilyInfo;

pub(super) fn alerts(catalogue: &Catalogue, settings: &Settings) -> Vec<Alert> {
    let call_families = catalogue.families.iter().filter(|family| is_user_defined(family));
    call_families.filter_map(|family| Some(failures(family, call_family(family)?, settings))).collect()
}

/// The name of the call family whose counter this is.
fn call_family(family: &FamilyInfo) -> Option<&str> {
    let name = family.name.strip_suffix("_calls_total")?;
    family.labels.contains(&"status").then_some(name)
}

fn failures(family: &FamilyInfo, name: &str, settings: &Settings) -> Alert {
    let (counter, limit) = (&family.name, settings.thresholds.tool_error_ratio);
    let labels = family.labels.iter().copied().filter(|label| *label != "status");
    let by: Vec<_> = ["job"].into_iter().chain(labels).collect();
    let series = outcomes::CALLS.of(counter);
    let query = share_above(&by.join(", "), &series, &settings.time(15 * MINUTE), limit, settings);
    let labels = by[1..].iter().map(|label| format!(" {label} {{{{ $labels.{label} }}}}"));
    let which = labels.collect::<Vec<_>>().concat();
    Alert::new(format!("Agent{}Failures", camel_case(name)), Severity::Warning, 10 * MINUTE, query)
        .text(
            format!("Calls of {name} often fail"),
            format!(
                "{{{{ $value | humanizePercentage }}}} of the calls of {name}{which} by {{{{ $labels.job }}}} in the last 15 minutes \
                 failed; the limit is {}.",
                percent(limit)
            ),
        )
        .means(format!(
            "Calls that `{counter}` counts end in `error`, `timeout` or `panicked` more often than they may."
        ))
        .look(&["Which status it is, by the family's own labels.", "What the functions call that record there."])
        .act(&["Mend what they call, or do without it while it is broken."])
}

/// `web_search` as `WebSearch`.
fn camel_case(name: &str) -> String {
    let capitalized = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    };
    name.split(['_', ':']).map(capitalized).collect()
}
