//! The bundled prices agree with their source package and its arithmetic.

use std::fmt::Write;
use std::time::{Duration, UNIX_EPOCH};

use agent_metrics::pricing::PriceQuery;
use agent_metrics::usage::ServiceTier;
use agent_metrics::{PriceTable, Usage};
use agent_metrics_tests::{missing, python_with};

const DATA: &str = include_str!("../../metrics-core/src/pricing/data/prices.txt");
const CORRECTIONS: &str = include_str!("../../tools/price-corrections.toml");
const SCRIPT: &str = include_str!("prices.py");

/// The package's names for the parts of a usage.
const PARTS: [&str; 11] = [
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "input_audio_tokens",
    "output_audio_tokens",
    "input_image_tokens",
    "output_image_tokens",
    "cache_audio_read_tokens",
    "web_searches",
];

/// Service tiers with their condition in the package.
const TIERS: [(&str, ServiceTier, &str); 5] = [
    ("standard", ServiceTier::STANDARD, "None"),
    ("flex", ServiceTier::FLEX, "{'service_tier': 'flex'}"),
    ("priority", ServiceTier::PRIORITY, "{'service_tier': 'priority'}"),
    ("batch", ServiceTier::BATCH, "{'processing': 'batch'}"),
    ("fast", ServiceTier::FAST, "{'speed': 'fast', 'service_tier': 'fast'}"),
];

/// Usages without cached tokens, with sizes that reach every tier, and with every part.
const USAGES: [[u64; 11]; 4] = [
    [1_000, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [900_000, 50_000, 300_000, 200_000, 50_000, 0, 0, 0, 0, 0, 0],
    [150_000, 9_000, 70_000, 0, 0, 0, 0, 0, 0, 0, 3],
    [1_000, 100, 100, 200, 50, 300, 30, 100, 20, 40, 0],
];

fn usage(parts: [u64; 11]) -> Usage {
    let [
        input,
        output,
        read,
        write,
        long,
        audio_input,
        audio_output,
        image_input,
        image_output,
        audio_read,
        searches,
    ] = parts;
    let usage = Usage::new(input, output).cache_read(read).cache_write(write).cache_write_long(long);
    let usage = usage.audio_input(audio_input).audio_output(audio_output).cache_read_audio(audio_read);
    usage.image_input(image_input).image_output(image_output).web_searches(searches)
}

/// The script with its input.
fn script(release: &str, day: &str) -> String {
    let sellers: Vec<_> = DATA.lines().filter_map(|line| line.strip_prefix('@')?.split(' ').next()).collect();
    let mut text =
        format!("RELEASE, DAY, SELLERS, CORRECTIONS = {release:?}, {day:?}, {sellers:?}, {CORRECTIONS:?}\n");
    let tiers = TIERS.map(|(name, _, condition)| format!("{name:?}: {condition}"));
    writeln!(text, "TIERS = {{{}}}\nUSAGES = [", tiers.join(", ")).expect("a string");
    for usage in USAGES {
        // No cached token is an image, which the package expects as an input.
        let overlaps = ["cache_audio_write_tokens", "cache_image_read_tokens"];
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
        let fields: Vec<_> = answer.split('\t').collect();
        let [name, seller, tier_name, time, costs] = fields[..] else { panic!("{answer}") };
        let expected = (costs != "-").then(|| {
            let usd = costs.split(' ').map(|usd| usd.parse().expect("an amount"));
            usd.collect::<Vec<f64>>()
        });
        let (_, tier, _) = TIERS.into_iter().find(|(known, ..)| *known == tier_name).expect("a tier");
        let time = UNIX_EPOCH + Duration::from_secs(time.parse().expect("a time"));
        let found =
            table.find(&PriceQuery::new(name).provider(seller).tier(tier).at(time)).and_then(|price| {
                // A model that is billed by audio alone has no cost for these.
                let costs: Option<Vec<_>> =
                    USAGES.iter().map(|parts| price.try_cost(&usage(*parts))).collect();
                Some(
                    costs?
                        .iter()
                        .flat_map(|cost| [cost.input, cost.output, cost.total()])
                        .collect::<Vec<_>>(),
                )
            });
        match (&expected, &found) {
            (None, None) => unpriced += 1,
            (Some(expected), Some(found)) if close(expected, found) => priced += 1,
            _ => other.push(format!("{name} of {seller}, {tier_name}: {expected:?}, here {found:?}")),
        }
    }
    println!("{priced} names billed alike, {unpriced} unpriced in both, {} not alike", other.len());
    other.dedup();
    other.truncate(40);
    assert!(other.is_empty(), "names differ, among them:\n{}", other.join("\n"));
    assert!(priced > 15_000);
}

fn close(expected: &[f64], found: &[f64]) -> bool {
    expected
        .iter()
        .zip(found)
        .all(|(expected, found)| (expected - found).abs() <= 1e-9 * expected.abs().max(1e-9))
}
