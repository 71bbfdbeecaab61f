//! Mutants: rules with one mistake each.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use agent_metrics_monitoring_tests::{Case, test_rules};

/// An alerting rule of a file, as text.
pub struct Alert<'a> {
    pub name: &'a str,
    /// The text after `- alert: `.
    text: &'a str,
}

/// A file with a rule that has a mistake.
pub struct Mutant {
    pub alert: String,
    pub what: String,
    pub rules: String,
}

/// Returns the alerts of a file.
pub fn alerts(text: &str) -> impl Iterator<Item = Alert<'_>> {
    text.split("      - alert: ").skip(1).map(|text| {
        let text = text.split("\n  - name: ").next().unwrap_or_default();
        let (name, _) = text.split_once('\n').expect("a name on its line");
        Alert { name, text }
    })
}

/// Returns a file with all alerts of one name, and no other rule.
pub fn alone(file: &str, name: &str) -> String {
    let rules = alerts(file).filter(|alert| alert.name == name);
    let rules = rules.map(|alert| format!("      - alert: {}\n", alert.text.trim_end()));
    let rules = rules.collect::<Vec<_>>().concat();
    format!("groups:\n  - name: alone\n    rules:\n{rules}")
}

/// Returns the mistakes that people make in such rules, each in a file with the alerts of the same name.
pub fn mutants(file: &str, alert: &Alert) -> Vec<Mutant> {
    let of_name = alone(file, alert.name);
    let rule = alert.text.trim_end();
    changed(alert, &|text| of_name.replacen(rule, text.trim_end(), 1))
}

/// Returns the mutants of an alert within its file, which records the series that the alert uses.
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
    let is_condition = |line: &str| line.starts_with("and on (job") || line.starts_with("unless on (job");
    for (at, gate) in lines(text).enumerate().filter(|(_, line)| is_condition(line)) {
        add(format!("without the gate of line {at}: {gate}"), without_condition(text, at));
    }
    // The minimum of calls and of failures.
    for (at, gate) in lines(text).enumerate().filter(|(_, line)| is_gate(line)) {
        let lines = text.split_inclusive('\n').enumerate();
        let without = lines.map(|(number, line)| {
            let cut = line.rfind(" >= ").filter(|_| number == at && !line.trim_start().starts_with("and "));
            match cut {
                Some(cut) => format!("{}\n", &line[..cut]),
                None if number == at => String::new(),
                None => line.to_owned(),
            }
        });
        add(format!("without the gate of line {at}: {gate}"), without.collect());
    }
    let gate_limit = |line: &str| is_gate(line);
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

/// Returns true for a line that ends with a minimum, such as `) >= 10`.
fn is_gate(line: &str) -> bool {
    line.rsplit_once(" >= ")
        .is_some_and(|(before, number)| !before.is_empty() && number.trim().parse::<f64>().is_ok())
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim_start)
}

/// Changes the lines before the annotations, which do not change the behaviour of the rule.
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

/// Removes a line with `and on` or `unless on`, and its right side: the lines up to the one that closes its brackets.
fn without_condition(text: &str, at: usize) -> String {
    let mut left = String::new();
    let mut rest = text.split_inclusive('\n').enumerate();
    while let Some((number, line)) = rest.next() {
        if number != at {
            left += line;
            continue;
        }
        // The brackets of the line itself may be balanced: the right side begins on the next one.
        let count = |line: &str, bracket| line.matches(bracket).count();
        let (mut opened, mut closed) = (count(line, '('), count(line, ')'));
        for (_, line) in rest.by_ref() {
            opened += count(line, '(');
            closed += count(line, ')');
            if opened == closed {
                break;
            }
        }
    }
    left
}

/// Returns a line in which the number after the last comparison is multiplied by a factor.
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

/// Returns the mutants that no case detects. Two of them run at a time.
pub fn survivors<'a>(
    promtool: &Path,
    folder: &Path,
    others: &[&Path],
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
            let rules = [&[&*file], others].concat();
            // One case after another, since a mutant needs only one case that detects it.
            let mut said = String::new();
            let survived = cases(mutant).iter().all(|case| {
                let (passed, output) = test_rules(promtool, &folder, &rules, std::slice::from_ref(case));
                said += &output;
                passed
            });
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
