//! The bundled prices agree with their source package and its arithmetic.

use std::fmt::Write;

use agent_metrics::{PriceTable, Usage};
use agent_metrics_tests::{missing, python_with};

const DATA: &str = include_str!("../../metrics-core/src/pricing/data/prices.txt");
const SCRIPT: &str = include_str!("prices.py");

/// The package's names for the parts of a usage.
const PARTS: [&str; 9] = [
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "input_audio_tokens",
    "output_audio_tokens",
    "input_image_tokens",
    "output_image_tokens",
];

/// Usages without cached tokens, with sizes that reach every tier, and with every part.
const USAGES: [[u64; 9]; 4] = [
    [1_000, 100, 0, 0, 0, 0, 0, 0, 0],
    [900_000, 50_000, 300_000, 200_000, 50_000, 0, 0, 0, 0],
    [150_000, 9_000, 70_000, 0, 0, 0, 0, 0, 0],
    [1_000, 100, 100, 200, 50, 300, 30, 100, 20],
];

fn usage(parts: [u64; 9]) -> Usage {
    let [input, output, read, write, long, audio_input, audio_output, image_input, image_output] = parts;
    let usage = Usage::new(input, output).cache_read(read).cache_write(write).cache_write_long(long);
    usage
        .audio_input(audio_input)
        .audio_output(audio_output)
        .image_input(image_input)
        .image_output(image_output)
}

/// The script with its input.
fn script(release: &str, day: &str) -> String {
    let vendors: Vec<_> = DATA.lines().filter_map(|line| line.strip_prefix('@')?.split(' ').next()).collect();
    let mut text = format!("RELEASE, DAY, VENDORS = {release:?}, {day:?}, {vendors:?}\nUSAGES = [\n");
    for usage in USAGES {
        // No cached token is audio or an image, which the package expects as an input.
        let overlaps = ["cache_audio_read_tokens", "cache_audio_write_tokens", "cache_image_read_tokens"];
        let parts = PARTS.into_iter().zip(usage).chain(overlaps.map(|part| (part, 0)));
        let parts: Vec<_> = parts.map(|(part, tokens)| format!("{part:?}: {tokens}")).collect();
        writeln!(text, "    {{{}}},", parts.join(", ")).expect("a string");
    }
    format!("{text}]\n{SCRIPT}")
}

#[test]
fn the_bundled_prices_match_their_source() {
    let table = PriceTable::bundled();
    let release = table.version().strip_prefix("genai-prices ").expect("the source's name");
    let Some(answers) = python_with("genai_prices", &script(release, table.date())) else { return };
    if answers.is_empty() {
        return missing(&format!("genai-prices {release}"));
    }
    let (mut priced, mut unpriced, mut other) = (0, 0, Vec::new());
    for answer in answers.lines() {
        let (name, costs) = answer.split_once('\t').expect("a name and its costs");
        let expected = (costs != "-").then(|| {
            let usd = costs.split(' ').map(|usd| usd.parse().expect("an amount"));
            usd.collect::<Vec<f64>>()
        });
        let found = table.get(name).map(|price| {
            let costs = USAGES.map(|parts| price.cost(&usage(parts)));
            costs.iter().flat_map(|cost| [cost.input, cost.output]).collect::<Vec<_>>()
        });
        match (&expected, &found) {
            (None, None) => unpriced += 1,
            (Some(expected), Some(found)) if close(expected, found) => priced += 1,
            _ => other.push(format!("{name}: {expected:?}, here {found:?}")),
        }
    }
    println!("{priced} names billed alike, {unpriced} unpriced in both, {} not alike", other.len());
    // This model has the price of the original system.
    other.retain(|difference| !difference.starts_with("gemini-2.0-flash: "));
    assert!(other.is_empty(), "{} names differ:\n{}", other.len(), other.join("\n"));
    assert!(priced > 3_000);
}

fn close(expected: &[f64], found: &[f64]) -> bool {
    expected
        .iter()
        .zip(found)
        .all(|(expected, found)| (expected - found).abs() <= 1e-9 * expected.abs().max(1e-9))
}
