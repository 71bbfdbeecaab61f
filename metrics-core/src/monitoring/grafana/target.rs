//! The queries of panels as Grafana reads them.

use serde_json::{Value, json};

use crate::monitoring::dashboard::{Panel, Target, View};

/// Returns the reference to the data source that the dashboard's variable selects.
pub(super) fn source() -> Value {
    json!({ "type": "prometheus", "uid": "${datasource}" })
}

/// Returns the query at a position of its panel.
pub(super) fn target(target: &Target, at: usize, panel: &Panel) -> Value {
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
        "format": match panel.view {
            View::Table => "table",
            View::Heatmap => "heatmap",
            _ => "time_series",
        },
    })
}

/// Returns true for queries of histogram buckets, the only series that have exemplars.
fn has_exemplars(target: &Target) -> bool {
    target.query.samples().any(|sample| sample.ends_with("_bucket"))
}

/// Returns the identifier of the query at a position: `A` to `Z`, then `A1`.
pub(super) fn reference(at: usize) -> String {
    let letter = char::from(b'A' + (at % 26) as u8);
    if at < 26 { letter.to_string() } else { format!("{letter}{}", at / 26) }
}
