//! rustc's errors about bodies, keys and labels inside a tracked impl block are located at the user's code.
use agent_metrics::{CallLabels, LabelValue, track, track_llm, track_tool};

#[derive(Clone, Copy, LabelValue)]
enum Index {
    Docs,
}

#[derive(Clone, Copy, CallLabels)]
#[calls(name = "lookup")]
struct Lookup {
    index: Index,
}

struct Tools;

#[track_tool(metrics = self.metrics)]
impl Tools {
    fn no_such_field(&self) {}
}

#[track_tool]
impl Tools {
    async fn wrong_value(&self) -> Result<u8, String> {
        Ok("text")
    }

    #[track(tool_name = 5 + 5)]
    fn no_label(&self) {}
}

#[track(Lookup, index = Index::Docs)]
impl Tools {
    #[track(indx = Index::Docs)]
    fn unknown(&self) {}

    #[track(index = "docs")]
    fn wrong_type(&self) {}
}

#[track_llm(model = "m")]
impl Tools {
    fn no_usage(&self) -> u8 {
        0
    }
}

#[track(skip)]
fn lone() {}

fn main() {}
