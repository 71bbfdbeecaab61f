use agent_metrics_monitoring_tests::{Case, Firing};

use super::of;

fn tasks(instance: &str, task_type: &str, status: &str) -> String {
    of(instance, "agent_tasks_total", &format!("task_type=\"{task_type}\",status=\"{status}\""))
}

pub fn cases() -> Vec<Case> {
    [completion(), task_types(), active(), hung(), no_success(), no_traffic(), instances()].concat()
}

fn completion() -> Vec<Case> {
    const ALERT: &str = "AgentLowCompletionRate";
    let low = Firing {
        labels: &[("severity", "critical"), ("job", "agent")],
        summary: "Tasks of agent fail",
        description: "30% of the tasks of agent that ended in the last hour failed; at most 20 % should. Most: task type coding. Most: instance b. Most: status timeout.",
    };
    let low_with = |description| Firing { description, ..low };
    let few = low_with(
        "30% of the tasks of agent that ended in the last hour failed; at most 20 % should. Most: task type search. Most: instance a. Most: status failure.",
    );
    let hour = low_with(
        "30% of the tasks of agent that ended in the last hour failed; at most 20 % should. Most: task type search. Most: instance a. Most: status failure.",
    );
    let since = low_with(
        "97.76% of the tasks of agent that ended in the last hour failed; at most 20 % should. Most: task type search. Most: instance a. Most: status failure.",
    );
    vec![
        Case::new("30 % of the tasks of two replicas fail")
            .series(tasks("a", "search", "success"), "0+7x120")
            .series(tasks("a", "search", "failure"), "0x120")
            .series(tasks("b", "coding", "success"), "0x120")
            .series(tasks("b", "coding", "failure"), "0+1x120")
            .series(tasks("b", "coding", "timeout"), "0+2x120")
            .silent(ALERT, "15m")
            .fires(ALERT, "40m", &low),
        Case::new("30 % of the tasks fail, with one task every two minutes")
            .series(tasks("a", "search", "success"), "0+0.35x120")
            .series(tasks("a", "search", "failure"), "0+0.15x120")
            .fires(ALERT, "60m", &few),
        Case::new("30 % of the tasks fail for an hour, then all succeed")
            .series(tasks("a", "search", "success"), "0+7x60 430+10x60")
            .series(tasks("a", "search", "failure"), "0+3x60 180x60")
            .fires(ALERT, "60m", &hour)
            .silent(ALERT, "72m"),
        Case::new("all tasks failed, then a few succeed: too few to tell")
            .series(tasks("a", "search", "success"), "0x60 0+1x60")
            .series(tasks("a", "search", "failure"), "0+10x60 600x60")
            .fires(ALERT, "72m", &since),
        Case::new("10 % of the tasks fail, and half are cancelled")
            .series(tasks("a", "search", "success"), "0+9x120")
            .series(tasks("a", "search", "failure"), "0+1x120")
            .series(tasks("a", "search", "cancelled"), "0+10x120")
            .silent(ALERT, "60m"),
        Case::new("30 % of the tasks fail, and most are cancelled")
            .series(tasks("a", "search", "success"), "0+7x120")
            .series(tasks("a", "search", "failure"), "0+3x120")
            .series(tasks("a", "search", "cancelled"), "0+30x120")
            .fires(ALERT, "60m", &few),
        Case::new("three of twelve tasks fail")
            .series(tasks("a", "search", "success"), "0+0.15x120")
            .series(tasks("a", "search", "failure"), "0+0.045x120")
            .series(tasks("a", "search", "cancelled"), "0+1x120")
            .silent(ALERT, "100m"),
        Case::new("five tasks, all of which fail")
            .series(tasks("a", "search", "success"), "0x120")
            .series(tasks("a", "search", "failure"), "0x20 0+1x5 5x100")
            .silent(ALERT, "45m")
            .silent(ALERT, "60m"),
        Case::new("a restart")
            .series(tasks("a", "search", "success"), "0+9x60 0+9x60")
            .series(tasks("a", "search", "failure"), "0+1x60 0+1x60")
            .silent(ALERT, "63m")
            .silent(ALERT, "90m"),
        Case::new("no tasks")
            .series(tasks("a", "search", "success"), "50x120")
            .series(tasks("a", "search", "failure"), "50x120")
            .silent(ALERT, "90m"),
    ]
}

