//! A real Prometheus reads protocol buffers with native histograms and exemplars, whole or in many messages.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use agent_metrics::metric::{NativeHistograms, TraceContext};
use agent_metrics::{AgentMetrics, Bounded, Counter, Histogram, LabelSet, Metrics, Status};
use agent_metrics_tests::{Program, missing, prometheus, serve, until};

use crate::prometheus::{api, query};

const OPEN_METRICS: &str = "application/openmetrics-text;version=1.0.0";
const TEXT: &str = "text/plain;version=0.0.4";

#[derive(Clone, Copy, LabelSet)]
#[labels(budget = 40_000)]
struct Many {
    number: Bounded<29_999>,
}

#[derive(Metrics)]
#[metrics(namespace = "check")]
struct Checked {
    /// Classic bounds that coincide with native ones, from 2^-20 to 2^10 in half powers.
    #[metric(native, buckets = [
        0.001, 0.0014, 0.002, 0.0028, 0.004, 0.0057, 0.008, 0.0113, 0.016, 0.0226, 0.032, 0.0453, 0.064, 0.0905,
        0.128, 0.181, 0.256, 0.362, 0.512, 0.724, 1.024, 1.448, 2.048, 2.896, 4.096, 5.793, 8.192, 11.585, 16.384
    ])]
    wait_seconds: Histogram,
    /// A histogram whose resolution is halved several times.
    #[metric(native)]
    wide_seconds: Histogram,
    /// A family that doesn't fit in one message.
    many_total: Counter<Many>,
}

/// Starts a Prometheus that scrapes the given jobs every second, and returns its address.
fn scraping(name: &str, jobs: &[(&str, &str)]) -> Option<(Program, String)> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut config = "global: {scrape_interval: 1s}\nscrape_configs:\n".to_owned();
    for (job, target) in jobs {
        writeln!(config, "- {{job_name: {job}, static_configs: [{{targets: ['{target}']}}]}}")
            .expect("a string");
    }
    std::fs::write(folder.join("prometheus.yml"), config).expect("a file");
    prometheus(&folder, &["--enable-feature=native-histograms,exemplar-storage"])
}

/// Observations with the log-normal distribution of waiting times, from its quantiles.
fn waits() -> Vec<f64> {
    // Quantiles of the logistic distribution, which is close to the normal one and has a closed formula.
    (1..5000).map(|n| f64::from(n) / 5000.0).map(|q| (0.6 * (q / (1.0 - q)).ln() - 1.5).exp()).collect()
}

#[test]
fn native_histograms_give_correct_quantiles() {
    let metrics = AgentMetrics::builder()
        .native_histograms(NativeHistograms::new())
        .exemplars(|| Some(TraceContext::new(0x1234, 0x56)))
        .build()
        .expect("sound settings");
    let checked = Checked::register(&metrics).expect("free names");
    let waits = waits();
    for wait in &waits {
        checked.wait_seconds.with(()).observe(*wait);
        // Squared four times, the values need a lower resolution.
        checked.wide_seconds.with(()).observe(wait.powi(16));
    }
    for number in 0..29_999 {
        checked.many_total.with(Many { number: number.to_string().as_str().into() }).add(2);
    }
    metrics.record_tool_call("t", Duration::from_millis(70), Status::Success);

    // The first `Accept` header is that of Prometheus with native histograms enabled: protocol buffers.
    let jobs = [("native", None), ("classic", Some(TEXT)), ("open", Some(OPEN_METRICS))]
        .map(|(job, accept)| (job, serve(&metrics, accept)));
    let targets: Vec<_> = jobs.iter().map(|(job, address)| (*job, address.as_str())).collect();
    let Some((_prometheus, listen)) = scraping("formats", &targets) else { return missing("prometheus") };
    for (job, _) in &targets {
        until("the target is up", || query(&listen, &format!("up{{job=\"{job}\"}}")).filter(|up| *up == 1.0));
        let many = format!("sum(check_many_total{{job=\"{job}\"}})");
        assert_eq!(query(&listen, &many), Some(2.0 * 29_999.0), "{job}");
    }

    let ask = |promql: &str| query(&listen, promql).unwrap_or_else(|| panic!("no answer to {promql}"));
    assert_eq!(ask("histogram_count(check_wait_seconds{job=\"native\"})"), waits.len() as f64);
    let sum = ask("histogram_sum(check_wait_seconds{job=\"native\"})");
    assert!((sum - waits.iter().sum::<f64>()).abs() < 1e-6 * sum, "{sum}");
    assert_eq!(ask("histogram_count(agent_tool_call_duration_seconds{job=\"native\"})"), 1.0);
    // Native bounds grow by 2^(1/8), the classic ones by 2^(1/2); a quantile lies between two bounds.
    let (native_error, classic_error) = (0.125_f64.exp2(), 0.5_f64.exp2() * 1.01);
    for quantile in [0.1, 0.5, 0.9, 0.99] {
        let truth = waits[(quantile * waits.len() as f64) as usize];
        let native = ask(&format!("histogram_quantile({quantile}, check_wait_seconds{{job=\"native\"}})"));
        let classic =
            ask(&format!("histogram_quantile({quantile}, check_wait_seconds_bucket{{job=\"classic\"}})"));
        let off = |one: f64, other: f64| (one / other).max(other / one);
        assert!(off(native, truth) <= native_error, "{quantile}: {native} natively, in truth {truth}");
        assert!(off(classic, truth) <= classic_error, "{quantile}: {classic} classically, in truth {truth}");
        assert!(off(native, classic) <= native_error * classic_error, "{quantile}: {native} {classic}");
        // 160 buckets over more than a hundred doublings give one bucket for each.
        let wide = ask(&format!("histogram_quantile({quantile}, check_wide_seconds{{job=\"native\"}})"));
        assert!(off(wide, truth.powi(16)) <= 2.0, "{quantile}: {wide} natively, in truth {}", truth.powi(16));
    }

    let now = SystemTime::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
    for selector in [
        "agent_tool_call_duration_seconds_bucket{job=\"open\"}",
        "agent_tool_call_duration_seconds{job=\"native\"}",
    ] {
        let encoded = selector.bytes().fold(String::new(), |encoded, byte| encoded + &format!("%{byte:02x}"));
        let path = format!("/api/v1/query_exemplars?query={encoded}&start={}&end={}", now - 600, now + 600);
        let found = until(selector, || api(&listen, &path).filter(|answer| answer.contains("trace_id")));
        assert!(found.contains("00000000000000000000000000001234"), "{selector}: {found}");
        // Equal to one tick of the clock.
        let value =
            found.split("\"value\":\"").nth(1).and_then(|rest| rest.split('"').next()?.parse::<f64>().ok());
        assert!(value.is_some_and(|value| (value - 0.07).abs() < 1e-6), "{selector}: {found}");
    }
}
