//! One call site in a generic function records each instantiation under its label value.

use super::calls::{ready, task, tool};
use agent_metrics::{LabelValue, track_task, track_tool};

#[derive(Clone, Copy, LabelValue)]
enum First {
    InstanceA,
}

#[derive(Clone, Copy, LabelValue)]
enum Second {
    InstanceB,
}

trait Kind: LabelValue {
    const KIND: Self;
    const NAME: &'static str;
}

impl Kind for First {
    const KIND: Self = First::InstanceA;
    const NAME: &'static str = "instance_name_a";
}

impl Kind for Second {
    const KIND: Self = Second::InstanceB;
    const NAME: &'static str = "instance_name_b";
}

#[track_task(task_type = kind)]
async fn by_argument<K: Kind>(kind: K) {}

#[track_tool(tool_name = K::KIND)]
fn by_constant<K: Kind>() {}

#[track_tool(tool_name = K::NAME)]
async fn by_name<K: Kind>() {}

trait Runs: Kind {
    #[track_task(task_type = Self::NAME)]
    fn runs(&self) {}
}

impl<K: Kind> Runs for K {}

/// A generic type: the expansion can't use `Self` in a static.
struct Holder<K>(K);

impl<K: Kind> Holder<K> {
    const LABEL: K = K::KIND;

    #[track_tool(tool_name = Self::LABEL)]
    fn held(&self) -> &K {
        &self.0
    }
}

fn once() -> Vec<(String, u64)> {
    vec![("success".to_owned(), 1)]
}

#[test]
fn each_instantiation_records_to_its_series() {
    ready(by_argument(First::InstanceA));
    ready(by_argument(Second::InstanceB));
    for name in ["instance_a", "instance_b"] {
        assert_eq!(task(name).so_far(), once(), "{name}");
    }
    by_constant::<Second>();
    by_constant::<First>();
    for name in ["instance_a", "instance_b"] {
        assert_eq!(tool(name).so_far(), once(), "{name}");
    }
    ready(by_name::<First>());
    ready(by_name::<Second>());
    for name in ["instance_name_a", "instance_name_b"] {
        assert_eq!(tool(name).so_far(), once(), "{name}");
    }
    First::InstanceA.runs();
    Second::InstanceB.runs();
    for name in ["instance_name_a", "instance_name_b"] {
        assert_eq!(task(name).so_far(), once(), "{name}");
    }
    Holder(First::InstanceA).held();
    assert_eq!(tool("instance_a").so_far(), [("success".to_owned(), 2)]);
    assert_eq!(tool("instance_b").so_far(), once());
}