fn active() -> Vec<Case> {
    const ALERT: &str = "AgentHighActiveTasks";
    let many = Firing {
        labels: &[("severity", "warning"), ("job", "agent"), ("instance", "a")],
        summary: "a runs more tasks than the limit",
        description: "a of agent runs 51 tasks at the same time; the limit is 50.",
    };
    vec![
        Case::new("one process has more tasks than the limit")
            .series(of("a", "agent_active_tasks", ""), "10x4 51x30")
            .series(of("b", "agent_active_tasks", ""), "49x40")
            .series(of("c", "agent_active_tasks", ""), "50x40")
            .silent(ALERT, "9m")
            .fires(ALERT, "11m", &many),
        Case::new("a peak of four minutes")
            .series(of("a", "agent_active_tasks", ""), "10x4 90x3 10x30")
            .silent(ALERT, "9m"),
    ]
}

fn hung() -> Vec<Case> {
    const ALERT: &str = "AgentTaskHung";
    let series = |instance: &str| of(instance, "agent_task_oldest_in_flight_seconds", "task_type=\"search\"");
    let hangs = Firing {
        labels: &[("severity", "warning"), ("job", "agent"), ("instance", "a"), ("task_type", "search")],
        summary: "A search task on a hangs",
        description: "The oldest search task on a runs for 1h 30m 0s; the limit is 3600 s.",
    };
    vec![
        Case::new("a task doesn't end")
            .series(series("a"), "0+60x120")
            .series(series("b"), "5x120")
            .silent(ALERT, "60m")
            .silent(ALERT, "65m")
            .fires(ALERT, "90m", &hangs),
        Case::new("a task ends after an hour")
            .series(series("a"), "0+60x62 0x60")
            .silent(ALERT, "62m")
            .silent(ALERT, "90m"),
    ]
}

fn no_success() -> Vec<Case> {
    const ALERT: &str = "AgentNoTaskSuccess";
    let last = |task_type: &str| {
        of("a", "agent_task_last_success_timestamp_seconds", &format!("task_type=\"{task_type}\""))
    };
    let firing = |description| Firing {
        labels: &[("severity", "critical"), ("job", "agent"), ("task_type", "coding")],
        summary: "No coding task of agent succeeds",
        description,
    };
    vec![
        Case::new("the tasks of one type no longer succeed")
            .series(tasks("a", "search", "success"), "0+100x200")
            .series(last("search"), "0+60x200")
            .series(tasks("a", "coding", "success"), "0+1x20 20x180")
            .series(tasks("a", "coding", "failure"), "0x20 0+1x180")
            .series(last("coding"), "0+60x20 1200x180")
            .silent(ALERT, "80m")
            .silent(ALERT, "84m")
            .fires(
                ALERT,
                "90m",
                &firing("60 coding tasks of agent ended in the last hour, and none of them succeeded. Most: status failure."),
            ),
        Case::new("a task type has never succeeded")
            .series(tasks("a", "coding", "failure"), "0+1x200")
            .silent(ALERT, "14m")
            .fires(
                ALERT,
                "61m",
                &firing("60 coding tasks of agent ended in the last hour, and none of them succeeded. Most: status failure."),
            ),
        Case::new("a single task of its type, which fails")
            .series(tasks("a", "coding", "failure"), "0 1x200")
            .series(last("coding"), "0x200")
            .silent(ALERT, "100m"),
        Case::new("all tasks of a type are cancelled")
            .series(tasks("a", "coding", "cancelled"), "0+5x200")
            .series(last("coding"), "0x200")
            .silent(ALERT, "100m"),
        Case::new("a rollout: the old instance succeeded, and the new one has had no task yet")
            .series(of("a", "up", ""), "1x60 stale")
            .series(of("b", "up", ""), "_x60 1x140")
            .series(tasks("a", "coding", "success"), "0+1x60 stale")
            .series(last("coding"), "0+60x60 stale")
            .silent(ALERT, "68m")
            .silent(ALERT, "100m"),
        Case::new("one replica succeeds")
            .series(tasks("a", "coding", "failure"), "0+5x200")
            .series(last("coding"), "0x200")
            .series(tasks("b", "coding", "success"), "0+0.1x200")
            .silent(ALERT, "100m"),
        Case::new("the clock of the instance is an hour slow")
            .series(tasks("a", "coding", "success"), "0+5x200")
            .series(last("coding"), "-3600+60x200")
            .silent(ALERT, "100m"),
        Case::new("the clock of an instance that fails is an hour fast")
            .series(tasks("a", "coding", "failure"), "0+1x200")
            .series(last("coding"), "3600+60x200")
            .fires(
                ALERT,
                "100m",
                &firing("60 coding tasks of agent ended in the last hour, and none of them succeeded. Most: status failure."),
            ),
    ]
}

