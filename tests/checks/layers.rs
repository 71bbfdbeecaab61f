//! The modules of the runtime crate form layers: no two of them import each other.

use std::path::Path;

use agent_metrics_tests::ImportGraph;

/// Files that see every module by design: the crate's root, and the names that generated code uses.
const ROOTS: [&str; 2] = ["lib.rs", "__private.rs"];

fn runtime() -> ImportGraph {
    ImportGraph::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../metrics-core/src"), &ROOTS)
}

#[test]
fn top_modules_form_no_cycle() {
    let cycles = runtime().top_module_cycles();
    assert!(
        cycles.is_empty(),
        "these modules import each other, see the layers in CONTRIBUTING.md: {cycles:#?}"
    );
}

#[test]
fn files_form_no_cycle() {
    let graph = runtime();
    let imports: Vec<String> = graph
        .file_cycles()
        .iter()
        .flat_map(|cycle| cycle.iter().flat_map(move |from| cycle.iter().map(move |to| (from, to))))
        .filter(|(from, to)| graph.edges().get(*from).is_some_and(|imported| imported.contains(*to)))
        .map(|(from, to)| format!("{from} -> {to}"))
        .collect();
    assert!(imports.is_empty(), "these files import each other: {imports:#?}");
}

#[test]
fn an_upward_import_is_found_through_a_reexport() {
    let files = |error: &str| {
        [
            ("lib.rs", "mod error; mod recorder; pub use recorder::Call;"),
            ("error.rs", error),
            ("recorder/mod.rs", "mod call; pub use call::Call; pub(crate) fn start() { call::begin() }"),
            (
                "recorder/call.rs",
                "use crate::error::Fault; pub struct Call; pub(crate) fn begin() -> Fault { Fault }",
            ),
        ]
        .map(|(file, text)| (file.to_owned(), text.to_owned()))
        .to_vec()
    };
    let layered = ImportGraph::new(files("pub struct Fault;"), &ROOTS);
    assert!(layered.file_cycles().is_empty(), "{:?}", layered.edges());
    for upward in [
        "use crate::recorder::Call; pub struct Fault;",
        "pub struct Fault; fn f() { crate::recorder::start() }",
        "pub struct Fault; fn f() { println!(\"{}\", crate::recorder::Call) }",
    ] {
        let cycles = ImportGraph::new(files(upward), &ROOTS).top_module_cycles();
        assert_eq!(cycles, [["error", "recorder"]], "{upward}");
    }
    let in_tests = "pub struct Fault; #[cfg(test)] mod tests { use crate::recorder::Call; }";
    assert!(ImportGraph::new(files(in_tests), &ROOTS).top_module_cycles().is_empty());
}
