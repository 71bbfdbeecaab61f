//! Colours: a meaning has one colour on all dashboards, and colours of one panel stay distinguishable for colour-blind people.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::dashboards::{dashboards, panels};

/// The matrices of Machado, Oliveira and Fernandes (2009) for protanopia, deuteranopia and tritanopia, for linear RGB.
const COLOUR_BLINDNESS: [[[f64; 3]; 3]; 3] = [
    [
        [0.152_286, 1.052_583, -0.204_868],
        [0.114_503, 0.786_281, 0.099_216],
        [-0.003_882, -0.048_116, 1.051_998],
    ],
    [
        [0.367_322, 0.860_646, -0.227_968],
        [0.280_085, 0.672_501, 0.047_413],
        [-0.011_820, 0.042_940, 0.968_881],
    ],
    [
        [1.255_528, -0.076_749, -0.178_779],
        [-0.078_411, 0.930_809, 0.147_602],
        [0.004_733, 0.691_367, 0.303_900],
    ],
];
/// The least difference of two colours of one panel in CIELAB (delta E 1976). A difference of 2.3 is just noticeable side by side.
const LEAST_DIFFERENCE: f64 = 10.0;
/// The least contrast with the background of Grafana's dark theme, as WCAG 2.1 requires it of graphics.
const LEAST_CONTRAST: f64 = 3.0;
const DARK_BACKGROUND: &str = "#181b1f";

/// Returns the linear RGB values of `#rrggbb`.
fn linear(colour: &str) -> [f64; 3] {
    assert!(colour.starts_with('#') && colour.len() == 7, "`{colour}` is no colour of the table");
    [1, 3, 5].map(|at| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).expect("hexadecimal")) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    })
}

fn luminance([red, green, blue]: [f64; 3]) -> f64 {
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn lab([red, green, blue]: [f64; 3]) -> [f64; 3] {
    let part = |value: f64| if value > 0.008_856 { value.cbrt() } else { 7.787 * value + 16.0 / 116.0 };
    let x = part((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047);
    let y = part(luminance([red, green, blue]));
    let z = part((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// Returns the smallest difference of two colours over normal vision and each kind of colour blindness.
fn difference(left: &str, right: &str) -> f64 {
    let seen = |colour: &str| {
        let rgb = linear(colour);
        let simulated = COLOUR_BLINDNESS.map(|matrix| {
            matrix.map(|row| {
                row.iter().zip(rgb).map(|(factor, part)| factor * part).sum::<f64>().clamp(0.0, 1.0)
            })
        });
        [lab(rgb), lab(simulated[0]), lab(simulated[1]), lab(simulated[2])]
    };
    let distance = |(left, right): ([f64; 3], [f64; 3])| {
        left.iter().zip(right).map(|(left, right)| (left - right).powi(2)).sum::<f64>().sqrt()
    };
    seen(left).into_iter().zip(seen(right)).map(distance).fold(f64::INFINITY, f64::min)
}

/// Returns the colour of each series that has a fixed one in a panel, by the name or the pattern of the series.
fn fixed(panel: &Value) -> BTreeMap<&str, &str> {
    let overrides = panel["fieldConfig"]["overrides"].as_array().expect("overrides");
    let colour = |one: &'static str| move |property: &&Value| property["id"] == one;
    overrides
        .iter()
        .filter_map(|one| {
            let properties = one["properties"].as_array().expect("properties");
            let fixed = properties.iter().find(colour("color"))?["value"]["fixedColor"].as_str()?;
            Some((one["matcher"]["options"].as_str().expect("a name"), fixed))
        })
        .collect()
}

/// Returns the legends whose series have fixed meanings.
const WITH_MEANING: [&str; 5] =
    ["{{status}}", "{{outcome}}", "{{status_code}}", "{{direction}}", "{{cost_type}}"];

/// Returns what is wrong with the colours of all dashboards.
fn found(all: &[(String, Value)]) -> BTreeSet<String> {
    let mut wrong = BTreeSet::new();
    let mut meanings: BTreeMap<String, String> = BTreeMap::new();
    for (uid, dashboard) in all {
        for panel in panels(dashboard) {
            let title = format!("{uid}: {}", panel["title"]);
            let colours = fixed(panel);
            for (name, colour) in &colours {
                let known = meanings.entry((*name).to_owned()).or_insert_with(|| (*colour).to_owned());
                if known != colour {
                    wrong.insert(format!("{title}: `{name}` is {colour} here and {known} elsewhere"));
                }
            }
            let targets = panel["targets"].as_array().expect("targets");
            let has_meaning =
                |target: &Value| WITH_MEANING.contains(&target["legendFormat"].as_str().unwrap_or(""));
            if targets.iter().any(has_meaning) && colours.len() < 3 {
                wrong.insert(format!("{title}: the series have no fixed colours"));
            }
            let steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"].as_array().expect("steps");
            let steps = steps.iter().map(|step| step["color"].as_str().expect("a colour"));
            let mut shown: BTreeSet<_> = steps.collect();
            let limits = shown.clone();
            shown.extend(colours.values());
            for colour in &shown {
                let [light, dark] = [luminance(linear(colour)), luminance(linear(DARK_BACKGROUND))];
                if (light + 0.05) / (dark + 0.05) < LEAST_CONTRAST {
                    wrong.insert(format!("{title}: {colour} is hard to see"));
                }
            }
            for group in [limits, colours.values().copied().collect()] {
                for left in &group {
                    for right in group.iter().filter(|right| left < *right) {
                        if difference(left, right) < LEAST_DIFFERENCE {
                            wrong.insert(format!("{title}: {left} and {right} are hard to distinguish"));
                        }
                    }
                }
            }
        }
    }
    wrong
}

#[test]
fn a_meaning_has_one_colour_that_colour_blind_people_can_distinguish() {
    let found = found(&dashboards());
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn each_rule_of_colours_finds_its_mutant() {
    let all = dashboards();
    let http = all.iter().position(|(uid, _)| uid == "agent-http").expect("the dashboard");
    let place = "/panels/1/fieldConfig/overrides/0/properties/0/value/fixedColor";
    for (place, value, expected) in [
        (place, json!("#D55E00"), "elsewhere"),
        (place, json!("#9A9999"), "hard to distinguish"),
        (place, json!("#202020"), "hard to see"),
        ("/panels/1/fieldConfig/overrides", json!([]), "no fixed colours"),
        ("/panels/3/fieldConfig/defaults/thresholds/steps/0/color", json!("#D65E00"), "hard to distinguish"),
    ] {
        let mut mutant = all.clone();
        *mutant[http].1.pointer_mut(place).expect("the place") = value;
        let found = found(&mutant);
        assert!(found.iter().any(|one| one.contains(expected)), "{expected}: {found:?}");
    }
}
