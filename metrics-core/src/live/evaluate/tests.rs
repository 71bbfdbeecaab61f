use super::*;
use crate::boards::Query;
use crate::label::RenderedLabels;
use crate::name::MetricKind;
use crate::sample::Bounds;

fn info(kind: MetricKind, name: &str) -> FamilyInfo {
    FamilyInfo::new(kind, name, "Help.", &["model", "status"])
}

fn families() -> Vec<FamilyInfo> {
    vec![
        info(MetricKind::Counter, "calls_total"),
        info(MetricKind::Gauge, "level"),
        info(MetricKind::Histogram, "seconds"),
    ]
}

/// An evaluator that is fed by hand.
struct Fed {
    evaluator: Evaluator,
    families: Vec<FamilyInfo>,
}

impl Fed {
    fn new() -> Self {
        Self { evaluator: Evaluator::default(), families: families() }
    }

    fn compile(&mut self, expression: Expression) -> Node {
        let query: Query = expression.checked(&self.families).expect("it fits");
        self.evaluator.compile(&query)
    }

    /// Shows one tick's samples: model, status and value.
    fn tick(&mut self, now: f64, samples: &[(&str, &str, f64)]) {
        self.evaluator.begin();
        for family in self.families.iter().take(2) {
            let Some(mut reader) = self.evaluator.reader(family) else { continue };
            for (model, status, value) in samples {
                let labels = RenderedLabels::new([("model", *model), ("status", *status)]);
                reader.sample(Labels::new(&labels), Number::Float(*value));
            }
        }
        self.evaluator.end(now);
    }

    fn buckets(&mut self, now: f64, counts: &[u64; 3]) {
        self.evaluator.begin();
        if let Some(mut reader) = self.evaluator.reader(&self.families[2]) {
            let labels = RenderedLabels::new([("model", "a"), ("status", "x")]);
            let bounds = Bounds::new(&[1.0, 2.0]);
            let sum = Number::Float(counts.iter().sum::<u64>() as f64);
            reader.histogram(Labels::new(&labels), &HistogramSample::new(&bounds, counts, sum));
        }
        self.evaluator.end(now);
    }

    fn named(&mut self, node: &Node) -> Vec<(String, f64)> {
        let values = self.evaluator.evaluate(node);
        values.into_iter().map(|(group, value)| (self.evaluator.groups.name(group), value)).collect()
    }

    fn one(&mut self, node: &Node) -> Option<f64> {
        self.named(node).first().map(|(_, value)| *value)
    }
}

fn calls() -> Selection {
    Selection::of("calls_total")
}

fn near(left: Option<f64>, right: f64) -> bool {
    left.is_some_and(|left| (left - right).abs() < 1e-9)
}

#[test]
fn samples_are_selected_and_added_up_by_group() {
    let mut fed = Fed::new();
    let sums = fed.compile(calls().by(&["model"]).last());
    let failed = fed.compile(calls().without("status", "ok").last());
    let all = fed.compile(Selection::of("level").by(&["model", "status"]).last());
    fed.tick(1.0, &[("a", "ok", 1.0), ("a", "bad", 2.0), ("b", "ok", 4.0)]);
    assert_eq!(fed.named(&sums), [("a".to_owned(), 3.0), ("b".to_owned(), 4.0)]);
    assert_eq!(fed.one(&failed), Some(2.0));
    let names: Vec<_> = fed.named(&all).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a, ok", "a, bad", "b, ok"]);
    // A series that is no longer shown has no value.
    fed.tick(2.0, &[("b", "ok", 5.0)]);
    assert_eq!(fed.named(&sums), [("b".to_owned(), 5.0)]);
}

#[test]
fn averages_and_maxima_are_those_of_the_samples() {
    let mut fed = Fed::new();
    let level = || Selection::of("level");
    let average = fed.compile(level().aggregate(Aggregate::Avg).last());
    let most = fed.compile(level().aggregate(Aggregate::Max).last());
    fed.tick(1.0, &[("a", "x", -4.0), ("b", "x", -1.0)]);
    assert_eq!((fed.one(&average), fed.one(&most)), (Some(-2.5), Some(-1.0)));
}

#[test]
fn a_rate_is_the_increase_in_its_window() {
    let mut fed = Fed::new();
    let rate = fed.compile(calls().rate(60));
    let increase = fed.compile(calls().increase(60));
    fed.tick(0.0, &[("a", "ok", 100.0)]);
    assert_eq!(fed.one(&rate), None, "one reading has no rate");
    for second in 1..=30_u32 {
        fed.tick(f64::from(second), &[("a", "ok", 100.0 + f64::from(second) * 2.0)]);
    }
    // The window has not passed yet: the rate is that of the time so far.
    assert!(near(fed.one(&rate), 2.0) && near(fed.one(&increase), 60.0));
    for second in 31..=300_u32 {
        fed.tick(f64::from(second), &[("a", "ok", 160.0)]);
    }
    assert!(near(fed.one(&rate), 0.0), "the increase is older than the window");
}

#[test]
fn the_window_is_kept_whatever_the_distance_of_the_ticks() {
    for step in [0.5, 1.0, 1.7, 7.0] {
        let mut fed = Fed::new();
        let increase = fed.compile(calls().increase(60));
        let mut now = 0.0;
        while now < 400.0 {
            fed.tick(now, &[("a", "ok", now * 3.0)]);
            now += step;
            let leaf = &fed.evaluator.leaves[0];
            assert!(leaf.earlier.len() <= SNAPSHOTS + 1);
        }
        let seconds = fed.one(&increase).expect("a value") / 3.0;
        assert!((59.0..=60.0 + 2.0 * step.max(2.0)).contains(&seconds), "{step} {seconds}");
    }
}

