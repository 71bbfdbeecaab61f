//! The prices of one model in a price file.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::DeTable;

use super::reader::{FieldPath, Reader, Value};
use crate::pricing::price::{MAX_TIERS, Price};
use crate::pricing::tariff::Tariff;
use crate::usage::ServiceTier;

// The keys of a price.
const INPUT: &str = "input";
const OUTPUT: &str = "output";
const TIERS: &str = "tiers";
const ABOVE: &str = "above";
const VARIANTS: &str = "variants";
const DATED: &str = "dated";
const FROM: &str = "from";
const UNTIL: &str = "until";

type Setter = fn(Price, f64) -> Price;
const PARTS: [(&str, Setter); 8] = [
    ("cache_read", Price::cache_read),
    ("cache_write", Price::cache_write),
    ("cache_write_long", Price::cache_write_long),
    ("cache_read_audio", Price::cache_read_audio),
    ("audio_input", Price::audio_input),
    ("audio_output", Price::audio_output),
    ("image_input", Price::image_input),
    ("image_output", Price::image_output),
];

/// Fees with their units.
const FEES: [(&str, Setter, &str); 3] = [
    ("per_thousand_web_searches", Price::per_thousand_web_searches, "USD per thousand web searches"),
    ("per_thousand_requests", Price::per_thousand_requests, "USD per thousand requests"),
    ("audio_hours", Price::audio_hours, "USD per hour of audio"),
];

/// The days on which dated prices apply.
struct Period {
    from: u64,
    until: Option<u64>,
    first_day: String,
    line: usize,
    tariff: Tariff,
}

