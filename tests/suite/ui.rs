//! Compile errors: the caret is on the wrong token, and the message says what to write instead.

#[test]
fn compile_errors_match_their_expected_texts() {
    // The expected texts are those of the pinned compiler.
    let rustc = std::process::Command::new("rustc").arg("--version").output().expect("rustc runs");
    let rustc = String::from_utf8(rustc.stdout).expect("UTF-8");
    assert!(
        rustc.starts_with("rustc 1.95."),
        "the toolchain is pinned in rust-toolchain.toml, this is {rustc}"
    );
    trybuild::TestCases::new().compile_fail("ui/fail/*/*.rs");
}
