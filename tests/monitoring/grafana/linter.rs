//! The rules of Grafana's dashboard-linter (at 4d0844b, of June 2026), and additional rules.
//!
//! For each rule there is a mutant of a dashboard that the rule must find.

use std::collections::{BTreeMap, BTreeSet};

use agent_metrics::monitoring::File;
use promql_parser::parser::Expr;
use serde_json::{Value, json};

use crate::dashboards::{dashboards, everything, files, panels};
use crate::query::{RATE_INTERVAL, is_narrowed_by, name, parsed, selectors, walk};

type Rule = fn(&Value) -> Vec<String>;

const RULES: [(&str, Rule); 27] = [
    ("template-datasource-rule", template_datasource),
    ("template-job-rule", |dashboard| template(dashboard, "job")),
    ("template-instance-rule", |dashboard| template(dashboard, "instance")),
    ("template-label-promql-rule", template_label_promql),
    ("template-on-time-change-reload-rule", template_on_time_change_reload),
    ("panel-datasource-rule", panel_datasource),
    ("panel-title-description-rule", panel_title_description),
    ("panel-units-rule", panel_units),
    ("panel-no-targets-rule", panel_no_targets),
    ("target-promql-rule", target_promql),
    ("target-job-rule", |dashboard| target_matcher(dashboard, "job")),
    ("target-instance-rule", |dashboard| target_matcher(dashboard, "instance")),
    ("target-rate-interval-rule", target_rate_interval),
    ("target-counter-agg-rule", target_counter_agg),
    ("uneditable-dashboard", uneditable),
    // Additional rules.
    ("current-schema", current_schema),
    ("one-file-for-provisioning-and-import", one_file),
    ("links-to-the-other-dashboards", links),
    ("text-without-traffic", no_traffic),
    ("descriptions-name-metrics", described),
    ("exemplars-of-histograms", exemplars),
    ("layout", layout),
    ("no-duplicates", duplicates),
    ("thin-annotations", annotations),
    ("legends-of-many-series", legends),
    ("interval-of-scrapes", intervals),
    ("declared-variables", declared_variables),
];

/// Findings that are accepted: the dashboard, the rule and the reason.
const EXCLUSIONS: [(&str, &str, &str); 1] =
    [("agent-slo", "target-job-rule", "an objective is a constant, the same for every job")];

fn list<'v>(dashboard: &'v Value, place: &str) -> impl Iterator<Item = &'v Value> {
    dashboard.pointer(place).and_then(Value::as_array).into_iter().flatten()
}

fn variables(dashboard: &Value) -> impl Iterator<Item = &Value> {
    list(dashboard, "/templating/list")
}

/// Returns every target, with the title of its panel.
fn targets(dashboard: &Value) -> impl Iterator<Item = (&str, &Value)> {
    panels(dashboard).flat_map(|panel| list(panel, "/targets").map(|target| (text(&panel["title"]), target)))
}

