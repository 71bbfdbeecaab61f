//! One build reports every wrong key in an impl block, each at its token, and keeps the block's functions.
use agent_metrics::{track_llm, track_step, track_task, track_tool};

struct Tools;

#[track_tool(tool_nam = "x", tool_name = "tools")]
impl Tools {
    const fn new() -> Self {
        Self
    }

    #[track(timeot = "5s", tool_name = "a", tool_name = "b")]
    fn keys(&self) {}

    #[track(skip, timeout = "5s")]
    fn skipped(&self) {}

    #[track(skp)]
    fn misspelt(&self) {}

    #[track(skip)]
    #[track_step]
    fn of_its_own(&self) {}

    const fn constant(&self) {}

    fn one(&self) {}
}

#[track_llm(usage = in_body)]
impl Tools {
    #[track(model = "m")]
    fn with_model(&self) {}

    fn without_model(&self) {}
}

#[track_llm]
impl Tools {
    fn first(&self) {}

    fn second(&self) {}
}

trait Tool {
    fn call(&self) {}
}

#[track_tool]
impl Tool for &Tools {
    fn call(&self) {}
}

#[track_tool]
impl<T: Copy> Tool for (T,) {
    fn call(&self) {}
}

#[track_task(timeout = "5s")]
impl Tools {
    async fn asynchronous(&self) -> anyhow::Result<()> {
        Ok(())
    }

    fn synchronous(&self) {}
}

#[track_step]
impl Tools {
    fn constructor() -> Self {
        Self
    }
}

#[track_task]
#[track_tool]
impl Tools {
    fn twice(&self) {}
}

fn main() {
    // The functions are kept, so that calls to them add no errors.
    let tools = Tools::new();
    (tools.keys(), tools.skipped(), tools.misspelt(), tools.of_its_own(), tools.constant(), tools.one());
    (tools.with_model(), tools.without_model(), tools.first(), tools.second(), tools.synchronous());
    let _ = (tools.asynchronous(), tools.twice(), (&tools).call(), Tools::constructor());
}
