//! The build time of a program with 500 tracked functions that are never called, compared with the same program with
//! another attribute and with none.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::report::{Report, Row, Target, times};

const FUNCTIONS: usize = 500;
const ROUNDS: usize = 5;

/// A program, by the attribute of its functions.
struct Program {
    name: &'static str,
    dependency: String,
    attribute: &'static str,
}

fn programs() -> [Program; 4] {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let ours = format!("agent-metrics = {{ path = \"{}\" }}", root.join("metrics-core").display());
    let program =
        |name, dependency: &str, attribute| Program { name, dependency: dependency.to_owned(), attribute };
    [
        program("plain", "", ""),
        program("ours", &ours, "#[agent_metrics::track_tool]"),
        program("tracing", "tracing = \"0.1.41\"", "#[tracing::instrument]"),
        program(
            "autometrics",
            "autometrics = { version = \"3.0.0\", features = [\"prometheus-0_14\"] }",
            "#[autometrics::autometrics]",
        ),
    ]
}

pub(crate) fn run(report: &mut Report) {
    let programs = programs();
    let folders = programs.each_ref().map(|program| write(program).expect("a folder below target"));
    // Builds the dependencies and warms the caches.
    let builds = folders.iter().all(|folder| build(folder).is_some());
    let mut seconds = programs.each_ref().map(|_| Vec::new());
    for _ in 0..if builds { ROUNDS } else { 0 } {
        for (folder, seconds) in folders.iter().zip(&mut seconds) {
            seconds.extend(build(folder));
        }
    }
    let [plain, ours, tracing, autometrics] = seconds.map(median);
    let fastest = tracing.min(autometrics);
    report.row(&Row {
        what: format!(
            "building {FUNCTIONS} tracked async functions, never called (debug, its dependencies built)"
        ),
        ours: format!("{ours:.2} s"),
        peers: format!(
            "`tracing::instrument` {tracing:.2} s, autometrics {autometrics:.2} s, untracked {plain:.2} s"
        ),
        ratio: format!("{} the faster peer", times(ours / fastest)),
        target: Target::at_most(ours / fastest, 1.0, " x"),
    });
}

fn write(program: &Program) -> std::io::Result<PathBuf> {
    let Program { name, dependency, attribute } = program;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/compile").join(name);
    fs::create_dir_all(folder.join("src"))?;
    let manifest = format!(
        "[workspace]\n[package]\nname = {name:?}\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\n{dependency}\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest)?;
    if !folder.join("Cargo.lock").exists() {
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock"), folder.join("Cargo.lock"))?;
    }
    let mut source = String::new();
    for number in 0..FUNCTIONS {
        let _ = write!(
            source,
            "{attribute}\npub async fn function_{number}(query: &str, count: usize) -> Result<String, std::io::Error> {{\n    \
             std::future::ready(()).await;\n    \
             if count == {number} {{ return Err(std::io::ErrorKind::NotFound.into()); }}\n    \
             Ok(query.repeat(count))\n}}\n"
        );
    }
    source.push_str("fn main() {}\n");
    fs::write(folder.join("src/main.rs"), source)?;
    Ok(folder)
}

/// Rebuilds the program, and its dependencies if necessary. Returns the build time in seconds, if it could be built.
fn build(folder: &Path) -> Option<f64> {
    let main = folder.join("src/main.rs");
    fs::write(&main, fs::read(&main).ok()?).ok()?;
    let begin = Instant::now();
    let built = Command::new("cargo")
        .args(["build", "--quiet", "--offline"])
        .current_dir(folder)
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_TARGET_DIR", folder.join("../target"))
        .env_remove("RUSTFLAGS")
        .stderr(Stdio::inherit())
        .status();
    built.is_ok_and(|status| status.success()).then(|| begin.elapsed().as_secs_f64())
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN)
}
