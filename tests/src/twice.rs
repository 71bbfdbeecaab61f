//! Programs compiled with and without an attribute, to compare the compiler output.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The line that is removed for the untracked version.
const ATTRIBUTE: &str = "#[track_tool]";

/// The diagnostics of a program, as `level[code] line:column` of their primary spans.
#[derive(Default)]
struct Both {
    with: Vec<String>,
    without: Vec<String>,
}

/// A program with known differences between both compilations.
#[derive(Debug)]
pub struct Known {
    /// The name of the file.
    pub program: &'static str,
    /// The diagnostics that occur only with the attribute.
    pub new: &'static [&'static str],
    /// The diagnostics that occur only without the attribute.
    pub lost: &'static [&'static str],
    /// The reason.
    pub reason: &'static str,
}

/// Compares every program of a folder of `ui`: with and without the attribute the compiler gives the same diagnostics,
/// except for the known differences. Compares diagnostics of one `level`, `error` or `warning`; builds in `scratch`.
///
/// # Panics
/// Panics when a program has an unknown difference, or no longer has a known one.
pub fn check_same(folder: &str, level: &str, known: &[Known], scratch: &str) {
    let programs = compile(folder, level, Path::new(scratch));
    let (mut wrong, mut added, mut gone) = (Vec::new(), 0, 0);
    for (program, both) in &programs {
        assert!(level != "error" || !both.without.is_empty(), "{program} has nothing wrong");
        let (new, lost) = (beyond(&both.with, &both.without), beyond(&both.without, &both.with));
        (added, gone) = (added + new.len(), gone + lost.len());
        let known = known.iter().find(|known| known.program == program);
        let (known_new, known_lost) = known.map_or((&[][..], &[][..]), |known| (known.new, known.lost));
        if new != known_new || lost != known_lost {
            wrong.push(format!("{program}: new {new:?}, lost {lost:?}, known {known:?}"));
        }
    }
    println!("{folder}: {} programs, {added} new and {gone} lost places of {level}s", programs.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
    let absent: Vec<_> = known.iter().filter(|known| !programs.contains_key(known.program)).collect();
    assert!(absent.is_empty(), "no such programs: {absent:?}");
}

/// The elements that occur more often in the first list than in the second.
fn beyond(list: &[String], other: &[String]) -> Vec<String> {
    let mut rest = other.to_vec();
    let mut new = Vec::new();
    for place in list {
        match rest.iter().position(|same| same == place) {
            Some(at) => drop(rest.swap_remove(at)),
            None => new.push(place.clone()),
        }
    }
    new
}

/// Compiles every program of a folder as two binaries of one package.
fn compile(folder: &str, level: &str, scratch: &Path) -> BTreeMap<String, Both> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let package = scratch.join(folder);
    std::fs::create_dir_all(package.join("src/bin")).expect("a folder is made");
    let mut programs = BTreeMap::new();
    for entry in std::fs::read_dir(root.join("ui").join(folder)).expect("there are programs") {
        let path = entry.expect("a file").path();
        let name = path.file_stem().expect("a name").to_str().expect("UTF-8").to_owned();
        let with = std::fs::read_to_string(&path).expect("a program");
        assert!(with.contains(ATTRIBUTE), "{name} has nothing to take out");
        write(&package.join(format!("src/bin/with_{name}.rs")), &with);
        write(&package.join(format!("src/bin/without_{name}.rs")), &with.replace(ATTRIBUTE, "//"));
        programs.insert(name, Both::default());
    }
    let manifest = format!(
        "[workspace]\n[package]\nname = \"{folder}\"\nedition = \"2024\"\n[dependencies]\nagent-metrics.path = \"{}\"\n",
        root.join("../metrics-core").display()
    );
    write(&package.join("Cargo.toml"), &manifest);
    if !package.join("Cargo.lock").exists() {
        std::fs::copy(root.join("../Cargo.lock"), package.join("Cargo.lock")).expect("the workspace's lock");
    }
    for (target, place) in diagnostics(&package, &scratch.join("target")) {
        let Some((variant, name)) = target.split_once('_') else { continue };
        let Some(both) = programs.get_mut(name).filter(|_| place.starts_with(level)) else { continue };
        if variant == "with" { both.with.push(place) } else { both.without.push(place) }
    }
    programs
}

/// Doesn't touch a file with the same text, so that cargo doesn't rebuild it.
fn write(path: &Path, text: &str) {
    if std::fs::read_to_string(path).is_ok_and(|old| old == text) {
        return;
    }
    std::fs::write(path, text).expect("a file is written");
}

/// Every diagnostic with a position, by binary.
fn diagnostics(package: &Path, target: &Path) -> Vec<(String, String)> {
    let output = Command::new(env!("CARGO"))
        .args(["check", "--bins", "--keep-going", "--offline", "--quiet", "--message-format=json"])
        .current_dir(package)
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_INCREMENTAL", "0")
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let found: Vec<_> = messages.filter_map(|message| read(&message)).collect();
    assert!(!found.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    found
}

fn read(line: &Value) -> Option<(String, String)> {
    let target = line["target"]["name"].as_str()?;
    let message = line.get("message")?;
    let span = message["spans"].as_array()?.iter().find(|span| span["is_primary"] == true)?;
    let (level, code) = (message["level"].as_str()?, message["code"]["code"].as_str().unwrap_or_default());
    Some((target.to_owned(), format!("{level}[{code}] {}:{}", span["line_start"], span["column_start"])))
}
