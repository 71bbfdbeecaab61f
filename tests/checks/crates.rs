//! The dependencies of a user's build.

use std::collections::BTreeSet;
use std::process::Command;

#[test]
fn the_default_build_is_small_and_has_one_syn() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../metrics-core/Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--manifest-path", manifest, "-p", "agent-metrics", "--edges", "normal,build"])
        .args(["--prefix", "none", "--format", "{p}"])
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).expect("UTF-8");
    let crates: BTreeSet<String> =
        tree.lines().map(|line| line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")).collect();
    assert!(crates.len() <= 30, "{} crates: {crates:#?}", crates.len());
    let syns: Vec<_> = crates.iter().filter(|name| name.starts_with("syn ")).collect();
    assert_eq!(syns.len(), 1, "{syns:?}");
    assert!(syns[0].starts_with("syn v3"), "{syns:?}");
}
