//! Dashboards as JSON for Grafana.

use serde_json::{Value, json};

use super::variables::{Variable, variables};
use crate::monitoring::dashboard::{Dashboard, Limit, Panel, Target, View};
use crate::monitoring::promql::Names;

/// The schema version of Grafana 12 and 13. Older versions ignore the fields that they do not know.
const SCHEMA: u32 = 42;
/// The tag of all generated dashboards; each dashboard links to the others by this tag.
const TAG: &str = "agent-metrics";
const COLUMNS: u32 = 24;

/// Returns the text of a dashboard's file.
pub(super) fn dashboard(dashboard: &Dashboard, names: &Names<'_>) -> String {
    let variables: Vec<_> = [data_source()].into_iter().chain(variables(dashboard).map(variable)).collect();
    let value = json!({
        "id": null,
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": dashboard.description,
        "tags": [TAG],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": false,
        // All panels share one crosshair.
        "graphTooltip": 1,
        "time": { "from": format!("now-{}", dashboard.since), "to": "now" },
        "refresh": "30s",
        "timezone": "browser",
        "templating": { "list": variables },
        "annotations": { "list": [alerts()] },
        "links": [others()],
        "panels": panels(dashboard, names),
    });
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}

fn source() -> Value {
    json!({ "type": "prometheus", "uid": "${datasource}" })
}

fn data_source() -> Value {
    json!({
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
        "regex": "",
        "hide": 0,
        "includeAll": false,
        "multi": false,
        "refresh": 1,
        "options": [],
        "skipUrlSync": false,
    })
}