/// Returns every query that parses. `target-promql-rule` reports the others.
fn queries(dashboard: &Value) -> impl Iterator<Item = (String, Expr)> {
    targets(dashboard).filter_map(|(title, target)| {
        let query = text(&target["expr"]);
        Some((format!("{title}: {query}"), parsed(query).ok()?))
    })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn finding(found: bool, text: impl Into<String>) -> Vec<String> {
    if found { vec![text.into()] } else { Vec::new() }
}

fn template_datasource(dashboard: &Value) -> Vec<String> {
    let sources: Vec<_> = variables(dashboard).filter(|variable| variable["type"] == "datasource").collect();
    let is_right = |source: &&Value| source["name"] == "datasource" && source["label"] == "Data source";
    finding(sources.len() != 1 || !sources.iter().all(is_right), "no `datasource`, labelled `Data source`")
}

fn template(dashboard: &Value, wanted: &str) -> Vec<String> {
    let Some(variable) = variables(dashboard).find(|variable| variable["name"] == wanted) else {
        return vec![format!("no `{wanted}`")];
    };
    let label = wanted[..1].to_uppercase() + &wanted[1..];
    let is_right = variable["type"] == "query"
        && variable["datasource"]["uid"] == "${datasource}"
        && variable["label"] == *label
        && variable["multi"] == true
        && variable["allValue"] == ".+";
    finding(!is_right, format!("{variable}"))
}

fn template_label_promql(dashboard: &Value) -> Vec<String> {
    let is_right = |variable: &&Value| {
        let query = text(&variable["query"]["query"]);
        let values = query.strip_prefix("label_values(").and_then(|query| query.strip_suffix(')'));
        values
            .and_then(|values| values.rsplit_once(", "))
            .is_some_and(|(selector, _)| parsed(selector).is_ok())
    };
    let queried = variables(dashboard).filter(|variable| variable["type"] == "query");
    queried.filter(|variable| !is_right(variable)).map(ToString::to_string).collect()
}

fn template_on_time_change_reload(dashboard: &Value) -> Vec<String> {
    let queried = variables(dashboard).filter(|variable| variable["type"] == "query");
    queried.filter(|variable| variable["refresh"] != 2).map(ToString::to_string).collect()
}

fn panel_datasource(dashboard: &Value) -> Vec<String> {
    let of_panels = panels(dashboard).map(|panel| (text(&panel["title"]), &panel["datasource"]));
    let of_targets = targets(dashboard).map(|(title, target)| (title, &target["datasource"]));
    let wrong = of_panels.chain(of_targets).filter(|(_, source)| source["uid"] != "${datasource}");
    wrong.map(|(title, _)| title.to_owned()).collect()
}

fn panel_title_description(dashboard: &Value) -> Vec<String> {
    let is_empty =
        |panel: &&Value| text(&panel["title"]).is_empty() || text(&panel["description"]).is_empty();
    panels(dashboard).filter(is_empty).map(|panel| panel["id"].to_string()).collect()
}

/// Checks units more strictly than the linter, which accepts any unit on a panel with value mappings. A custom unit with a known
/// prefix, as in `count:tok/s`, is accepted.
fn panel_units(dashboard: &Value) -> Vec<String> {
    let known: BTreeSet<_> =
        include_str!("units.txt").lines().skip(1).flat_map(str::split_whitespace).collect();
    let is_known =
        |unit: &str| known.contains(unit) || unit.strip_prefix("count:").is_some_and(|rest| !rest.is_empty());
    let unit = |panel: &Value| text(&panel["fieldConfig"]["defaults"]["unit"]).to_owned();
    let wrong = panels(dashboard).filter(|panel| !is_known(&unit(panel)));
    wrong.map(|panel| format!("{}: `{}`", text(&panel["title"]), unit(panel))).collect()
}

fn panel_no_targets(dashboard: &Value) -> Vec<String> {
    let empty = panels(dashboard).filter(|panel| list(panel, "/targets").next().is_none());
    empty.map(|panel| text(&panel["title"]).to_owned()).collect()
}

fn target_promql(dashboard: &Value) -> Vec<String> {
    targets(dashboard)
        .filter_map(|(title, target)| {
            parsed(text(&target["expr"])).err().map(|error| format!("{title}: {error}"))
        })
        .collect()
}

fn target_matcher(dashboard: &Value, label: &str) -> Vec<String> {
    // The rules record series of a job, over all its instances.
    let is_wider = |metric: &str| label == "instance" && metric.contains(':');
    let lacks = |(_, expr): &(String, Expr)| {
        let mut selectors = selectors(expr).into_iter().filter(|selector| !is_wider(name(selector)));
        selectors.any(|selector| !is_narrowed_by(selector, label))
    };
    queries(dashboard).filter(lacks).map(|(query, _)| query).collect()
}

fn target_rate_interval(dashboard: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for (query, expr) in queries(dashboard) {
        walk(&expr, &mut Vec::new(), &mut |part, around| {
            let Expr::MatrixSelector(matrix) = part else { return };
            let is_rate = matches!(around.last(), Some(Expr::Call(call)) if ["rate", "irate"].contains(&call.func.name));
            if is_rate && matrix.range != RATE_INTERVAL {
                wrong.push(query.clone());
            }
        });
    }
    wrong
}

fn target_counter_agg(dashboard: &Value) -> Vec<String> {
    const COUNTING: [&str; 3] = ["rate", "irate", "increase"];
    let mut wrong = Vec::new();
    for (query, expr) in queries(dashboard) {
        walk(&expr, &mut Vec::new(), &mut |part, around| {
            let (selector, is_ranged) = match part {
                Expr::VectorSelector(selector) => (selector, false),
                Expr::MatrixSelector(matrix) => (&matrix.vs, true),
                _ => return,
            };
            let is_counted =
                matches!(around.last(), Some(Expr::Call(call)) if COUNTING.contains(&call.func.name));
            if name(selector).ends_with("_total") && !(is_ranged && is_counted) {
                wrong.push(query.clone());
            }
        });
    }
    wrong
}

fn uneditable(dashboard: &Value) -> Vec<String> {
    finding(dashboard["editable"] != false, "it can be edited")
}

fn current_schema(dashboard: &Value) -> Vec<String> {
    finding(dashboard["schemaVersion"] != 42, dashboard["schemaVersion"].to_string())
}

/// Checks that provisioning can read the file: it accepts a bare object only, without the inputs of an import.
fn one_file(dashboard: &Value) -> Vec<String> {
    let whole = dashboard.to_string();
    let is_bare = dashboard["title"].is_string() && dashboard["uid"].is_string() && dashboard["id"].is_null();
    finding(!is_bare || whole.contains("__inputs") || whole.contains("${DS_"), "provisioning can't read it")
}

fn links(dashboard: &Value) -> Vec<String> {
    let tagged = list(dashboard, "/tags").any(|tag| tag == "agent-metrics");
    let linked = list(dashboard, "/links").any(|link| {
        link["type"] == "dashboards"
            && link["tags"] == json!(["agent-metrics"])
            && link["includeVars"] == true
            && link["keepTime"] == true
    });
    finding(!(tagged && linked), "no link by tag that keeps variables and time")
}

fn no_traffic(dashboard: &Value) -> Vec<String> {
    let has_texts = |panel: &&Value| {
        let defaults = &panel["fieldConfig"]["defaults"];
        let maps_nan = list(defaults, "/mappings").any(|mapping| mapping["options"]["match"] == "nan");
        !text(&defaults["noValue"]).is_empty() && maps_nan
    };
    panels(dashboard)
        .filter(|panel| !has_texts(panel))
        .map(|panel| text(&panel["title"]).to_owned())
        .collect()
}

/// Checks that a description names the family, or the recorded series, of each query of its panel.
fn described(dashboard: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for panel in panels(dashboard) {
        for target in list(panel, "/targets") {
            let Ok(expr) = parsed(text(&target["expr"])) else { continue };
            for selector in selectors(&expr) {
                let sample = name(selector);
                let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| sample.strip_suffix(end));
                let named = |metric: &str| text(&panel["description"]).contains(&format!("`{metric}`"));
                if !named(sample) && !family.is_some_and(named) {
                    wrong.push(format!("{}: `{sample}`", text(&panel["title"])));
                }
            }
        }
    }
    wrong
}

