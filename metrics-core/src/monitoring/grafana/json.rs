//! Dashboards as JSON for Grafana.

use serde_json::{Value, json};

use super::colours::{BAD, INFORMATION};
use super::panel::panel;
use super::target::source;
use super::variables::{PERCENTILES, Variable, uses_percentile, variables};
use crate::catalogue::Catalogue;
use crate::monitoring::Settings;
use crate::monitoring::dashboard::{Dashboard, Panel, View};
use crate::monitoring::promql::Names;

/// The schema version of Grafana 12 and 13. Older versions ignore the fields that they do not know.
const SCHEMA: u32 = 42;
/// The tag of all generated dashboards; each dashboard links to the others by this tag.
const TAG: &str = "agent-metrics";
const COLUMNS: u32 = 24;

/// Returns the text of a dashboard's file.
pub(super) fn dashboard(
    dashboard: &Dashboard,
    catalogue: &Catalogue,
    names: &Names<'_>,
    settings: &Settings,
) -> String {
    let mut list = vec![data_source()];
    list.extend(variables(dashboard, catalogue).into_iter().map(variable));
    if uses_percentile(dashboard) {
        list.push(percentile());
    }
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
        "templating": { "list": list },
        "annotations": { "list": [deployments(), alerts()] },
        "links": [others()],
        "panels": panels(dashboard, names, settings),
    });
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
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
        // A target label is not there on every series.
        "allValue": if variable.is_optional { ".*" } else { ".+" },
        "current": { "selected": true, "text": ["All"], "value": ["$__all"] },
        // Reload the values when the time range changes.
        "refresh": 2,
        "sort": 1,
        "options": [],
        "skipUrlSync": false,
    })
}

/// The percentile of the panels that show one.
fn percentile() -> Value {
    let option =
        |(text, value): &(&str, &str)| json!({ "selected": *text == "p95", "text": text, "value": value });
    let options: Vec<_> = PERCENTILES.iter().map(option).collect();
    let query: Vec<_> = PERCENTILES.iter().map(|(text, value)| format!("{text} : {value}")).collect();
    json!({
        "name": "percentile",
        "label": "Percentile",
        "type": "custom",
        "query": query.join(", "),
        "hide": 0,
        "includeAll": false,
        "multi": false,
        "current": { "selected": true, "text": "p95", "value": "0.95" },
        "options": options,
        "skipUrlSync": false,
    })
}

/// Firing alerts as marks. They are off when the dashboard is opened, because a long alert would shade all panels.
fn alerts() -> Value {
    json!({
        "name": "Alerts",
        "datasource": source(),
        "enable": false,
        "hide": false,
        "iconColor": BAD,
        "expr": "ALERTS{alertstate=\"firing\", job=~\"$job|\"}",
        "step": "60s",
        "titleFormat": "{{alertname}}",
        "textFormat": "{{severity}}",
    })
}

/// The first minute of each version as a mark.
fn deployments() -> Value {
    let version = |ago: &str| format!("count by (job, version) (agent_app_info{{job=~\"$job\"}}{ago})");
    json!({
        "name": "Deployments",
        "datasource": source(),
        "enable": true,
        "hide": false,
        "iconColor": INFORMATION,
        // Only if the job was there before: the first scrape of all is no deployment.
        "expr": format!(
            "{} unless {} and on (job) {}",
            version(""),
            version(" offset 1m"),
            version(" offset 1m"),
        ),
        "step": "60s",
        "titleFormat": "Version {{version}}",
        "textFormat": "{{job}}",
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

/// The height of the first screen in rows of Grafana's grid. Rows that begin below it are collapsed, so that a dashboard opens
/// without their queries.
const FIRST_SCREEN: u32 = 20;

/// Lays out rows from top to bottom and panels from left to right; a panel that does not fit starts a new line.
fn panels(dashboard: &Dashboard, names: &Names<'_>, settings: &Settings) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    let mut ids = 1..;
    let mut id = || ids.next().unwrap_or_default();
    let mut top = 0;
    for row in &dashboard.rows {
        let is_collapsed = top >= FIRST_SCREEN;
        let place = json!({ "h": 1, "w": COLUMNS, "x": 0, "y": top });
        let row_id = id();
        top += 1;
        let (mut left, mut height, mut line) = (0, 0, top);
        let mut inside = Vec::new();
        for one in &row.panels {
            if left + one.width > COLUMNS {
                line += height;
                (left, height) = (0, 0);
            }
            let mut value = panel(one, names, settings.scrape_interval);
            value["id"] = json!(id());
            value["gridPos"] = json!({ "h": height_of(one), "w": one.width, "x": left, "y": line });
            inside.push(value);
            left += one.width;
            height = height.max(height_of(one));
        }
        let (nested, open) = if is_collapsed { (inside, Vec::new()) } else { (Vec::new(), inside) };
        all.push(json!({
            "id": row_id,
            "type": "row",
            "title": row.title,
            "collapsed": is_collapsed,
            "gridPos": place,
            "panels": nested,
        }));
        if !is_collapsed {
            top = line + height;
        }
        all.extend(open);
    }
    all
}

/// The height of a panel in rows of Grafana's grid.
fn height_of(panel: &Panel) -> u32 {
    match panel.view {
        View::Stat | View::Gauge => 4,
        View::Table | View::Pie => 8,
        // With a legend of three lines.
        View::Lines | View::Heatmap => 9,
    }
}
