//! The metrics reference: every family is there, its queries are valid, its links lead to files, and its sums are right.

use std::collections::BTreeMap;

use agent_metrics::monitoring::File;
use promql_parser::parser::parse;

use crate::dashboards::{families, files};

/// Returns the text of the reference.
pub fn reference(files: &[File]) -> &str {
    &files.iter().find(|file| file.path == "metrics.md").expect("it is made").content
}

/// Returns the queries of the reference.
pub fn queries(reference: &str) -> impl Iterator<Item = &str> {
    reference.split("```promql\n").skip(1).map(|rest| rest.split("\n```").next().expect("an end"))
}

/// Returns the section of each family, by name.
fn sections(reference: &str) -> BTreeMap<&str, &str> {
    let sections = reference.split("\n### `").skip(1);
    sections.map(|section| section.split_once('`').expect("a name")).collect()
}

fn number(text: &str) -> u64 {
    text.replace(',', "").parse().unwrap_or_else(|_| panic!("no number: {text}"))
}

#[test]
fn every_family_has_a_section_and_a_query_that_names_it() {
    let files = files();
    let sections = sections(reference(&files));
    let families = families();
    assert_eq!(sections.keys().copied().collect::<Vec<_>>(), {
        let mut names: Vec<_> = families.iter().map(|family| family.name.as_str()).collect();
        names.sort_unstable();
        names
    });
    for family in &families {
        let section = sections[family.name.as_str()];
        assert!(section.contains(&family.help), "{}: no help", family.name);
        for label in &family.labels {
            assert!(section.contains(&format!("\n* `{label}`: ")), "{}: no `{label}`", family.name);
        }
        assert_eq!(section.contains("\n* buckets: "), !family.buckets.is_empty(), "{}", family.name);
        let query = queries(section).next().unwrap_or_else(|| panic!("{}: no query", family.name));
        assert!(query.contains(&family.name), "{query}");
        parse(query).unwrap_or_else(|error| panic!("{query}: {error}"));
    }
    // A family that is used lists its uses.
    assert!(sections["agent_tasks_total"].contains("\n* dashboards: "));
    assert!(sections["agent_tasks_total"].contains("(runbooks/"));
    assert!(sections["support_documents_total"].contains("Agents: user-defined metrics"));
}

#[test]
fn links_of_the_reference_lead_to_generated_files() {
    let files = files();
    let links: Vec<_> =
        reference(&files).split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 20, "{links:?}");
    for link in links {
        assert!(files.iter().any(|file| file.path == link), "no {link}");
    }
}

#[test]
fn the_totals_are_the_sums_of_the_sections() {
    let files = files();
    let reference = reference(&files);
    let mut sum = [0, 0, 0];
    for section in sections(reference).values() {
        let line =
            section.lines().find_map(|line| line.strip_prefix("* series: ")).expect("a number of series");
        let (typical, max) = line.split_once(", at most ").expect("two numbers");
        sum = [sum[0] + 1, sum[1] + number(typical.trim_start_matches("typically ")), sum[2] + number(max)];
    }
    let all = reference.lines().find_map(|line| line.strip_prefix("| **All** | ")).expect("the last line");
    let all: Vec<_> = all.trim_end_matches(" |").split(" | ").map(number).collect();
    assert_eq!(all, sum);
}

#[test]
fn the_guide_for_fleets_names_the_same_number_of_typical_series() {
    let root = agent_metrics_monitoring_tests::root();
    let reference = std::fs::read_to_string(root.join("deploy/metrics.md")).expect("generated");
    let all = reference.lines().find_map(|line| line.strip_prefix("| **All** | ")).expect("the last line");
    let typical = all.split(" | ").nth(1).expect("a number");
    let guide = std::fs::read_to_string(root.join("docs/fleet.md")).expect("a guide");
    assert!(guide.contains(&format!("of the {typical} that `deploy/metrics.md` lists")), "{typical}");
}
