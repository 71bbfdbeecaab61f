//! `prometheus.yml`: three ways of service discovery, with the same `job`.

use std::time::Duration;

use crate::monitoring::Settings;
use crate::monitoring::yaml::{Map, Yaml};

const KUBERNETES: &str = "\
Prometheus for agents in Kubernetes, where it runs in the cluster and without the operator (for that see ../kubernetes). The
rest is as in prometheus.yml. A build without Kubernetes, as Debian's, refuses kubernetes_sd_configs.";

/// Returns the configuration for agents at fixed addresses and in files.
pub(super) fn document(settings: &Settings) -> String {
    let days = settings.slo.period_days;
    let comment = format!(
        "Prometheus for agents: what to scrape and which rules to evaluate.\n\
         \n\
         Objectives over {days} days need that much history, and Prometheus keeps 15 days by default:\n\
         \n  prometheus --config.file=prometheus.yml --storage.tsdb.retention.time={}d\n\
         \n\
         Exemplars are kept with --enable-feature=exemplar-storage.",
        days + 5
    );
    config([Some(fixed(settings)), files(settings)], settings).document(&comment)
}

/// Returns the configuration for agents in Kubernetes.
pub(super) fn kubernetes_document(settings: &Settings) -> String {
    config([Some(kubernetes(settings))], settings).document(KUBERNETES)
}

fn config(scrape: impl IntoIterator<Item = Option<Map>>, settings: &Settings) -> Map {
    let managers = Map::new().texts("targets", settings.alertmanagers.iter().map(String::as_str));
    Map::new()
        .map(
            "global",
            Map::new()
                .plain("scrape_interval", time(settings.scrape_interval))
                .plain("scrape_timeout", time(settings.scrape_interval.min(Duration::from_secs(10))))
                .plain("evaluation_interval", time(settings.evaluation_interval)),
        )
        .texts("rule_files", ["rules/*.yml"])
        .map(
            "alerting",
            Map::new().with(
                "alertmanagers",
                Yaml::List(vec![Yaml::Map(
                    Map::new().with("static_configs", Yaml::List(vec![Yaml::Map(managers)])),
                )]),
            ),
        )
        .with(
            "scrape_configs",
            Yaml::Spaced(scrape.into_iter().flatten().filter(|_| settings.scraped).map(Yaml::Map).collect()),
        )
}

/// Returns a duration that the rehearsal mode doesn't shorten.
fn time(length: Duration) -> String {
    crate::monitoring::text::time_text(length.as_millis() as u64)
}

fn job(name: &str, comment: &str, settings: &Settings) -> Map {
    let job = Map::new().text("job_name", name).comment(comment);
    if settings.metrics_path == "/metrics" { job } else { job.text("metrics_path", &*settings.metrics_path) }
}

fn fixed(settings: &Settings) -> Map {
    let targets = Map::new().texts("targets", settings.targets.iter().map(String::as_str));
    job(&settings.job, "Agents at fixed addresses.", settings)
        .with("static_configs", Yaml::List(vec![Yaml::Map(targets)]))
}

fn files(settings: &Settings) -> Option<Map> {
    let files = &settings.target_files;
    (!files.is_empty()).then(|| {
        let found =
            Map::new().texts("files", files.iter().map(String::as_str)).plain("refresh_interval", "1m");
        job(
            &format!("{}-files", settings.job),
            "Agents listed in files, which are read again when they change.",
            settings,
        )
        .with("file_sd_configs", Yaml::List(vec![Yaml::Map(found)]))
        .with("relabel_configs", Yaml::List(vec![one_job(settings)]))
    })
}

/// All agents get the same `job`; rules and dashboards distinguish them by `instance`.
fn one_job(settings: &Settings) -> Yaml {
    Yaml::Map(Map::new().text("target_label", "job").text("replacement", &*settings.job))
}

fn kubernetes(settings: &Settings) -> Map {
    let namespaces = Map::new().texts("names", [&*settings.kubernetes.namespace]);
    let pods = Map::new().text("role", "pod").map("namespaces", namespaces);
    job(
        &format!("{}-kubernetes", settings.job),
        "Pods with the annotation prometheus.io/scrape: \"true\". A job of its own: its rules would drop targets that were\n\
         found in another way.",
        settings,
    )
    .with("kubernetes_sd_configs", Yaml::List(vec![Yaml::Map(pods)]))
    .with("relabel_configs", Yaml::List(pod_rules(settings)))
}

/// Returns the relabeling from the annotations and labels of a pod to a target.
fn pod_rules(settings: &Settings) -> Vec<Yaml> {
    let meta = |name: &str| format!("__meta_kubernetes_{name}");
    let annotation = |name: &str| meta(&format!("pod_annotation_prometheus_io_{name}"));
    let rule = |sources: &[String]| Map::new().texts("source_labels", sources.iter().map(String::as_str));
    let copy = |source: &str, target: &str| rule(&[meta(source)]).text("target_label", target);
    let rules = [
        rule(&[annotation("scrape")]).text("action", "keep").text("regex", "true"),
        rule(&[meta("pod_phase")])
            .comment("A pod that has ended is no target.")
            .text("action", "drop")
            .text("regex", "Pending|Succeeded|Failed"),
        rule(&[meta("pod_container_init")]).text("action", "drop").text("regex", "true"),
        rule(&[annotation("path")])
            .comment("The annotations prometheus.io/path, /scheme and /port, where they are there.")
            .text("target_label", "__metrics_path__")
            .text("regex", "(.+)"),
        rule(&[annotation("scheme")]).text("target_label", "__scheme__").text("regex", "(https?)"),
        rule(&["__address__".to_owned(), annotation("port")])
            .comment("The pod's own address with the annotated port; an IPv6 address stays in its brackets.")
            .text("target_label", "__address__")
            .text("regex", "(\\[.+\\]|[^:]+)(?::\\d+)?;(\\d+)")
            .text("replacement", "$1:$2"),
        copy("namespace", "namespace"),
        copy("pod_name", "pod"),
        copy("pod_node_name", "node"),
    ];
    rules.into_iter().map(Yaml::Map).chain([one_job(settings)]).collect()
}
