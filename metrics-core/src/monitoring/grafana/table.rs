//! Tables: a column for each label and each query.

use serde_json::{Map, Value, json};

use super::colours::steps;
use super::target::reference;
use crate::monitoring::dashboard::{Limit, Panel, Target, View};

/// The headings of columns with the values of labels.
const HEADINGS: [(&str, &str); 6] = [
    ("instance", "Instance"),
    ("job", "Job"),
    ("model", "Model"),
    ("slo", "Objective"),
    ("task_type", "Task type"),
    ("tool_name", "Tool"),
];

fn heading(label: &str) -> &str {
    HEADINGS.iter().find(|(name, _)| *name == label).map_or(label, |(_, heading)| heading)
}

/// Returns the heading of the column of a query, if it has one.
fn columns(panel: &Panel) -> impl Iterator<Item = (usize, &Target)> {
    panel.targets.iter().enumerate().filter(|(_, target)| target.column.is_some())
}

/// Returns the transformations of a table: one row for each label set, without the columns that are the same in each row.
pub(super) fn transformations(panel: &Panel) -> Vec<Value> {
    if panel.view != View::Table {
        return Vec::new();
    }
    let mut names: Map<String, Value> =
        HEADINGS.iter().map(|(label, heading)| ((*label).to_owned(), json!(heading))).collect();
    let mut places = Map::new();
    for (at, target) in columns(panel) {
        // Grafana names the values of the only query without its letter.
        let value =
            if panel.targets.len() > 1 { format!("Value #{}", reference(at)) } else { "Value".to_owned() };
        // After the labels.
        places.insert(value.clone(), json!(100 + at));
        names.insert(value, json!(target.legend));
    }
    let hidden = json!({ "Time": true, "__name__": true });
    let organize = json!({
        "id": "organize",
        "options": { "excludeByName": hidden, "indexByName": places, "renameByName": names },
    });
    if panel.targets.len() > 1 {
        vec![json!({ "id": "merge", "options": {} }), organize]
    } else {
        vec![organize]
    }
}

/// Returns the units and limits of the columns, and the links of the values that a click chooses.
pub(super) fn overrides(panel: &Panel) -> Vec<Value> {
    let mut overrides = Vec::new();
    for (_, target) in columns(panel) {
        let Some(column) = &target.column else { continue };
        // A row may lack a value, as an instance that is not reachable does.
        let mut properties =
            vec![json!({ "id": "unit", "value": column.unit }), json!({ "id": "noValue", "value": "-" })];
        if let Some(limit) = column.limit {
            properties.extend([
                json!({ "id": "thresholds", "value": { "mode": "absolute", "steps": steps(Some(limit)) } }),
                json!({ "id": "color", "value": { "mode": "thresholds" } }),
                json!({ "id": "custom.cellOptions", "value": { "type": "color-text" } }),
            ]);
        }
        overrides.push(json!({
            "matcher": { "id": "byName", "options": target.legend },
            "properties": properties,
        }));
    }
    if let Some((label, uid)) = panel.filter {
        // The chosen jobs and instances stay chosen.
        let kept = ["job", "instance"]
            .iter()
            .filter(|name| **name != label)
            .map(|name| format!("${{{name}:queryparam}}&"))
            .collect::<Vec<_>>()
            .concat();
        let link = json!({
            "title": format!("Show only this {}", heading(label).to_lowercase()),
            "url": format!(
                "/d/{uid}?${{__url_time_range}}&${{datasource:queryparam}}&{kept}var-{label}=${{__value.raw:percentencode}}"
            ),
            "targetBlank": false,
        });
        overrides.push(json!({
            "matcher": { "id": "byName", "options": heading(label) },
            "properties": [{ "id": "links", "value": [link] }],
        }));
    }
    overrides
}

pub(super) fn options(panel: &Panel) -> Value {
    let first = columns(panel).next().map(|(_, target)| {
        // The worst or the largest value comes first.
        let is_low_bad =
            target.column.as_ref().is_some_and(|column| matches!(column.limit, Some(Limit::Below(_))));
        json!([{ "displayName": target.legend, "desc": !is_low_bad }])
    });
    json!({ "showHeader": true, "cellHeight": "sm", "sortBy": first.unwrap_or_else(|| json!([])) })
}
