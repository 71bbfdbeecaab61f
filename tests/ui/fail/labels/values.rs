//! `LabelValue` is derived only for enums without fields whose label values are distinct.
use agent_metrics::LabelValue;

#[derive(Clone, Copy, LabelValue)]
struct NotAnEnum;

#[derive(Clone, Copy, LabelValue)]
enum WithFields {
    Text(u8),
}

#[derive(Clone, Copy, LabelValue)]
enum Twice {
    Same,
    #[label(name = "same")]
    Again,
}

fn main() {}
