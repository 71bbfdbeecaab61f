//! The README's example builds as a separate program.

use std::path::Path;
use std::process::Command;

/// Returns the first code block of a language after a marker.
fn block(readme: &str, mark: &str, fence: &str) -> String {
    let from = readme.find(mark).unwrap_or_else(|| panic!("no {mark}"));
    let block = readme[from..].split_once(fence).unwrap_or_else(|| panic!("no {fence}")).1;
    let block = block.split_once('\n').expect("a line").1;
    block.split_once("```").expect("an end").0.to_owned()
}

#[test]
fn the_readme_example_builds_in_a_new_crate() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
    let readme = std::fs::read_to_string(root.join("README.md")).expect("a README");
    let example = block(&readme, "<!-- the example -->", "```rust");
    let dependencies = block(&readme, "## An example", "```toml");
    let path = format!("agent-metrics = {{ path = {:?},", root.join("metrics-core"));
    assert!(dependencies.contains("agent-metrics = { version = \"0.1\","));
    let dependencies = dependencies.replace("agent-metrics = { version = \"0.1\",", &path);

    let target = root.join("target/readme");
    let folder = target.join("example");
    std::fs::create_dir_all(folder.join("src")).expect("a folder");
    let manifest = format!(
        "[package]\nname = \"example\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n{dependencies}\n[workspace]\n"
    );
    std::fs::write(folder.join("Cargo.toml"), manifest).expect("a manifest");
    std::fs::write(folder.join("src/main.rs"), example).expect("a source");
    // The versions of the workspace's lock file, so that nothing new is downloaded.
    std::fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).expect("a lock file");
    let output = Command::new(env!("CARGO"))
        .current_dir(&folder)
        .args(["check", "--target-dir"])
        .arg(&target)
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