fn exemplars(dashboard: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for panel in panels(dashboard).filter(|panel| panel["type"] == "timeseries") {
        for target in list(panel, "/targets") {
            if text(&target["expr"]).contains("_bucket{") != (target["exemplar"] == true) {
                wrong.push(format!("{}: {}", text(&panel["title"]), text(&target["expr"])));
            }
        }
    }
    wrong
}

/// Checks that panels are within the columns and do not overlap, and that ids and query letters are unique.
fn layout(dashboard: &Value) -> Vec<String> {
    let mut taken: BTreeMap<(u64, u64), u64> = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut ids = BTreeSet::new();
    let mut last_row = 0;
    for panel in everything(dashboard) {
        let is_nested = !list(dashboard, "/panels").any(|outer| outer["id"] == panel["id"]);
        if panel["type"] == "row" {
            last_row = panel["gridPos"]["y"].as_u64().unwrap_or(0);
        } else if is_nested && panel["gridPos"]["y"].as_u64() <= Some(last_row) {
            wrong.push(format!("{} is above its row", text(&panel["title"])));
        }
        if is_nested && last_row < FIRST_SCREEN || panel["type"] == "row" && !is_collapsed_below(panel) {
            wrong.push(format!("{}: only rows below the first screen are collapsed", text(&panel["title"])));
        }
        let title = text(&panel["title"]);
        let [x, y, w, h] =
            ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap_or(u64::MAX / 2));
        let id = panel["id"].as_u64().unwrap_or(0);
        if w == 0 || h == 0 || x + w > 24 || h > 40 || id == 0 || !ids.insert(id) {
            wrong.push(format!("{title}: {}", panel["gridPos"]));
            continue;
        }
        if is_nested {
            continue; // Grafana moves the rows below when it opens a row.
        }
        let squares = (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y)));
        if squares.into_iter().any(|square| taken.insert(square, id).is_some()) {
            wrong.push(format!("{title} overlaps another panel"));
        }
        let letters: Vec<_> = list(panel, "/targets").map(|target| text(&target["refId"])).collect();
        if letters.iter().collect::<BTreeSet<_>>().len() != letters.len() {
            wrong.push(format!("{title}: {letters:?}"));
        }
    }
    wrong
}

/// The rows of the grid that a screen shows.
const FIRST_SCREEN: u64 = 20;

fn is_collapsed_below(row: &Value) -> bool {
    let is_below = row["gridPos"]["y"].as_u64().is_some_and(|top| top >= FIRST_SCREEN);
    row["collapsed"] == is_below && is_below != list(row, "/panels").next().is_none()
}

