//! Rules with one mistake each.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use agent_metrics_monitoring_tests::{Case, test_rules};

/// An alerting rule in a file of them, as text.
pub struct Alert<'a> {
    pub name: &'a str,
    /// From `- alert:` on.
    text: &'a str,
}

/// A file with a rule that has a mistake.
pub struct Mutant {
    pub alert: String,
    pub what: String,
    pub rules: String,
}

/// The alerts of a file.
pub fn alerts(text: &str) -> impl Iterator<Item = Alert<'_>> {
    text.split("      - alert: ").skip(1).map(|text| {
        let text = text.split("\n  - name: ").next().unwrap_or_default();
        let (name, _) = text.split_once('\n').expect("a name on its line");
        Alert { name, text }
    })
}

/// The mistakes that people make in such rules, each in a file of its own.
pub fn mutants(alert: &Alert) -> Vec<Mutant> {
    let alone = |text: &str| format!("groups:\n  - name: mutant\n    rules:\n      - alert: {text}");
    changed(alert, &alone)
}

/// The same where the rest of the file is needed, as it records what the alert asks for.
pub fn mutants_within(file: &str, alert: &Alert) -> Vec<Mutant> {
    changed(alert, &|text| file.replacen(alert.text, text, 1))
}

fn changed(alert: &Alert, file: &dyn Fn(&str) -> String) -> Vec<Mutant> {
    let text = alert.text;
    let mut all = Vec::new();
    let mut add = |what: String, text: String| {
        if text != alert.text {
            all.push(Mutant { alert: alert.name.to_owned(), what, rules: file(&text) });
        }
    };
    add("without `for`".into(), without(text, |line| line.starts_with("for: ")));
    for gate in lines(text).filter(|line| line.starts_with("and ") || line.starts_with("unless on (job")) {
        add(format!("without the gate {gate}"), without_gate(text, gate));
    }
    let gate_limit = |line: &str| line.starts_with("and ");
    for (what, factor) in [("60 times the limit", 60.0), ("a 60th of the limit", 1.0 / 60.0)] {
        add(
            what.into(),
            map_query(text, |line| if gate_limit(line) { line.to_owned() } else { scaled(line, factor) }),
        );
    }
    add(
        "60 times the gate".into(),
        map_query(text, |line| if gate_limit(line) { scaled(line, 60.0) } else { line.to_owned() }),
    );
    for (right, wrong) in [
        ("status_code=~\"5..\"", "status_code=~\"4..\""),
        ("status=\"success\"", "status=\"failure\""),
        ("status=\"rate_limited\"", "status=\"error\""),
        ("status!=\"cancelled\"", "status!=\"success\""),
        ("status!~\"success|cancelled", "status!~\"success|error"),
        ("|rate_limited|content_filtered", ""),
        ("{status!=\"cancelled\"}", ""),
        ("sum by (job, model)", "sum by (job)"),
        ("sum by (job, task_type)", "sum by (job)"),
        ("sum by (job, tool_name)", "sum by (job)"),
        ("sum by (job, instance)", "sum by (job)"),
        ("sum by (job)", "sum by (job, instance)"),
        ("sum by (job, le)", "sum by (job, instance, le)"),
        ("(job, instance, task_type)", "(job, task_type)"),
        ("(job, instance, budget)", "(job, instance)"),
        ("(job, family, label)", "(job)"),
        ("increase(", "rate("),
        ("up{job=\"agent\"}", "up"),
        ("[5m]", "[1h]"),
        ("[1h]", "[5m]"),
        ("0.95", "0.5"),
        ("severity: warning", "severity: critical"),
        (" unless last_over_time(", " and last_over_time("),
        ("[1d] offset", "[5m] offset"),
        ("max_over_time(", "min_over_time("),
    ] {
        add(format!("{right} as {wrong}"), map_query(text, |line| line.replace(right, wrong)));
    }
    all
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim_start)
}

/// Changes the lines up to the annotations, which say what the rule means and not what it does.
fn map_query(text: &str, change: impl Fn(&str) -> String) -> String {
    let (rule, annotations) = text.split_once("        annotations:").expect("annotations");
    let changed = rule.split_inclusive('\n').map(|line| {
        let (indent, rest) = line.split_at(line.len() - line.trim_start().len());
        format!("{indent}{}", change(rest))
    });
    format!("{}        annotations:{annotations}", changed.collect::<Vec<_>>().concat())
}

fn without(text: &str, is_out: impl Fn(&str) -> bool) -> String {
    text.split_inclusive('\n').filter(|line| !is_out(line.trim_start())).collect()
}

/// Without a line of the query; `unless` takes what is behind it along, up to the closing line of its brackets.
fn without_gate(text: &str, gate: &str) -> String {
    let mut left = String::new();
    let mut rest = text.split_inclusive('\n');
    while let Some(line) = rest.next() {
        if line.trim() != gate.trim() {
            left += line;
        } else if gate.starts_with("unless") {
            let ends = |line: &&str| !line.trim_end().ends_with('(') && !line.starts_with("            ");
            rest.find(ends);
        }
    }
    left
}

/// A line with the number behind its last comparison times something.
fn scaled(line: &str, factor: f64) -> String {
    if line.starts_with("alert:") {
        return line.to_owned();
    }
    let found = [" > ", " < ", " >= ", " == "].iter().filter_map(|comparison| {
        let at = line.rfind(comparison)? + comparison.len();
        let end =
            at + line[at..].find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(line.len() - at);
        Some((at, end, line[at..end].parse::<f64>().ok()?))
    });
    match found.max_by_key(|(at, ..)| *at) {
        Some((at, end, number)) if number != 0.0 => {
            format!("{}{}{}", &line[..at], number * factor, &line[end..])
        }
        _ => line.to_owned(),
    }
}

/// The mutants that the cases don't find, two at a time.
pub fn survivors<'a>(
    promtool: &Path,
    folder: &Path,
    mutants: &[Mutant],
    cases: impl Fn(&Mutant) -> &'a [Case] + Sync,
) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let work = |worker: &str| {
        let folder = folder.join(worker);
        std::fs::create_dir_all(&folder).expect("a folder");
        let file = folder.join("rules.yml");
        let mut survivors = Vec::new();
        while let Some(mutant) = mutants.get(next.fetch_add(1, Ordering::Relaxed)) {
            std::fs::write(&file, &mutant.rules).expect("a file");
            let (survived, said) = test_rules(promtool, &folder, &[&file], cases(mutant));
            // A mutant must be a rule, or it shows nothing.
            assert!(survived || said.contains("FAILED:"), "{}: {said}", mutant.what);
            assert!(
                !said.contains("parse error") && !said.contains("could not parse"),
                "{}: {said}",
                mutant.what
            );
            if survived {
                survivors.push(format!("{}: {}", mutant.alert, mutant.what));
            }
        }
        survivors
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| work("other"));
        let mut survivors = work("one");
        survivors.extend(other.join().expect("no panic"));
        survivors
    })
}