/// The minutes of a counter that grows by a number of tasks per minute during some hours of each day, one value per 5 minutes.
fn office_hours(days: u32, hours: std::ops::Range<u32>, per_minute: u32, stop: u32) -> String {
    let mut total = 0;
    let mut values = vec![0.to_string()];
    for step in 1..=days * 288 {
        let hour = step % 288 / 12;
        if hours.contains(&hour) && step < stop {
            total += 5 * per_minute;
        }
        values.push(total.to_string());
    }
    values.join(" ")
}

fn no_traffic() -> Vec<Case> {
    const ALERT: &str = "AgentNoTraffic";
    let firing = |description| Firing {
        labels: &[("severity", "warning"), ("job", "agent")],
        summary: "agent completes no tasks",
        description,
    };
    let quiet = firing("No task of agent has ended for 15 minutes; 200 ended in the last 6 hours.");
    let gone = firing("No task of agent has ended for 15 minutes; 201 ended in the last 6 hours.");
    let broken = firing("No task of agent has ended for 15 minutes; 650 ended in the last 6 hours.");
    // 14:00 on the third day.
    let outage = 2 * 288 + 14 * 12;
    vec![
        Case::new("a busy agent stops completing tasks")
            .series(tasks("a", "search", "success"), "0+2x100 200x500")
            .silent(ALERT, "114m")
            .silent(ALERT, "119m")
            .fires(ALERT, "125m", &quiet)
            .silent(ALERT, "480m"),
        Case::new("no tasks after a rollout: the old series are gone")
            .series(tasks("a", "search", "success"), "0+2x100 stale")
            .silent(ALERT, "114m")
            .silent(ALERT, "119m")
            .fires(ALERT, "125m", &gone),
        Case::new("as many tasks after a rollout as before")
            .series(tasks("a", "search", "success"), "0+2x100 stale")
            .series(tasks("b", "search", "success"), "_x100 0+2x100")
            .silent(ALERT, "125m")
            .silent(ALERT, "180m"),
        Case::new("one replica is idle, and another is not")
            .series(tasks("a", "search", "success"), "0+2x100 200x500")
            .series(tasks("b", "search", "failure"), "0+1x600")
            .silent(ALERT, "125m"),
        Case::new("an agent with few tasks")
            .series(tasks("a", "search", "success"), "0+1x20 20x500")
            .silent(ALERT, "60m")
            .silent(ALERT, "125m"),
        Case::new("a restart of a busy agent")
            .series(tasks("a", "search", "success"), "0+2x100 0+2x100")
            .silent(ALERT, "103m")
            .silent(ALERT, "125m"),
        Case::new("an agent that works from 8 to 18: the evenings after the first day")
            .every("5m")
            .series(tasks("a", "search", "success"), office_hours(9, 8..18, 2, u32::MAX))
            .silent(ALERT, "42h30m")
            .silent(ALERT, "66h30m")
            .silent(ALERT, "186h30m"),
        Case::new("an agent that works from 8 to 18 stops at 14 on the third day")
            .every("5m")
            .series(tasks("a", "search", "success"), office_hours(4, 8..18, 2, outage))
            .silent(ALERT, "62h")
            .fires(ALERT, "62h30m", &broken),
        Case::new("an agent stops on the same day of the week, and the day before was idle")
            .every("5m")
            .series(tasks("a", "search", "success"), {
                let first = office_hours(1, 8..18, 2, u32::MAX);
                let last = first.split(' ').next_back().expect("a value").to_owned();
                let idle = vec![last; 6 * 288].join(" ");
                let base = 1200;
                let again = office_hours(1, 8..18, 2, 14 * 12);
                let again: Vec<_> = again
                    .split(' ')
                    .skip(1)
                    .map(|value| (base + value.parse::<u32>().expect("a number")).to_string())
                    .collect();
                format!("{first} {idle} {}", again.join(" "))
            })
            .fires(ALERT, "182h30m", &broken),
    ]
}

