//! Comparisons with peers.
mod calls;
mod measure;
mod report;
fn main() {
    calls::run(&mut report::Report);
}
