use agent_metrics_monitoring_tests::{Case, Firing};

use super::of;

pub fn cases() -> Vec<Case> {
    [tokens(), per_hour(), surges(), per_task(), budgets(), unpriced(), price_table()].concat()
}

fn tokens() -> Vec<Case> {
    const ALERT: &str = "AgentHighTokenConsumption";
    let series = |instance: &str, direction: &str| {
        of(instance, "agent_llm_tokens_total", &format!("model=\"m\",direction=\"{direction}\""))
    };
    let many = Firing {
        labels: &[("severity", "warning"), ("job", "agent")],
        summary: "agent uses more tokens than the limit",
        description: "agent used 120k tokens in the last hour; the limit is 100,000. Most: model m. Most: instance a.",
    };
    vec![
        Case::new("120,000 tokens an hour, over two replicas")
            .series(series("a", "input"), "0+1500x180")
            .series(series("b", "output"), "0+500x180")
            .silent(ALERT, "15m")
            .silent(ALERT, "60m")
            .fires(ALERT, "120m", &many),
        Case::new("90,000 tokens an hour and a restart")
            .series(series("a", "input"), "0+1500x100 0+1500x80")
            .silent(ALERT, "90m")
            .silent(ALERT, "130m"),
        Case::new("many tokens more than an hour ago")
            .series(series("a", "input"), "0 900000x180")
            .silent(ALERT, "90m"),
    ]
}

fn per_hour() -> Vec<Case> {
    const ALERT: &str = "AgentHighCost";
    let series = |instance: &str, kind: &str| {
        of(instance, "agent_cost_usd_total", &format!("model=\"m\",cost_type=\"{kind}\""))
    };
    let much = Firing {
        labels: &[("severity", "warning"), ("job", "agent")],
        summary: "agent spends more than the limit",
        description: "agent spent 12.00 USD in the last hour; the limit is 10 USD. Most: model m. Most: instance a.",
    };
    vec![
        Case::new("12 USD an hour")
            .series(series("a", "input"), "0+0.125x180")
            .series(series("b", "output"), "0+0.075x180")
            .silent(ALERT, "15m")
            .silent(ALERT, "60m")
            .fires(ALERT, "120m", &much),
        Case::new("9 USD an hour and a restart")
            .series(series("a", "input"), "0+0.15x100 0+0.15x80")
            .silent(ALERT, "130m"),
    ]
}