fn task_types() -> Vec<Case> {
    const ALERT: &str = "AgentTaskTypeFailures";
    let fails = Firing {
        labels: &[("severity", "warning"), ("job", "agent"), ("task_type", "coding")],
        summary: "coding tasks of agent fail",
        description: "50% of the coding tasks of agent that ended in the last 30 minutes failed; at most 20 % should. Most: instance b. Most: status timeout.",
    };
    vec![
        Case::new("half of one task type fails, which is 2.5 % of all tasks")
            .series(tasks("a", "search", "success"), "0+95x60")
            .series(tasks("a", "coding", "success"), "0+2.5x60")
            .series(tasks("a", "coding", "failure"), "0+1x60")
            .series(tasks("b", "coding", "timeout"), "0+1.5x60")
            .series(tasks("b", "coding", "cancelled"), "0+50x60")
            .silent("AgentLowCompletionRate", "50m")
            .silent(ALERT, "10m")
            .fires(ALERT, "30m", &fails),
        Case::new("10 % of a task type fail")
            .series(tasks("a", "coding", "success"), "0+9x60")
            .series(tasks("a", "coding", "failure"), "0+1x60")
            .silent(ALERT, "50m"),
        Case::new("few tasks, all of which fail")
            .series(tasks("a", "coding", "failure"), "0+0.3x60")
            .silent(ALERT, "50m"),
        Case::new("two of eight tasks and more fail")
            .series(tasks("a", "coding", "success"), "0+0.26x60")
            .series(tasks("a", "coding", "failure"), "0+0.09x60")
            .silent(ALERT, "50m"),
    ]
}

/// A fleet in which one instance fails.
fn fleet(name: &str, size: u32, family: &str, labels: [&str; 2], broken: &str) -> Case {
    fleet_with(name, size, family, labels, ["0x30", broken])
}

/// Returns a case of a fleet whose instance `p7` has the given successes and failures.
fn fleet_with(name: &str, size: u32, family: &str, labels: [&str; 2], of_p7: [&str; 2]) -> Case {
    let mut case = Case::new(name);
    for instance in 7..7 + size {
        let [good, bad] = if instance == 7 { of_p7 } else { ["0+6x30", "0x30"] };
        let instance = format!("p{instance}");
        case = case.series(of(&instance, family, labels[0]), good);
        case = case.series(of(&instance, family, labels[1]), bad);
    }
    case
}

