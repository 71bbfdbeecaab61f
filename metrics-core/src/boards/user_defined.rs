//! The board of user-defined families: panels by the kind and the unit of each family.

use super::{Aggregate, Board, Expression, Fold, Panels, Selection, Unit, View};
use crate::name::MetricKind;
use crate::sample::FamilyInfo;

const WINDOW: u32 = 300;

/// Returns the board, which has no panels if the instance has no user-defined families.
pub(super) fn board(families: &[FamilyInfo]) -> Board {
    let mut charts = Panels::new(families);
    for info in families.iter().filter(|info| !info.is_builtin()) {
        add(&mut charts, info);
    }
    Board { id: "custom", title: "Your metrics", stats: Vec::new(), charts: charts.made, tables: Vec::new() }
}

fn add(charts: &mut Panels<'_>, info: &FamilyInfo) {
    // One label tells the series of a chart apart: the first one, which is the most specific by convention. The names of
    // statuses are preferred, since they have a colour of their own.
    let label = info.labels.iter().find(|label| **label == "status").or(info.labels.first());
    let by: Vec<&'static str> = label.copied().into_iter().collect();
    let name = info.name.as_str();
    let texts = [name, info.help.as_str()];
    match info.kind {
        MetricKind::Counter => {
            let unit = if info.unit == Some("usd") { Unit::UsdPerHour } else { Unit::PerMinute };
            let factor = if unit == Unit::UsdPerHour { 3600.0 } else { 60.0 };
            let rate = Selection::of(name).by(&by).rate(WINDOW).times(factor);
            charts.add(View::Stacked, unit, name, texts, vec![("", rate)]);
        }
        MetricKind::Gauge => {
            let last = Selection::of(name).by(&by).aggregate(Aggregate::Sum).last();
            charts.add(View::Lines, unit(info), name, texts, vec![("", last)]).fold(Fold::Last);
        }
        MetricKind::Histogram => {
            let quantile = |q: f64| Selection::buckets(name).quantile(q, WINDOW);
            let lines: Vec<(&str, Expression)> =
                vec![("p50", quantile(0.5)), ("p95", quantile(0.95)), ("p99", quantile(0.99))];
            charts.add(View::Lines, unit(info), name, texts, lines);
        }
        MetricKind::Summary => {
            let mean = Selection::sum(name).rate(WINDOW).ratio(Selection::count(name).rate(WINDOW));
            charts.add(View::Lines, unit(info), name, texts, vec![("mean", mean)]);
        }
        _ => {}
    }
}

fn unit(info: &FamilyInfo) -> Unit {
    match info.unit {
        Some("seconds") => Unit::Seconds,
        Some("usd") => Unit::Usd,
        Some("ratio") => Unit::Share,
        Some("bytes") => Unit::Bytes,
        Some("tokens") => Unit::Tokens,
        _ => Unit::Number,
    }
}