/// A loop that starts in minute 60 is reported within three minutes.
fn surges() -> Vec<Case> {
    const TOKENS: &str = "AgentTokenSurge";
    const COST: &str = "AgentCostSurge";
    let tokens = |instance: &str| of(instance, "agent_llm_tokens_total", "model=\"m\",direction=\"input\"");
    let cost = |instance: &str| of(instance, "agent_cost_usd_total", "model=\"m\",cost_type=\"input\"");
    let many = Firing {
        labels: &[("severity", "warning"), ("job", "agent")],
        summary: "agent uses many more tokens than usual",
        description: "agent used 95k tokens in the last 5 minutes. The mean of the last 7 days is 4.811k in 5 minutes. Most: model m. Most: instance b. Most: direction input.",
    };
    let much = Firing {
        labels: &[("severity", "warning"), ("job", "agent")],
        summary: "agent spends much more than usual",
        description: "agent spent 0.42 USD in the last 5 minutes. The mean of the last 7 days is 0.0160 USD in 5 minutes. Most: model m. Most: instance b. Most: cost type input.",
    };
    vec![
        // 300,000 tokens in 10 minutes, and 40 times the usual 0.2 USD per hour.
        Case::new("an agent in a loop")
            .series(tokens("a"), "0+1000x180")
            .series(tokens("b"), "0x59 0+30000x10 300000x120")
            .series(cost("a"), "0+0.00333333x180")
            .series(cost("b"), "0x59 0+0.133333x10 1.33333x120")
            .silent(TOKENS, "62m")
            .silent(COST, "62m")
            .fires(TOKENS, "63m", &many)
            .fires(COST, "63m", &much)
            .silent(TOKENS, "100m")
            .silent(COST, "100m"),
        Case::new("five times the usual consumption")
            .series(tokens("a"), "0+10000x60 600000+50000x60")
            .series(cost("a"), "0+0.1x60 6+0.5x60")
            .silent(TOKENS, "70m")
            .silent(COST, "70m"),
        Case::new("40 times a very small consumption")
            .series(tokens("a"), "0+100x60 6000+4000x60")
            .series(cost("a"), "0+0.0005x60 0.03+0.02x60")
            .silent(TOKENS, "70m")
            .silent(COST, "70m"),
        Case::new("a new agent, whose consumption is high from the start")
            .series(tokens("a"), "0+50000x60")
            .series(cost("a"), "0+1x60")
            .silent(TOKENS, "5m")
            .silent(TOKENS, "30m")
            .silent(COST, "5m")
            .silent(COST, "30m"),
        Case::new("two evaluators of the rules record the same series")
            .series(tokens("a"), "0+1000x90")
            .series(tokens("b"), "0x59 0+30000x10 300000x20")
            .series(r#"job:agent_llm_tokens:rate5m{job="agent",evaluator="b"}"#, "16.66666x90")
            .series(cost("a"), "0+0.00333333x90")
            .series(cost("b"), "0x59 0+0.133333x10 1.33333x20")
            .series(r#"job:agent_cost_usd:rate5m{job="agent",evaluator="b"}"#, "0.0000555555x90")
            .fires(TOKENS, "63m", &Firing {
                description: "agent used 95k tokens in the last 5 minutes. The mean of the last 7 days is 5k in 5 minutes. Most: model m. Most: instance b. Most: direction input.",
                ..many
            })
            .fires(COST, "63m", &Firing {
                description: "agent spent 0.42 USD in the last 5 minutes. The mean of the last 7 days is 0.0167 USD in 5 minutes. Most: model m. Most: instance b. Most: cost type input.",
                ..much
            }),
    ]
}

fn per_task() -> Vec<Case> {
    const ALERT: &str = "AgentHighCostPerTask";
    let sum = |task_type: &str| of("a", "agent_task_cost_usd_sum", &format!("task_type=\"{task_type}\""));
    let count = |task_type: &str| of("a", "agent_task_cost_usd_count", &format!("task_type=\"{task_type}\""));
    let expensive = Firing {
        labels: &[("severity", "warning"), ("job", "agent"), ("task_type", "coding")],
        summary: "coding tasks cost more than the limit",
        description: "A coding task of agent cost 0.750 USD on average in the last hour; the limit is 0.5 USD. Most: instance a.",
    };
    vec![
        Case::new("the tasks of one type cost more than the limit")
            .series(sum("coding"), "0+0.15x180")
            .series(count("coding"), "0+0.2x180")
            .series(sum("search"), "0+40x180")
            .series(count("search"), "0+100x180")
            .silent(ALERT, "15m")
            .silent(ALERT, "60m")
            .fires(ALERT, "90m", &expensive),
        Case::new("five expensive tasks")
            .series(sum("coding"), "0x10 0+5x5 25x100")
            .series(count("coding"), "0x10 0+1x5 5x100")
            .silent(ALERT, "60m"),
        Case::new("no tasks")
            .series(sum("coding"), "100x120")
            .series(count("coding"), "10x120")
            .silent(ALERT, "60m"),
    ]
}

fn budgets() -> Vec<Case> {
    let used = |budget: &str| of("a", "agent_budget_used_ratio", &format!("budget=\"{budget}\""));
    let nearly = Firing {
        labels: &[("severity", "warning"), ("job", "agent"), ("instance", "a"), ("budget", "support")],
        summary: "The budget support is nearly spent",
        description: "95% of the budget support on a is spent; the limit is 90 %.",
    };
    let over = Firing {
        labels: &[("severity", "critical"), ("job", "agent"), ("instance", "a"), ("budget", "support")],
        summary: "The budget support is spent",
        description: "104% of the budget support on a is spent. Calls under it are refused.",
    };
    vec![
        Case::new("a budget is nearly spent, then spent")
            .series(used("support"), "0.5x9 0.95x10 1.04x20")
            .series(used("research"), "0.9x40")
            .silent("AgentBudgetNearlySpent", "10m")
            .fires("AgentBudgetNearlySpent", "15m", &nearly)
            .silent("AgentBudgetSpent", "15m")
            .silent("AgentBudgetSpent", "21m")
            .fires("AgentBudgetSpent", "25m", &over),
    ]
}

fn unpriced() -> Vec<Case> {
    const ALERT: &str = "AgentUnpricedTokens";
    let series = |direction: &str| {
        of("a", "agent_llm_unpriced_tokens_total", &format!("model=\"m\",direction=\"{direction}\""))
    };
    let firing = |description| Firing {
        labels: &[("severity", "warning"), ("job", "agent"), ("model", "m")],
        summary: "m has no price",
        description,
    };
    vec![
        Case::new("one call of a model without a price: the counter appears with its only value")
            .series(of("a", "up", ""), "1x300")
            .series(series("input"), "_x100 1200x100")
            .series(series("output"), "_x100 80x100")
            .silent(ALERT, "104m")
            .fires(ALERT, "120m", &firing(
                "agent used 1.28k tokens of m in the last hour. The model has no price, so these tokens are in no cost metric.",
            ))
            .silent(ALERT, "170m"),
        Case::new("a model without a price was called long ago, and the target was unreachable")
            .series(of("a", "up", ""), "1x100 0x70 1x100")
            .series(series("input"), "1200x100 _x70 1200x100")
            .silent(ALERT, "178m"),
        Case::new("a model without a price is called every minute")
            .series(series("input"), "0+100x300")
            .fires(ALERT, "200m", &firing(
                "agent used 6k tokens of m in the last hour. The model has no price, so these tokens are in no cost metric.",
            )),
        Case::new("all models have prices").series(series("input"), "0x300").silent(ALERT, "200m"),
    ]
}

/// The clock of promtool starts on 1 January 1970.
fn price_table() -> Vec<Case> {
    const ALERT: &str = "AgentPriceTableOld";
    let day = |instance: &str| of(instance, "agent_llm_price_table_timestamp_seconds", "");
    let old = Firing {
        labels: &[("severity", "info"), ("job", "agent")],
        summary: "The price table of agent is old",
        description: "agent uses prices that are 90d 12h 0m 0s old; the limit is 90 days.",
    };
    let twentieth = 19 * 86_400;
    vec![
        Case::new("the price table grows old, and that of another replica is newer")
            .every("6h")
            .series(day("a"), format!("{twentieth}x600"))
            .series(day("b"), format!("{}x600", 2 * twentieth))
            .silent(ALERT, "2622h")
            .fires(ALERT, "2628h", &old),
        Case::new("a price table of the last weeks")
            .every("6h")
            .series(day("a"), format!("{}x600", 100 * 86_400))
            .silent(ALERT, "130d"),
        Case::new("a price table without a date")
            .every("6h")
            .series(of("a", "agent_llm_price_table_info", "version=\"1\",date=\"\""), "1x600")
            .silent(ALERT, "130d"),
    ]
}
