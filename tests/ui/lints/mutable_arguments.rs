//! Arguments that are changed but never read are reported in sync functions; for async ones the warning is lost.
#![allow(unused_imports)] // Without the attribute, its name is unused.
use agent_metrics::track_tool;

struct Agent(u8);

impl Agent {
    #[track_tool]
    async fn receiver(mut self) {
        self.0 += 1;
    }

    #[track_tool]
    fn receiver_sync(mut self) {
        self.0 += 1;
    }
}

#[track_tool]
async fn argument(mut agent: Agent) {
    agent.0 += 1;
}

#[track_tool]
fn argument_sync(mut agent: Agent) {
    agent.0 += 1;
}

#[track_tool]
fn unused_mut(mut agent: Agent) -> u8 {
    agent.0
}

fn main() {
    drop(Agent(1).receiver());
    Agent(1).receiver_sync();
    drop(argument(Agent(1)));
    argument_sync(Agent(1));
    unused_mut(Agent(1));
}