fn variable(variable: Variable) -> Value {
    let query = variable.query();
    json!({
        "name": variable.name,
        "label": variable.label,
        "type": "query",
        "datasource": source(),
        "definition": query,
        "query": { "qryType": 1, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery" },
        "regex": "",
        "hide": 0,
        "includeAll": true,
        "multi": true,
        "allValue": ".+",
        "current": { "selected": true, "text": ["All"], "value": ["$__all"] },
        // Reload the values when the time range changes.
        "refresh": 2,
        "sort": 1,
        "options": [],
        "skipUrlSync": false,
    })
}

/// Firing alerts, as marks in all panels.
fn alerts() -> Value {
    json!({
        "name": "Alerts",
        "datasource": source(),
        "enable": true,
        "hide": false,
        "iconColor": "red",
        "expr": "ALERTS{alertstate=\"firing\", job=~\"$job|\"}",
        "step": "60s",
        "titleFormat": "{{alertname}}",
        "textFormat": "{{severity}}",
    })
}

/// A menu of the other dashboards, which keeps the variables and the time range.
fn others() -> Value {
    json!({
        "title": "Agents",
        "type": "dashboards",
        "tags": [TAG],
        "asDropdown": true,
        "includeVars": true,
        "keepTime": true,
        "targetBlank": false,
        "icon": "external link",
        "tooltip": "",
        "url": "",
    })
}

/// Lays out rows from top to bottom and panels from left to right; a panel that does not fit starts a new line.
fn panels(dashboard: &Dashboard, names: &Names<'_>) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    let mut top = 0;
    for row in &dashboard.rows {
        all.push(json!({
            "id": all.len() + 1,
            "type": "row",
            "title": row.title,
            "collapsed": false,
            "gridPos": { "h": 1, "w": COLUMNS, "x": 0, "y": top },
            "panels": [],
        }));
        top += 1;
        let (mut left, mut height) = (0, 0);
        for one in &row.panels {
            if left + one.width > COLUMNS {
                top += height;
                (left, height) = (0, 0);
            }
            let mut value = panel(one, names);
            value["id"] = json!(all.len() + 1);
            value["gridPos"] = json!({ "h": height_of(one), "w": one.width, "x": left, "y": top });
            all.push(value);
            left += one.width;
            height = height.max(height_of(one));
        }
        top += height;
    }
    all
}

/// The height of a panel in rows of Grafana's grid.
fn height_of(panel: &Panel) -> u32 {
    if matches!(panel.view, View::Stat | View::Gauge) { 4 } else { 8 }
}

fn panel(panel: &Panel, names: &Names<'_>) -> Value {
    let (kind, options) = options(panel);
    json!({
        "type": kind,
        "title": panel.title,
        "description": description(panel, names),
        "datasource": source(),
        "targets": panel.targets.iter().enumerate().map(|(at, one)| target(one, at, panel)).collect::<Vec<_>>(),
        "fieldConfig": { "defaults": defaults(panel), "overrides": [] },
        "options": options,
        "transformations": transformations(panel),
    })
}

/// Returns the panel's description with the metrics that its queries name.
fn description(panel: &Panel, names: &Names<'_>) -> String {
    let families = panel
        .targets
        .iter()
        .flat_map(|target| target.query.families(names).into_iter().chain(target.query.recorded()));
    let mut listed: Vec<&str> = Vec::new();
    for family in families {
        if !listed.contains(&family) {
            listed.push(family);
        }
    }
    let word = if listed.len() == 1 { "Metric" } else { "Metrics" };
    let listed: Vec<_> = listed.iter().map(|family| format!("`{family}`")).collect();
    format!("{}\n\n{word}: {}", panel.description, listed.join(", "))
}

fn target(target: &Target, at: usize, panel: &Panel) -> Value {
    // Pies and tables show one instant.
    let is_instant = matches!(panel.view, View::Pie | View::Table);
    json!({
        "refId": reference(at),
        "datasource": source(),
        "editorMode": "code",
        "expr": target.query.text(),
        "legendFormat": if target.legend.is_empty() { "__auto" } else { &target.legend },
        "instant": is_instant,
        "range": !is_instant,
        "exemplar": panel.view == View::Lines && has_exemplars(target),
        "format": if panel.view == View::Table { "table" } else { "time_series" },
    })
}

/// Returns true for queries of histogram buckets, the only series that have exemplars.
fn has_exemplars(target: &Target) -> bool {
    target.query.samples().any(|sample| sample.ends_with("_bucket"))
}

/// Returns the identifier of the query at a position: `A` to `Z`, then `A1`.
fn reference(at: usize) -> String {
    let letter = char::from(b'A' + (at % 26) as u8);
    if at < 26 { letter.to_string() } else { format!("{letter}{}", at / 26) }
}

/// Hides the columns of a table that are the same for each row.
fn transformations(panel: &Panel) -> Vec<Value> {
    if panel.view != View::Table {
        return Vec::new();
    }
    let hidden = json!({ "Time": true, "__name__": true });
    vec![
        json!({ "id": "organize", "options": { "excludeByName": hidden, "indexByName": {}, "renameByName": {} } }),
    ]
}

fn defaults(panel: &Panel) -> Value {
    let mut defaults = json!({
        "unit": panel.unit,
        "noValue": panel.no_value,
        "thresholds": { "mode": "absolute", "steps": steps(panel.limit) },
        "color": { "mode": if is_coloured_by_limit(panel) { "thresholds" } else { "palette-classic" } },
        // A ratio without traffic is NaN.
        "mappings": [{
            "type": "special",
            "options": { "match": "nan", "result": { "text": panel.no_value, "index": 0 } },
        }],
    });
    if panel.limit.is_none_or(|limit| !matches!(limit, Limit::Below(at) if at <= 0.0)) {
        defaults["min"] = json!(0);
    }
    if let Some(max) = panel.max {
        defaults["max"] = json!(max);
    }
    if panel.view == View::Lines {
        defaults["custom"] = lines(panel);
    }
    defaults
}

fn is_coloured_by_limit(panel: &Panel) -> bool {
    matches!(panel.view, View::Stat | View::Gauge)
}

fn steps(limit: Option<Limit>) -> Value {
    match limit {
        None => json!([{ "value": null, "color": "green" }]),
        Some(Limit::Above(at)) => {
            json!([{ "value": null, "color": "green" }, { "value": at, "color": "red" }])
        }
        Some(Limit::Below(at)) => {
            json!([{ "value": null, "color": "red" }, { "value": at, "color": "green" }])
        }
    }
}

fn lines(panel: &Panel) -> Value {
    json!({
        "drawStyle": "line",
        "lineInterpolation": "linear",
        "lineWidth": 1,
        "fillOpacity": if panel.is_stacked { 30 } else { 10 },
        "gradientMode": "none",
        "showPoints": "auto",
        "pointSize": 4,
        "spanNulls": false,
        "axisPlacement": "auto",
        "scaleDistribution": { "type": "linear" },
        "stacking": { "mode": if panel.is_stacked { "normal" } else { "none" }, "group": "A" },
        "thresholdsStyle": { "mode": if panel.limit.is_some() { "dashed" } else { "off" } },
    })
}

/// Returns the name of the panel's plugin and its options.
fn options(panel: &Panel) -> (&'static str, Value) {
    let last = json!({ "calcs": ["lastNotNull"], "fields": "", "values": false });
    match panel.view {
        View::Lines => (
            "timeseries",
            json!({
                "legend": { "displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": [] },
                "tooltip": { "mode": "multi", "sort": "desc" },
            }),
        ),
        View::Stat => (
            "stat",
            json!({
                "reduceOptions": last,
                "colorMode": if panel.limit.is_some() { "value" } else { "none" },
                "graphMode": "area",
                "justifyMode": "auto",
                "orientation": "auto",
                "textMode": "auto",
                "wideLayout": true,
                "showPercentChange": false,
                "percentChangeColorMode": "standard",
            }),
        ),
        View::Gauge => (
            "gauge",
            json!({
                "reduceOptions": last,
                "orientation": "auto",
                "showThresholdLabels": false,
                "showThresholdMarkers": true,
                "sizing": "auto",
                "minVizHeight": 75,
                "minVizWidth": 75,
            }),
        ),
        View::Pie => (
            "piechart",
            json!({
                "reduceOptions": last,
                "pieType": "donut",
                "displayLabels": [],
                "legend": {
                    "displayMode": "table", "placement": "right", "showLegend": true, "values": ["value", "percent"], "calcs": [],
                },
                "tooltip": { "mode": "single", "sort": "none" },
            }),
        ),
        View::Table => ("table", json!({ "showHeader": true, "cellHeight": "sm" })),
    }
}
