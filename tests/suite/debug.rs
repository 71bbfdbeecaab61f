//! Metrics can be printed with `Debug`: a derive on the user's struct compiles, and shows names instead of storage.

use agent_metrics::{
    AgentMetrics, Counter, FloatCounter, Gauge, Histogram, Info, LabelSet, LabelValue, Metrics, Summary,
};

#[derive(Clone, Copy, LabelValue)]
enum Kind {
    Small,
    Large,
}

#[derive(Clone, Copy, LabelSet)]
struct Parcel {
    kind: Kind,
}

#[derive(Debug, Metrics)]
#[metrics(namespace = "debug")]
#[expect(dead_code, reason = "the fields are read by the derived `Debug`, which the lint ignores")]
struct Depot {
    /// Parcels.
    parcels_total: Counter<Parcel>,
    /// Spent USD.
    paid_usd_total: FloatCounter,
    /// Parcels in store.
    stored_parcels: Gauge<Parcel>,
    /// Waiting times.
    wait_seconds: Histogram,
    /// Weights.
    weight_grams: Summary,
    /// Facts about the depot.
    facts_info: Info,
}

fn depot() -> Depot {
    let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
    Depot::register(&metrics).expect("free names")
}

#[test]
fn a_struct_of_metrics_prints_family_names_and_label_names() {
    let printed = format!("{:?}", depot());
    let expected =
        r#"Depot { parcels_total: Counter { name: "debug_parcels_total", labels: ["kind"], .. }, "#;
    assert!(printed.starts_with(expected), "{printed}");
    for family in [
        r#"FloatCounter { name: "debug_paid_usd_total", labels: [], .. }"#,
        r#"Gauge { name: "debug_stored_parcels", labels: ["kind"], .. }"#,
        r#"Histogram { name: "debug_wait_seconds", labels: [], .. }"#,
        r#"Summary { name: "debug_weight_grams", labels: [], .. }"#,
        r#"Info { name: "debug_facts_info", .. }"#,
    ] {
        assert!(printed.contains(family), "{family} in {printed}");
    }
}

#[test]
fn a_series_prints_the_name_and_the_labels_of_its_family() {
    let depot = depot();
    let series = depot.parcels_total.with(Parcel { kind: Kind::Small });
    let expected = r#"CounterSeries { name: "debug_parcels_total", labels: ["kind"], .. }"#;
    assert_eq!(format!("{series:?}"), expected);
    let other = depot.parcels_total.with(Parcel { kind: Kind::Large });
    assert_eq!(format!("{other:?}"), expected);
}
