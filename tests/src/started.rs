//! Programs that tests start: those of this workspace, and Prometheus.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::{Program, get, on_path, until};

/// Returns an unused address, which no other test gets.
///
/// # Panics
/// Panics when no port is free.
pub fn free_address() -> String {
    static GIVEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        if GIVEN.lock().unwrap_or_else(PoisonError::into_inner).insert(address.clone()) {
            return address;
        }
    }
}

/// Returns the path of a program of this workspace, and builds it if necessary.
///
/// # Panics
/// Panics when it can't be built.
pub fn built(package: &str, bin: &str) -> PathBuf {
    let built = Command::new(env!("CARGO"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace"))
        .args(["build", "--quiet", "-p", package, "--bin", bin, "--message-format=json"])
        .output()
        .expect("cargo runs");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let messages = String::from_utf8_lossy(&built.stdout).into_owned();
    let paths = messages.lines().filter_map(|line| line.split_once("\"executable\":\"")?.1.split_once('"'));
    paths.map(|(path, _)| PathBuf::from(path)).next_back().expect("the path of the binary")
}

/// Starts the main example with some arguments on a free port and returns its address. It has no API key of a real model.
///
/// # Panics
/// Panics when it can't be built or doesn't serve.
pub fn example(args: &[&str]) -> (Program, String) {
    let address = free_address();
    let mut command = Command::new(built("agent-metrics-examples", "agent"));
    command.args(["--addr", &address]).args(args).env_remove("GEMINI_API_KEY");
    let agent = Program::start(&mut command);
    until("the agent serves", || get(&address, "/metrics", "").filter(|(head, _)| head.contains(" 200 ")));
    (agent, address)
}

/// Starts Prometheus with the file `prometheus.yml` of a folder, which also holds its data, and with more arguments.
/// Returns its address, or `None` when Prometheus isn't installed.
///
/// # Panics
/// Panics when it can't be started.
pub fn prometheus(folder: &Path, args: &[&str]) -> Option<(Program, String)> {
    let program = on_path("prometheus")?;
    let address = free_address();
    let started = Program::start(
        Command::new(program)
            .args(args)
            .arg(format!("--config.file={}", folder.join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address={address}")),
    );
    until("Prometheus is ready", || get(&address, "/-/ready", "").filter(|(head, _)| head.contains(" 200 ")));
    Some((started, address))
}
