//! Panels as Grafana reads them.

use std::time::Duration;

use serde_json::{Value, json};

use super::colours::{self, steps};
use super::table;
use super::target::{source, target};
use crate::monitoring::dashboard::{Panel, View};
use crate::monitoring::promql::Names;
use crate::monitoring::text::duration;

/// Returns a panel without its place. Its queries have no steps shorter than the scrape interval.
pub(super) fn panel(panel: &Panel, names: &Names<'_>, scrape_interval: Duration) -> Value {
    let (kind, options) = options(panel);
    let mut overrides: Vec<_> =
        panel.targets.iter().flat_map(|one| colours::overrides(&one.legend)).collect();
    if panel.view == View::Table {
        overrides = table::overrides(panel);
    }
    json!({
        "type": kind,
        "title": panel.title,
        "description": description(panel, names),
        "datasource": source(),
        "interval": duration(scrape_interval),
        "targets": panel.targets.iter().enumerate().map(|(at, one)| target(one, at, panel)).collect::<Vec<_>>(),
        "fieldConfig": { "defaults": defaults(panel), "overrides": overrides },
        "options": options,
        "transformations": table::transformations(panel),
    })
}

/// Returns the panel's description with the metrics that its queries name.
fn description(panel: &Panel, names: &Names<'_>) -> String {
    let families = panel
        .targets
        .iter()
        .flat_map(|target| names.families_of(&target.query).into_iter().chain(target.query.recorded()));
    let mut listed: Vec<&str> = Vec::new();
    for family in families {
        if !listed.contains(&family) {
            listed.push(family);
        }
    }
    let word = if listed.len() == 1 { "Metric" } else { "Metrics" };
    let listed: Vec<_> = listed.iter().map(|family| format!("`{family}`")).collect();
    if listed.is_empty() {
        return panel.description.clone();
    }
    format!("{}\n\n{word}: {}", panel.description, listed.join(", "))
}

fn defaults(panel: &Panel) -> Value {
    let colour = if is_coloured_by_limit(panel) { "thresholds" } else { "palette-classic-by-name" };
    let mut defaults = json!({
        "unit": panel.unit,
        "noValue": panel.no_value,
        "thresholds": { "mode": "absolute", "steps": steps(panel.limit) },
        "color": { "mode": colour },
        // A ratio without traffic is NaN.
        "mappings": [{
            "type": "special",
            "options": { "match": "nan", "result": { "text": panel.no_value, "index": 0 } },
        }],
    });
    if panel.view != View::Table {
        defaults["min"] = json!(panel.min);
    }
    if let Some(max) = panel.max {
        defaults["max"] = json!(max);
    }
    match panel.view {
        View::Lines => defaults["custom"] = lines(panel),
        View::Heatmap => defaults["custom"] = json!({ "scaleDistribution": { "type": "linear" } }),
        // Narrower than Grafana's default, so that tables with many columns need no scrolling.
        View::Table => defaults["custom"] = json!({ "minWidth": 80 }),
        View::Stat | View::Gauge | View::Pie => {}
    }
    defaults
}

fn is_coloured_by_limit(panel: &Panel) -> bool {
    matches!(panel.view, View::Stat | View::Gauge)
}

fn lines(panel: &Panel) -> Value {
    json!({
        "drawStyle": "line",
        "lineInterpolation": "linear",
        "lineWidth": 1,
        "fillOpacity": if panel.is_stacked { 30 } else { 0 },
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

/// Returns true if the number of lines depends on the values of labels, so that the legend is a table that can be sorted.
fn has_many_series(panel: &Panel) -> bool {
    panel.targets.len() > 1 || panel.targets.iter().any(|target| target.legend.contains("{{"))
}

fn legend(panel: &Panel) -> Value {
    if has_many_series(panel) {
        json!({
            "displayMode": "table", "placement": "bottom", "showLegend": true, "calcs": ["lastNotNull", "max"],
            "sortBy": "Max", "sortDesc": true,
        })
    } else {
        json!({ "displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": [] })
    }
}

/// Returns the name of the panel's plugin and its options.
fn options(panel: &Panel) -> (&'static str, Value) {
    let last = json!({ "calcs": ["lastNotNull"], "fields": "", "values": false });
    match panel.view {
        View::Lines => {
            ("timeseries", json!({ "legend": legend(panel), "tooltip": { "mode": "multi", "sort": "desc" } }))
        }
        View::Heatmap => ("heatmap", heatmap(panel)),
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
        View::Table => ("table", table::options(panel)),
    }
}

/// Returns the options of a heatmap of histogram buckets.
fn heatmap(panel: &Panel) -> Value {
    json!({
        "calculate": false,
        "cellGap": 1,
        // From dark to light, so that it can be read without seeing hues.
        "color": {
            "mode": "scheme", "scheme": "Viridis", "fill": "dark-blue", "scale": "exponential", "exponent": 0.5, "steps": 64,
            "reverse": false,
        },
        "exemplars": { "color": "rgba(255,255,255,0.7)" },
        "filterValues": { "le": 1e-9 },
        "legend": { "show": true },
        "rowsFrame": { "layout": "auto" },
        "tooltip": { "mode": "single", "yHistogram": true, "showColorScale": true },
        "yAxis": { "axisPlacement": "left", "reverse": false, "unit": panel.unit },
    })
}
