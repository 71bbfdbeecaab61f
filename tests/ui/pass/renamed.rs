//! The key `crate` makes the attributes work with a renamed or re-exported runtime crate.

use self::facade::krate;
use super::calls::{task, tool};

mod facade {
    pub(super) extern crate agent_metrics as krate;

    pub(super) mod deeper {
        pub(crate) use agent_metrics::__private;
        pub(crate) use agent_metrics::*;
    }
}

#[krate::track_task(crate = krate, task_type = Kind::Renamed)]
async fn renamed_task() -> Option<u8> {
    renamed_step();
    Some(1)
}

#[krate::track_step(crate = self::facade::krate)]
fn renamed_step() {}

#[facade::deeper::track_tool(crate = facade::deeper)]
fn renamed_tool(number: u8) -> u8 {
    number
}

#[krate::track_tool(crate = crate::pass::renamed::facade::deeper, tool_name = name)]
#[inline]
async fn renamed_later(name: &str) -> usize {
    name.len()
}

#[krate::track(Lookup, kind = Kind::Renamed, crate = super::renamed::krate)]
async fn renamed_lookup() {}

#[derive(Clone, Copy, krate::LabelValue)]
#[label(crate = krate)]
enum Kind {
    Renamed,
}

#[derive(Clone, Copy, krate::CallLabels)]
#[calls(name = "renamed_lookup", crate = self::facade::krate)]
struct Lookup {
    kind: Kind,
}

#[test]
fn attributes_work_with_a_renamed_crate() {
    assert_eq!(task("renamed").awaited("success", renamed_task()), Some(1));
    assert_eq!(tool("renamed_tool").called("success", || renamed_tool(1)), 1);
    assert_eq!(tool("renamed_key").awaited("success", renamed_later("renamed_key")), 11);
    super::calls::ready(renamed_lookup());
}