/// Checks that no two panels have the same title, and none the same queries as another one.
fn duplicates(dashboard: &Value) -> Vec<String> {
    let (mut titles, mut shown, mut wrong) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for panel in panels(dashboard) {
        let queries: Vec<_> = list(panel, "/targets").map(|target| text(&target["expr"])).collect();
        if !titles.insert(text(&panel["title"])) || !shown.insert(queries) {
            wrong.push(text(&panel["title"]).to_owned());
        }
    }
    wrong
}

/// Checks that annotations do not cover the panels when a dashboard is opened: alerts are off, deployments are short marks.
fn annotations(dashboard: &Value) -> Vec<String> {
    let on: Vec<_> = list(dashboard, "/annotations/list")
        .filter(|one| one["enable"] == true)
        .map(|one| text(&one["expr"]))
        .collect();
    let are_marks = on.iter().all(|query| query.contains(" unless ") && query.contains("offset 1m"));
    finding(on.len() != 1 || !are_marks, format!("{on:?}"))
}

/// Checks that the legend of many series is a table with the last and the largest value.
fn legends(dashboard: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for panel in panels(dashboard).filter(|panel| panel["type"] == "timeseries") {
        let is_many = list(panel, "/targets").count() > 1
            || list(panel, "/targets").any(|target| text(&target["legendFormat"]).contains("{{"));
        let legend = &panel["options"]["legend"];
        let is_table = legend["displayMode"] == "table" && legend["calcs"] == json!(["lastNotNull", "max"]);
        if is_many != is_table {
            wrong.push(text(&panel["title"]).to_owned());
        }
    }
    wrong
}

/// Checks that no query has steps shorter than the scrape interval.
fn intervals(dashboard: &Value) -> Vec<String> {
    let wrong = panels(dashboard).filter(|panel| panel["interval"] != "15s");
    wrong.map(|panel| text(&panel["title"]).to_owned()).collect()
}

/// Checks that each variable in a query is declared, and that `All` of a label that may be missing matches its absence.
fn declared_variables(dashboard: &Value) -> Vec<String> {
    let declared: BTreeSet<_> = variables(dashboard).map(|variable| text(&variable["name"])).collect();
    let mut wrong = Vec::new();
    for (title, target) in targets(dashboard) {
        let words = text(&target["expr"]).split('$').skip(1);
        let names =
            words.filter_map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next());
        let unknown = names.filter(|name| !name.starts_with("__") && !declared.contains(name));
        wrong.extend(unknown.map(|name| format!("{title}: ${name}")));
    }
    for variable in variables(dashboard).filter(|variable| variable["type"] == "query") {
        let is_optional = ["cluster", "namespace"].contains(&text(&variable["name"]));
        if variable["includeAll"] != true || (variable["allValue"] == ".*") != is_optional {
            wrong.push(variable["name"].to_string());
        }
    }
    wrong
}

/// Returns the findings of all rules without the accepted ones.
fn found(dashboard: &Value) -> Vec<(&'static str, Vec<String>)> {
    let is_excluded = |rule: &str| {
        EXCLUSIONS.iter().any(|(uid, excluded, _)| dashboard["uid"] == *uid && *excluded == rule)
    };
    let found = RULES.iter().map(|(name, rule)| (*name, rule(dashboard)));
    found.filter(|(name, found)| !found.is_empty() && !is_excluded(name)).collect()
}

#[test]
fn dashboards_follow_the_linter_rules() {
    let all = dashboards();
    assert_eq!(
        all.iter().map(|(uid, _)| uid.as_str()).collect::<Vec<_>>(),
        [
            "agent-capacity",
            "agent-http",
            "agent-llm",
            "agent-overview",
            "agent-own",
            "agent-slo",
            "agent-tasks"
        ]
    );
    for (uid, dashboard) in &all {
        assert_eq!(dashboard["uid"], *uid);
        let found = found(dashboard);
        assert!(found.is_empty(), "{uid}: {found:#?}");
    }
    for (uid, rule, _) in EXCLUSIONS {
        let (_, dashboard) = all.iter().find(|(found, _)| found == uid).expect("it is made");
        let (_, rule) = RULES.iter().find(|(name, _)| *name == rule).expect("a rule");
        assert!(!rule(dashboard).is_empty(), "{uid} needs no exclusion");
    }
}