fn instances() -> Vec<Case> {
    const ALERT: &str = "AgentInstanceFailing";
    let http = [r#"endpoint="/tasks",status_code="200""#, r#"endpoint="/tasks",status_code="503""#];
    let task = [r#"task_type="search",status="success""#, r#"task_type="search",status="failure""#];
    let llm = [r#"model="m",status="success""#, r#"model="m",status="rejected""#];
    let (requests, calls) = ("agent_http_requests_total", "agent_llm_calls_total");
    let found = |calls, summary, description| Firing {
        labels: match calls {
            "HTTP requests" => {
                &[("severity", "warning"), ("job", "agent"), ("instance", "p7"), ("calls", "HTTP requests")]
            }
            "tasks" => &[("severity", "warning"), ("job", "agent"), ("instance", "p7"), ("calls", "tasks")],
            _ => &[("severity", "warning"), ("job", "agent"), ("instance", "p7"), ("calls", "LLM calls")],
        },
        summary,
        description,
    };
    let of_http = found(
        "HTTP requests",
        "HTTP requests on p7 fail",
        "100% of the HTTP requests on p7 of agent in the last 10 minutes failed; the limit for one instance is 25 %. The fleet as a whole is below its limit. Most: endpoint /tasks.",
    );
    let of_tasks = found(
        "tasks",
        "tasks on p7 fail",
        "100% of the tasks on p7 of agent in the last 10 minutes failed; the limit for one instance is 25 %. The fleet as a whole is below its limit. Most: task type search.",
    );
    let of_llm = found(
        "LLM calls",
        "LLM calls on p7 fail",
        "100% of the LLM calls on p7 of agent in the last 10 minutes failed; the limit for one instance is 25 %. The fleet as a whole is below its limit. Most: model m.",
    );
    let part_of_llm = Firing {
        description: "33.33% of the LLM calls on p7 of agent in the last 10 minutes failed; the limit for one instance is 25 %. The fleet as a whole is below its limit. Most: model m.",
        ..of_llm
    };
    let part_of_tasks = Firing {
        description: "30% of the tasks on p7 of agent in the last 10 minutes failed; the limit for one instance is 25 %. The fleet as a whole is below its limit. Most: task type search.",
        ..of_tasks
    };
    // Less than three failures of more than ten calls.
    let two_of_ten = ["0+0.75x30", "0+0.28x30"];
    vec![
        fleet("one of 50 instances fails all requests", 50, requests, http, "0+6x30")
            .silent("AgentHighErrorRate", "20m")
            .silent(ALERT, "5m")
            .fires(ALERT, "20m", &of_http),
        fleet("one of 300 instances fails all tasks", 300, "agent_tasks_total", task, "0+6x30")
            .silent("AgentLowCompletionRate", "20m")
            .silent(ALERT, "5m")
            .fires(ALERT, "20m", &of_tasks),
        fleet("one of 50 instances fails all LLM calls", 50, calls, llm, "0+6x30")
            .silent(ALERT, "5m")
            .fires(ALERT, "20m", &of_llm),
        fleet(
            "one of 5 instances fails all requests: the alert on the fleet names it",
            5,
            requests,
            http,
            "0+6x30",
        )
        .silent(ALERT, "20m"),
        fleet("an instance with few requests, all of which fail", 50, requests, http, "0+0.9x30")
            .silent(ALERT, "20m"),
        fleet("one of 50 instances fails few tasks", 50, "agent_tasks_total", task, "0+0.9x30")
            .silent(ALERT, "20m"),
        fleet("one of 50 instances fails few LLM calls", 50, calls, llm, "0+0.9x30").silent(ALERT, "20m"),
        fleet("one of 4 instances fails all tasks", 4, "agent_tasks_total", task, "0+6x30")
            .silent(ALERT, "20m"),
        fleet("one of 5 instances fails all LLM calls", 5, calls, llm, "0+6x30").silent(ALERT, "20m"),
        fleet_with("an instance fails two of ten requests", 50, requests, http, two_of_ten)
            .silent(ALERT, "20m"),
        fleet_with("an instance fails two of ten tasks", 50, "agent_tasks_total", task, two_of_ten)
            .silent(ALERT, "20m"),
        fleet_with("an instance fails two of ten LLM calls", 50, calls, llm, two_of_ten).silent(ALERT, "20m"),
        fleet_with(
            "an instance fails 30 % of its tasks, and most are cancelled",
            50,
            "agent_tasks_total",
            task,
            ["0+7x30", "0+3x30"],
        )
        .series(tasks("p7", "search", "cancelled"), "0+30x30")
        .fires(ALERT, "20m", &part_of_tasks),
        fleet_with(
            "a third of an instance's LLM calls fail, and most are cancelled",
            50,
            calls,
            llm,
            ["0+6x30", "0+4x30"],
        )
        .series(of("p7", calls, r#"model="m",status="rate_limited""#), "0+1x30")
        .series(of("p7", calls, r#"model="m",status="content_filtered""#), "0+1x30")
        .series(of("p7", calls, r#"model="m",status="cancelled""#), "0+30x30")
        .fires(ALERT, "20m", &part_of_llm),
    ]
}