impl Reader<'_> {
    /// Reads a model's prices: the standard one, its variants and its dated prices.
    pub(super) fn tariff(
        &mut self,
        value: &Value<'_>,
        at: &Range<usize>,
        path: &FieldPath<'_>,
    ) -> Option<Tariff> {
        let tariff = self.undated(value, at, path, &[DATED]);
        let Some(dated) = value.get_ref().as_table().and_then(|model| model.get(DATED)) else {
            return tariff;
        };
        let path = FieldPath { within: Some(path), key: DATED };
        let Some(array) = dated.get_ref().as_array() else {
            self.wrong_type(dated, &path, "an array of tables");
            return None;
        };
        let mut periods = Vec::new();
        for value in array {
            periods.extend(self.period(value, &path));
        }
        self.check_overlaps(&mut periods, dated, &path);
        let tariff = tariff?;
        let mut all = tariff.clone();
        for period in &periods {
            // After a period that ends, the model's standard prices apply again, unless another period begins.
            if let Some(until) = period.until
                && !periods.iter().any(|other| other.from == until)
            {
                all = all.starting_at(until, tariff.clone());
            }
        }
        Some(periods.into_iter().fold(all, |all, period| all.starting_at(period.from, period.tariff)))
    }

    /// Reads prices with the days on which they apply.
    fn period(&mut self, value: &Value<'_>, path: &FieldPath<'_>) -> Option<Period> {
        let at = value.span();
        let tariff = self.undated(value, &at, path, &[FROM, UNTIL]);
        let table = value.get_ref().as_table()?;
        let mut day = |key| {
            let path = FieldPath { within: Some(path), key };
            table.get(key).map(|value| (self.day(value, &path), value.span()))
        };
        let (from, until) = (day(FROM), day(UNTIL));
        let Some((from, from_at)) = from else {
            let path = FieldPath { within: Some(path), key: FROM };
            self.mistake(
                &at,
                &path,
                "missing; it takes the first day of these prices, such as 2026-05-01".to_owned(),
            );
            return None;
        };
        let (first_day, from) = from?;
        let until = match until {
            Some((until, until_at)) => {
                let (_, until) = until?;
                if until <= from {
                    let path = FieldPath { within: Some(path), key: UNTIL };
                    let why = format!(
                        "not after `from`; it takes the day after the last one, later than {first_day}"
                    );
                    self.mistake(&until_at, &path, why);
                    return None;
                }
                Some(until)
            }
            None => None,
        };
        Some(Period { from, until, first_day, line: self.line(&from_at), tariff: tariff? })
    }

    /// Reports periods that overlap, and sorts them by their first day. A period without an end ends when the next one
    /// begins.
    fn check_overlaps(&mut self, periods: &mut [Period], at: &Value<'_>, path: &FieldPath<'_>) {
        periods.sort_by_key(|period| period.from);
        for pair in periods.windows(2) {
            let [earlier, later] = pair else { continue };
            let overlap = earlier.from == later.from || earlier.until.is_some_and(|until| until > later.from);
            if overlap {
                let (line, first) = (earlier.line.min(later.line), &later.first_day);
                let why = if earlier.from == later.from {
                    format!(
                        "two prices from {first} (lines {line} and {}); give one of them another `from`",
                        earlier.line.max(later.line)
                    )
                } else {
                    format!(
                        "the prices from {} (line {}) overlap those from {first} (line {}); write `until = {first}` for the former, or a later `from` for the latter",
                        earlier.first_day, earlier.line, later.line
                    )
                };
                self.mistake(&at.span(), path, why);
            }
        }
    }

    /// Reads the standard price and its variants, in a table in which more keys are allowed.
    fn undated(
        &mut self,
        value: &Value<'_>,
        at: &Range<usize>,
        path: &FieldPath<'_>,
        more: &[&str],
    ) -> Option<Tariff> {
        let price = self.price(value, at, path, &[&[VARIANTS], more].concat());
        let Some(variants) = value.get_ref().as_table().and_then(|table| table.get(VARIANTS)) else {
            return Some(Tariff::new(price?));
        };
        let path = FieldPath { within: Some(path), key: VARIANTS };
        let Some(table) = variants.get_ref().as_table() else {
            self.wrong_type(variants, &path, "a table such as { batch = 0.5 }");
            return None;
        };
        if price.is_none() {
            let within = path.within.map(|within| within.to_toml()).unwrap_or_default();
            let why = format!("no base price; write `input` and `output` of the standard tier in `{within}`");
            self.mistake(&variants.span(), &path, why);
        }
        let names = ServiceTier::NAMES.map(|(name, _)| name);
        self.check_known(table, Some(&path), &names);
        let mut read = Vec::new();
        for (name, tier) in ServiceTier::NAMES {
            if let Some(variant) = table.get(name) {
                read.push((tier, self.variant(variant, &FieldPath { within: Some(&path), key: name })?));
            }
        }
        Some(read.into_iter().fold(Tariff::new(price?), |tariff, (tier, variant)| match variant {
            Variant::Factor(factor) => tariff.tier_factor(tier, factor),
            Variant::Price(price) => tariff.tier(tier, price),
        }))
    }

    /// Reads the price of a service tier, or its factor.
    fn variant(&mut self, value: &Value<'_>, path: &FieldPath<'_>) -> Option<Variant> {
        if value.get_ref().is_table() {
            return self.price(value, &value.span(), path, &[]).map(Variant::Price);
        }
        self.amount(value, path, "times the standard price, or a table with `input` and `output`")
            .map(Variant::Factor)
    }

    /// Reads a price with its tiers and fees, in a table in which more keys are allowed.
    fn price(
        &mut self,
        value: &Value<'_>,
        at: &Range<usize>,
        path: &FieldPath<'_>,
        more: &[&str],
    ) -> Option<Price> {
        let fees = FEES.map(|(key, ..)| key);
        let mut price = self.rates(value, at, path, &[&fees[..], &[TIERS], more].concat());
        let table = value.get_ref().as_table()?;
        for (key, set, unit) in FEES {
            if let Some(fee) = table.get(key) {
                let usd = self.amount(fee, &FieldPath { within: Some(path), key }, unit);
                price = price.zip(usd).map(|(price, usd)| set(price, usd));
            }
        }
        let Some(tiers) = table.get(TIERS) else { return price };
        let path = FieldPath { within: Some(path), key: TIERS };
        let Some(array) = tiers.get_ref().as_array() else {
            self.wrong_type(tiers, &path, "an array of tables");
            return None;
        };
        if array.len() > MAX_TIERS {
            self.mistake(
                &tiers.span(),
                &path,
                format!("{} tiers; a price has at most {MAX_TIERS}", array.len()),
            );
        }
        let mut read = BTreeMap::new();
        for tier in array {
            let rates = self.rates(tier, &tier.span(), &path, &[ABOVE]);
            if let (Some(rates), Some(above)) = (rates, self.above(tier, &path))
                && read.insert(above, rates).is_some()
            {
                self.mistake(&tier.span(), &path, format!("two tiers with the threshold {above}"));
            }
        }
        read.into_iter().try_fold(price?, |price, (above, tier)| price.try_above(above, tier.rates(0)))
    }

    /// Reads a tier's threshold.
    fn above(&mut self, tier: &Value<'_>, path: &FieldPath<'_>) -> Option<u64> {
        let path = FieldPath { within: Some(path), key: ABOVE };
        let Some(value) = tier.get_ref().as_table()?.get(ABOVE) else {
            self.mistake(&tier.span(), &path, "missing; it takes a number of input tokens".to_owned());
            return None;
        };
        let above = value.get_ref().as_integer();
        let above = above.and_then(|number| u64::from_str_radix(number.as_str(), number.radix()).ok());
        if above.is_none() {
            self.wrong_type(value, &path, "a whole number of input tokens");
        }
        above
    }

    /// Reads the rates in a table in which more keys are allowed.
    fn rates(
        &mut self,
        value: &Value<'_>,
        at: &Range<usize>,
        path: &FieldPath<'_>,
        more: &[&str],
    ) -> Option<Price> {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(value, path, "a table with `input` and `output`");
            return None;
        };
        let known: Vec<_> = [INPUT, OUTPUT]
            .into_iter()
            .chain(PARTS.map(|(key, _)| key))
            .chain(more.iter().copied())
            .collect();
        self.check_known(table, Some(path), &known);
        let (input, output) =
            (self.rate(table, INPUT, Some(at), path), self.rate(table, OUTPUT, Some(at), path));
        let mut set = Vec::new();
        for (key, setter) in PARTS {
            set.extend(self.rate(table, key, None, path).map(|usd| (setter, usd)));
        }
        let price = Price::per_million(input?, output?);
        Some(set.into_iter().fold(price, |price, (setter, usd)| setter(price, usd)))
    }

    /// Reads a rate. One that is needed and missing is reported at the place `needed`.
    fn rate(
        &mut self,
        table: &DeTable<'_>,
        key: &str,
        needed: Option<&Range<usize>>,
        within: &FieldPath<'_>,
    ) -> Option<f64> {
        const UNIT: &str = "USD per million tokens";
        let path = FieldPath { within: Some(within), key };
        if let Some(value) = table.get(key) {
            return self.amount(value, &path, UNIT);
        }
        if let Some(at) = needed {
            self.mistake(at, &path, format!("missing; it takes {UNIT}"));
        }
        None
    }
}

/// The price of a service tier in a file.
#[allow(clippy::large_enum_variant)] // A file has few of them.
enum Variant {
    Factor(f64),
    Price(Price),
}
