use agent_metrics_monitoring_tests::{Case, Firing};

use super::of;

fn tasks(instance: &str, task_type: &str, status: &str) -> String {
    of(instance, "agent_tasks_total", &format!("task_type=\"{task_type}\",status=\"{status}\""))
}

pub fn cases() -> Vec<Case> {
    [completion(), active(), hung(), no_success(), no_traffic()].concat()
}

fn completion() -> Vec<Case> {
    const ALERT: &str = "AgentLowCompletionRate";
    let low = Firing {
        labels: &[("severity", "critical"), ("job", "agent")],
        summary: "Tasks of agent fail",
        description: "Of the tasks of agent that ended in the last hour, 70% succeeded; at least 80 % should.",
    };
    vec![
        Case::new("three of ten tasks fail, over two replicas")
            .series(tasks("a", "search", "success"), "0+7x120")
            .series(tasks("a", "search", "failure"), "0x120")
            .series(tasks("b", "coding", "success"), "0x120")
            .series(tasks("b", "coding", "failure"), "0+1x120")
            .series(tasks("b", "coding", "timeout"), "0+2x120")
            .silent(ALERT, "15m")
            .fires(ALERT, "40m", &low),
        Case::new("three of ten fail, of one task every other minute")
            .series(tasks("a", "search", "success"), "0+0.35x120")
            .series(tasks("a", "search", "failure"), "0+0.15x120")
            .fires(ALERT, "60m", &low),
        Case::new("one of ten fails, and clients give up half")
            .series(tasks("a", "search", "success"), "0+9x120")
            .series(tasks("a", "search", "failure"), "0+1x120")
            .series(tasks("a", "search", "cancelled"), "0+10x120")
            .silent(ALERT, "60m"),
        Case::new("two or three of a dozen fail")
            .series(tasks("a", "search", "success"), "0+0.15x120")
            .series(tasks("a", "search", "failure"), "0+0.045x120")
            .series(tasks("a", "search", "cancelled"), "0+1x120")
            .silent(ALERT, "100m"),
        Case::new("five tasks, and all fail")
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
        Case::new("one process is full, and others are not")
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
        Case::new("a task takes an hour, and ends")
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
        Case::new("one kind of task no longer succeeds, and another does")
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
                &firing("60 coding tasks of agent ended in the last 1h, and none of them succeeded."),
            ),
        Case::new("it has never succeeded")
            .series(tasks("a", "coding", "failure"), "0+1x200")
            .silent(ALERT, "14m")
            .fires(
                ALERT,
                "61m",
                &firing("60 coding tasks of agent ended in the last 1h, and none of them succeeded."),
            ),
        Case::new("it is only rarely tried")
            .series(tasks("a", "coding", "failure"), "0 1x200")
            .series(last("coding"), "0x200")
            .silent(ALERT, "100m"),
        Case::new("clients give all of them up")
            .series(tasks("a", "coding", "cancelled"), "0+5x200")
            .series(last("coding"), "0x200")
            .silent(ALERT, "100m"),
        Case::new("a rollout: the one that succeeded is gone, and the next has not done a task yet")
            .series(of("a", "up", ""), "1x60 stale")
            .series(of("b", "up", ""), "_x60 1x140")
            .series(tasks("a", "coding", "success"), "0+1x60 stale")
            .series(last("coding"), "0+60x60 stale")
            .silent(ALERT, "68m")
            .silent(ALERT, "100m"),
        Case::new("one replica succeeds")
            .series(tasks("a", "coding", "failure"), "0+5x200")
            .series(last("coding"), "0x200")
            .series(of("b", "agent_task_last_success_timestamp_seconds", "task_type=\"coding\""), "0+60x200")
            .silent(ALERT, "100m"),
    ]
}

fn no_traffic() -> Vec<Case> {
    const ALERT: &str = "AgentNoTraffic";
    let quiet = Firing {
        labels: &[("severity", "warning"), ("job", "agent")],
        summary: "agent completes no tasks",
        description: "No task of agent has ended for 15m; there were 100 or more in the last 6h.",
    };
    vec![
        Case::new("a busy agent falls silent")
            .series(tasks("a", "search", "success"), "0+2x100 200x500")
            .silent(ALERT, "114m")
            .silent(ALERT, "119m")
            .fires(ALERT, "125m", &quiet)
            .silent(ALERT, "480m"),
        Case::new("a rollout, after which none comes: the series that stood still are gone")
            .series(tasks("a", "search", "success"), "0+2x100 stale")
            .silent(ALERT, "114m")
            .silent(ALERT, "119m")
            .fires(ALERT, "125m", &quiet),
        Case::new("a rollout, after which as many come")
            .series(tasks("a", "search", "success"), "0+2x100 stale")
            .series(tasks("b", "search", "success"), "_x100 0+2x100")
            .silent(ALERT, "125m")
            .silent(ALERT, "180m"),
        Case::new("one replica is idle, and another isn't")
            .series(tasks("a", "search", "success"), "0+2x100 200x500")
            .series(tasks("b", "search", "failure"), "0+1x600")
            .silent(ALERT, "125m"),
        Case::new("an agent that has little to do")
            .series(tasks("a", "search", "success"), "0+1x20 20x500")
            .silent(ALERT, "60m")
            .silent(ALERT, "125m"),
        Case::new("a restart of a busy agent")
            .series(tasks("a", "search", "success"), "0+2x100 0+2x100")
            .silent(ALERT, "103m")
            .silent(ALERT, "125m"),
    ]
}