#[test]
fn each_linter_rule_finds_its_mutant() {
    let all = dashboards();
    let whole = &all.iter().find(|(uid, _)| uid == "agent-http").expect("it is made").1;
    // A panel with queries of histogram buckets.
    let lines = panels(whole).position(|panel| panel["title"] == "Latency P50 / P95 / P99");
    let at = list(whole, "/panels").enumerate().filter(|(_, panel)| panel["type"] != "row").map(|(at, _)| at);
    let at = at.collect::<Vec<_>>()[lines.expect("it is there")];
    let place = |within: &str| format!("/panels/{at}{within}");
    let mutants = [
        ("template-datasource-rule", "/templating/list/0/label".to_owned(), json!("Source")),
        ("template-job-rule", "/templating/list/1/allValue".to_owned(), json!(".*")),
        ("template-instance-rule", "/templating/list/2/multi".to_owned(), json!(false)),
        (
            "template-label-promql-rule",
            "/templating/list/1/query/query".to_owned(),
            json!("label_values(a{, job)"),
        ),
        ("template-on-time-change-reload-rule", "/templating/list/1/refresh".to_owned(), json!(1)),
        ("panel-datasource-rule", place("/targets/0/datasource/uid"), json!("prometheus")),
        ("panel-title-description-rule", place("/description"), json!("")),
        ("panel-units-rule", place("/fieldConfig/defaults/unit"), json!("tps")),
        ("panel-no-targets-rule", place("/targets"), json!([])),
        ("target-promql-rule", place("/targets/0/expr"), json!("rate(agent_tasks_total)")),
        ("target-job-rule", place("/targets/0/expr"), json!("agent_active_tasks{instance=~\"$instance\"}")),
        (
            "target-instance-rule",
            place("/targets/0/expr"),
            json!("agent_active_tasks{job=~\"$job\", instance=\"$instance\"}"),
        ),
        (
            "target-rate-interval-rule",
            place("/targets/0/expr"),
            json!("sum(rate(agent_tasks_total{job=~\"$job\"}[5m]))"),
        ),
        ("target-counter-agg-rule", place("/targets/0/expr"), json!("sum(agent_tasks_total{job=~\"$job\"})")),
        ("uneditable-dashboard", "/editable".to_owned(), json!(true)),
        ("current-schema", "/schemaVersion".to_owned(), json!(16)),
        ("one-file-for-provisioning-and-import", "/description".to_owned(), json!("${DS_PROMETHEUS}")),
        ("links-to-the-other-dashboards", "/links/0/includeVars".to_owned(), json!(false)),
        ("text-without-traffic", place("/fieldConfig/defaults/noValue"), json!("")),
        ("descriptions-name-metrics", place("/description"), json!("Latency.")),
        ("exemplars-of-histograms", place("/targets/0/exemplar"), json!(false)),
        ("layout", place("/gridPos/x"), json!(20)),
        ("layout", "/panels/0/collapsed".to_owned(), json!(true)),
        ("no-duplicates", place("/title"), json!("Errors by endpoint")),
        ("thin-annotations", "/annotations/list/1/enable".to_owned(), json!(true)),
        ("legends-of-many-series", place("/options/legend/displayMode"), json!("list")),
        ("interval-of-scrapes", place("/interval"), json!("1s")),
        ("declared-variables", place("/targets/0/expr"), json!("up{job=~\"$job\", tenant=~\"$tenant\"}")),
    ];
    for (rule, _) in RULES {
        assert!(mutants.iter().any(|(name, ..)| *name == rule), "no mutant for {rule}");
    }
    for (rule, place, value) in mutants {
        let mut dashboard = whole.clone();
        *dashboard.pointer_mut(&place).unwrap_or_else(|| panic!("no {place}")) = value;
        let found = found(&dashboard);
        assert!(
            found.iter().any(|(name, _)| *name == rule),
            "{rule} does not find the change of {place}: {found:?}"
        );
    }
}

/// Checks that uids are unique, too.
#[test]
fn recorded_series_of_dashboards_are_recorded_by_a_rule() {
    let files = files();
    let rules: Vec<&File> = files.iter().filter(|file| file.path.starts_with("prometheus/rules/")).collect();
    assert!(!rules.is_empty());
    let mut uids = BTreeSet::new();
    for (uid, dashboard) in dashboards() {
        assert!(uids.insert(uid.clone()), "{uid} twice");
        for (query, expr) in queries(&dashboard) {
            for recorded in selectors(&expr).into_iter().map(name).filter(|name| name.contains(':')) {
                let line = format!("record: {recorded}\n");
                assert!(
                    rules.iter().any(|file| file.content.contains(&line)),
                    "nothing records {recorded} of {query}"
                );
            }
        }
    }
}
