//! `deploy/` is what the defaults make.

use std::collections::BTreeMap;
use std::path::Path;

use agent_metrics_monitoring_tests::{monitoring, root};

const COMMAND: &str = "cargo run --bin export-monitoring -- deploy/";

fn read_into(found: &mut BTreeMap<String, String>, folder: &Path, below: &str) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries.map(|entry| entry.expect("an entry")) {
        let path = format!("{below}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            read_into(found, &entry.path(), &format!("{path}/"));
        } else {
            let content =
                std::fs::read_to_string(entry.path()).unwrap_or_else(|error| panic!("{path}: {error}"));
            found.insert(path, content);
        }
    }
}

#[test]
fn the_committed_files_are_what_the_defaults_make() {
    let made = monitoring().files().unwrap_or_else(|error| panic!("{error}"));
    let made: BTreeMap<_, _> = made.into_iter().map(|file| (file.path, file.content)).collect();
    let mut found = BTreeMap::new();
    read_into(&mut found, &root().join("deploy"), "");
    for (path, content) in &made {
        assert_eq!(found.get(path), Some(content), "deploy/{path} is stale or missing: run `{COMMAND}`");
    }
    for path in found.keys() {
        assert!(made.contains_key(path), "deploy/{path} is no longer made: remove it");
    }
}
