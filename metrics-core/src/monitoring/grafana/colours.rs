//! The colours of the dashboards. A series with the same meaning has the same colour on every dashboard.
//!
//! The colours are those of Okabe and Ito where they suffice, and others that stay distinguishable with deuteranopia,
//! protanopia and tritanopia. Names that a program chooses, such as models and tools, get a colour of Grafana's palette by
//! name.

use serde_json::{Value, json};

use crate::monitoring::dashboard::Limit;
use crate::status;

/// A colour, as Grafana reads it.
pub(super) type Colour = &'static str;

pub(super) const GOOD: Colour = "#009E73";
pub(super) const BAD: Colour = "#D55E00";
/// Marks that are neither good nor bad.
pub(super) const INFORMATION: Colour = INPUT;
const TIMEOUT: Colour = "#E69F00";
const RATE_LIMITED: Colour = "#F0E442";
const CANCELLED: Colour = "#999999";
const INPUT: Colour = "#56B4E9";
const OUTPUT: Colour = "#E69F00";
const TOOL: Colour = "#8040E0";

/// The colour of each name of a status, and of the fixed names of the series of built-in panels.
const MEANINGS: [(&str, Colour); 29] = [
    ("success", GOOD),
    ("failure", BAD),
    ("error", BAD),
    ("timeout", TIMEOUT),
    ("rate_limited", RATE_LIMITED),
    ("unavailable", "#E00040"),
    ("rejected", "#56B4E9"),
    ("context_overflow", "#0072B2"),
    ("content_filtered", "#8040E0"),
    ("panicked", "#C0E0C0"),
    ("cancelled", CANCELLED),
    ("failed", BAD),
    ("rate limited", RATE_LIMITED),
    ("5xx", BAD),
    ("input", INPUT),
    ("output", OUTPUT),
    ("tool", TOOL),
    ("p50", "#56B4E9"),
    ("p95", "#E69F00"),
    ("p99", BAD),
    ("hit", GOOD),
    ("miss", CANCELLED),
    ("running", GOOD),
    ("needed", TIMEOUT),
    ("late", CANCELLED),
    ("tasks", "#56B4E9"),
    ("LLM calls", "#8040E0"),
    ("tool calls", "#E69F00"),
    ("HTTP requests", "#C0E0C0"),
];

/// The colours of HTTP status codes by class. The last matching rule wins: 499 is a client that disconnected.
const STATUS_CODES: [(&str, Colour); 5] =
    [("/^2../", GOOD), ("/^3../", INPUT), ("/^4../", TIMEOUT), ("/^5../", BAD), ("/^499/", CANCELLED)];

/// Returns the overrides that give the series with a legend the colours of their meaning.
pub(super) fn overrides(legend: &str) -> Vec<Value> {
    let named = |names: &[&str]| {
        let known = MEANINGS.iter().filter(|(name, _)| names.contains(name));
        known.map(|(name, colour)| series("byName", name, colour)).collect()
    };
    match legend {
        "{{status}}" | "{{outcome}}" => {
            let mut statuses = status::LLM.names.to_vec();
            statuses.extend(status::TASK.names.iter().filter(|name| !status::LLM.names.contains(name)));
            named(&statuses)
        }
        "{{status_code}}" => {
            STATUS_CODES.iter().map(|(codes, colour)| series("byRegexp", codes, colour)).collect()
        }
        "{{direction}}" | "{{cost_type}}" => named(&["input", "output", "tool"]),
        "{{result}}" => named(&["hit", "miss"]),
        name => named(&[name]),
    }
}

fn series(matcher: &str, names: &str, colour: Colour) -> Value {
    json!({
        "matcher": { "id": matcher, "options": names },
        "properties": [{ "id": "color", "value": { "mode": "fixed", "fixedColor": colour } }],
    })
}

/// Returns the colours on both sides of a limit.
pub(super) fn steps(limit: Option<Limit>) -> Value {
    let step = |value: Option<f64>, color: &str| json!({ "value": value, "color": color });
    match limit {
        None => json!([step(None, GOOD)]),
        Some(Limit::Above(at)) => json!([step(None, GOOD), step(Some(at), BAD)]),
        Some(Limit::Below(at)) => json!([step(None, BAD), step(Some(at), GOOD)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_a_colour() {
        let names = status::LLM.names.iter().chain(status::TASK.names).chain(status::TOOL.names);
        for name in names {
            assert!(MEANINGS.iter().any(|(known, _)| known == name), "`{name}` has no colour");
        }
    }
}