#[test]
fn a_reset_does_not_make_a_rate_negative() {
    let mut fed = Fed::new();
    let increase = fed.compile(calls().increase(60));
    for (second, value) in [(0.0, 50.0), (1.0, 60.0), (2.0, 5.0), (3.0, 9.0), (4.0, 0.0), (5.0, 1.0)] {
        fed.tick(second, &[("a", "ok", value)]);
    }
    // 10 up to the first reset, 9 up to the second, 1 after it.
    assert!(near(fed.one(&increase), 20.0));
}

#[test]
fn a_group_that_begins_within_the_window_began_at_zero() {
    let mut fed = Fed::new();
    let increase = fed.compile(calls().by(&["model"]).increase(60));
    fed.tick(0.0, &[("a", "ok", 7.0)]);
    fed.tick(1.0, &[("a", "ok", 7.0), ("b", "ok", 3.0)]);
    assert_eq!(fed.named(&increase), [("a".to_owned(), 0.0), ("b".to_owned(), 3.0)]);
}

#[test]
fn a_ratio_without_traffic_has_no_value_and_a_missing_part_is_zero() {
    let mut fed = Fed::new();
    let failed = calls().without("status", "ok").by(&["model"]).rate(60);
    let ratio = fed.compile(failed.ratio(calls().by(&["model"]).rate(60)));
    fed.tick(0.0, &[("a", "ok", 1.0), ("b", "ok", 1.0), ("b", "bad", 1.0)]);
    fed.tick(1.0, &[("a", "ok", 1.0), ("b", "ok", 2.0), ("b", "bad", 4.0)]);
    assert_eq!(fed.named(&ratio), [("b".to_owned(), 0.75)]);
    fed.tick(2.0, &[("a", "ok", 3.0), ("b", "ok", 2.0), ("b", "bad", 4.0)]);
    assert_eq!(fed.named(&ratio), [("a".to_owned(), 0.0), ("b".to_owned(), 0.75)]);
}

#[test]
fn quantiles_are_those_of_the_observations_in_the_window() {
    let mut fed = Fed::new();
    let median = fed.compile(Selection::buckets("seconds").quantile(0.5, 60));
    let heat = fed.compile(Selection::buckets("seconds").increase(60));
    let mean =
        fed.compile(Selection::sum("seconds").increase(60).ratio(Selection::count("seconds").increase(60)));
    fed.buckets(0.0, &[100, 0, 0]);
    assert_eq!(fed.one(&median), None);
    fed.buckets(1.0, &[100, 10, 0]);
    assert!(near(fed.one(&median), 1.5), "the observations before the first tick don't count");
    let expected = [("1.0".to_owned(), 0.0), ("2.0".to_owned(), 10.0), ("+Inf".to_owned(), 0.0)];
    assert_eq!(fed.named(&heat), expected);
    assert!(near(fed.one(&mean), 1.0));
    for second in 2..200_u32 {
        fed.buckets(f64::from(second), &[100, 10, 0]);
    }
    assert_eq!(fed.one(&median), None, "an empty window has no quantile");
}

#[test]
fn the_share_of_fast_observations_is_interpolated() {
    let mut fed = Fed::new();
    let all = fed.compile(Selection::buckets("seconds").last());
    fed.buckets(0.0, &[4, 4, 2]);
    let group = fed.evaluator.groups.find("").expect("a group");
    for (limit, expected) in [(1.0, 0.4), (1.5, 0.6), (2.0, 0.8), (9.0, 0.8), (0.0, 0.0)] {
        assert!(near(fed.evaluator.share_up_to(limit, &all, group), expected), "{limit}");
    }
}

#[test]
fn groups_beyond_the_limit_are_added_up_in_one() {
    let mut fed = Fed::new();
    let sums = fed.compile(calls().by(&["model"]).last());
    let models: Vec<String> = (0..1000).map(|number| format!("model-{number}")).collect();
    let samples: Vec<_> = models.iter().map(|model| (model.as_str(), "ok", 1.0)).collect();
    for now in [1.0, 2.0] {
        fed.tick(now, &samples);
        let values = fed.named(&sums);
        assert_eq!(values.len(), MAX_GROUPS + 1);
        assert_eq!(values.last(), Some(&(OTHER.to_owned(), 1000.0 - MAX_GROUPS as f64)));
        assert!((values.iter().map(|(_, value)| value).sum::<f64>() - 1000.0).abs() < 1e-9);
    }
    assert!(fed.evaluator.bytes() < 100_000, "{}", fed.evaluator.bytes());
}

#[test]
fn rates_are_never_negative_and_add_up_over_groups() {
    let mut random = 11_u64;
    let mut next = move |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    for _ in 0..50 {
        let mut fed = Fed::new();
        let by_model = fed.compile(calls().by(&["model"]).increase(60));
        let total = fed.compile(calls().increase(60));
        let mut values = [0.0; 4];
        for second in 0..150_u32 {
            for value in &mut values {
                *value += next(5) as f64;
            }
            let models = ["a", "b", "c", "d"];
            let samples: Vec<_> =
                models.iter().zip(values).map(|(model, value)| (*model, "ok", value)).collect();
            fed.tick(f64::from(second), &samples);
            let parts = fed.named(&by_model);
            assert!(parts.iter().all(|(_, value)| *value >= 0.0));
            let sum: f64 = parts.iter().map(|(_, value)| value).sum();
            assert!((sum - fed.one(&total).unwrap_or(0.0)).abs() < 1e-6);
        }
    }
}
