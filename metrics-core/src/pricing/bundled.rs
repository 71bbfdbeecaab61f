//! The prices that come with the crate.
//!
//! `data/prices.txt` is written by `tools/prices.py` from the data of `genai-prices`. The first two lines hold the release
//! and the day of the data. A line `@vendor` followed by clauses begins the section of a vendor, which has the models
//! whose names match one of the clauses. Every other line consists of clauses, a tab and a price. The first line that
//! matches a name has its price, as in the source.
//!
//! A clause is `=whole`, `^prefix`, `$suffix`, `*substring`, or `!part`, which matches a name that has no such part
//! followed by the end or by `-`. `#` stands for one digit. Clauses joined by `&` must all match.
//!
//! A price is `-` for a model that isn't billed by tokens. Otherwise it is the price in USD per million input and output
//! tokens, followed by optional rates: `r` cache reads, `w` cache writes, `l` long cache writes, `a` audio input, `A`
//! audio output, `i` image input, `I` image output. `>` begins a tier: its threshold in input tokens, then its rates in
//! the same form.
//!
//! The text is searched without an index, which takes about ten microseconds per look-up and no memory. A metrics
//! instance looks each model up once.

use super::price::Price;

const DATA: &str = include_str!("data/prices.txt");

/// Returns the release of the data's source.
pub(super) fn version() -> &'static str {
    header(0)
}

/// Returns the day (UTC) on which the prices applied.
pub(super) fn date() -> &'static str {
    header(1)
}

/// Returns the text of a comment line.
fn header(line: usize) -> &'static str {
    DATA.lines().nth(line).and_then(|line| line.strip_prefix("# ")).unwrap_or_default()
}

/// Returns the price of a model by any name that its vendor or a gateway uses.
pub(super) fn find(model: &str) -> Option<Price> {
    let name = model.to_ascii_lowercase();
    let by_name = sections().find(|section| section.has(&name));
    // Gateways write `vendor/model`.
    let named = || {
        let (vendor, name) = name.split_once('/')?;
        let section = sections().find(|section| section.vendor == vendor)?;
        section.find(name)
    };
    parse(by_name.and_then(|section| section.find(&name)).or_else(named)?)
}

/// The models of one vendor.
struct Section {
    vendor: &'static str,
    clauses: &'static str,
    models: &'static str,
}

fn sections() -> impl Iterator<Item = Section> {
    DATA.split("\n@").skip(1).filter_map(|section| {
        let (head, models) = section.split_once('\n')?;
        let (vendor, clauses) = head.split_once(' ')?;
        Some(Section { vendor, clauses, models })
    })
}

impl Section {
    fn has(&self, name: &str) -> bool {
        matches(self.clauses, name)
    }

    /// Returns the text of a model's price.
    fn find(&self, name: &str) -> Option<&'static str> {
        let find = |name: &str| {
            let mut models = self.models.lines().filter_map(|line| line.split_once('\t'));
            Some(models.find(|(clauses, _)| matches(clauses, name))?.1)
        };
        find(name).or_else(|| find(&with_dashed_date(name)?))
    }
}

/// Returns true if a name matches one of the clauses, which are separated by spaces.
fn matches(clauses: &str, name: &str) -> bool {
    clauses.split(' ').any(|clause| clause.split('&').all(|part| matches_part(part, name)))
}

fn matches_part(part: &str, name: &str) -> bool {
    let Some((kind, text)) = part.split_at_checked(1) else { return false };
    match kind {
        "=" => name.len() == text.len() && starts_with(name, text),
        "^" => starts_with(name, text),
        "$" => name.ends_with(text),
        "*" => name.contains(text),
        "!" => !name.match_indices(text).any(|(at, _)| {
            let rest = &name[at + text.len()..];
            rest.is_empty() || rest.starts_with('-')
        }),
        _ => false,
    }
}

fn starts_with(name: &str, text: &str) -> bool {
    let same = |(found, wanted): (u8, u8)| found == wanted || wanted == b'#' && found.is_ascii_digit();
    name.len() >= text.len() && name.bytes().zip(text.bytes()).all(same)
}

/// Rewrites a compact date in a name with dashes (`-20251211` as `-2025-12-11`), as the source does for a name that it
/// doesn't find.
fn with_dashed_date(name: &str) -> Option<String> {
    let (at, date) = name.match_indices("-20").find_map(|(at, _)| {
        let date = name.get(at + 1..at + 9)?;
        let ends = matches!(name.as_bytes().get(at + 9), None | Some(b'-' | b':'));
        (ends && is_date(date)).then_some((at + 1, date))
    })?;
    let (year, month, day) = (&date[..4], &date[4..6], &date[6..]);
    Some(format!("{}{year}-{month}-{day}{}", &name[..at], &name[at + 8..]))
}

/// Returns true if the text is a date in the form `YYYY-MM-DD`.
#[cfg(feature = "toml")]
pub(super) fn is_dashed_date(text: &str) -> bool {
    let digits = text.replace('-', "");
    text.len() == 10
        && text.as_bytes()[4] == b'-'
        && text.as_bytes()[7] == b'-'
        && digits.len() == 8
        && is_date(&digits)
}

/// Returns true if the text is eight digits that can be a date, `YYYYMMDD`.
fn is_date(text: &str) -> bool {
    let number = |digits: &str| digits.parse::<u16>().unwrap_or(0);
    text.bytes().all(|byte| byte.is_ascii_digit())
        && (1..=12).contains(&number(&text[4..6]))
        && (1..=31).contains(&number(&text[6..]))
}

/// Parses a price in the format of the data.
fn parse(text: &str) -> Option<Price> {
    let mut tiers = text.split(" >");
    let mut price = parse_rates(tiers.next()?)?;
    for tier in tiers {
        let (above, rates) = tier.split_once(' ')?;
        price = price.try_above(above.parse().ok()?, parse_rates(rates)?.rates(0))?;
    }
    Some(price)
}

fn parse_rates(text: &str) -> Option<Price> {
    let mut words = text.split(' ');
    let (input, output) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    words.try_fold(Price::per_million(input, output), |price, word| {
        let (part, usd) = word.split_at_checked(1)?;
        let usd = usd.parse().ok()?;
        Some(match part {
            "r" => price.cache_read(usd),
            "w" => price.cache_write(usd),
            "l" => price.cache_write_long(usd),
            "a" => price.audio_input(usd),
            "A" => price.audio_output(usd),
            "i" => price.image_input(usd),
            "I" => price.image_output(usd),
            _ => return None,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usage::Usage;

    #[test]
    fn every_line_of_the_data_parses() {
        let mut prices = 0;
        for section in sections() {
            for line in section.models.lines() {
                let (clauses, price) = line.split_once('\t').unwrap_or_else(|| panic!("{line}"));
                let known = |part: &str| part.len() > 1 && part.starts_with(['=', '^', '$', '*', '!']);
                assert!(clauses.split([' ', '&']).all(known), "{line}");
                assert!(price == "-" || parse(price).is_some(), "{line}");
                prices += 1;
            }
        }
        assert_eq!(prices, DATA.lines().filter(|line| line.contains('\t')).count());
        assert!(prices > 300);
        assert!(DATA.len() < 40_000);
        assert!(version().starts_with("genai-prices ") && is_date(&date().replace('-', "")), "{}", date());
    }

    #[test]
    fn a_model_is_found_under_every_form_of_its_name() {
        let sonnet = find("claude-sonnet-4-5").unwrap();
        let cost = sonnet.cost(&Usage::new(12_307, 550).cache_write(12_304).cache_read(0));
        assert!((cost.total() - 0.054_399).abs() < 1e-12, "{cost:?}");
        let cost = sonnet.cost(&Usage::new(300_000, 25_000).cache_read(200_000));
        assert!((cost.total() - 1.2825).abs() < 1e-12, "{cost:?}");
        for name in
            ["claude-sonnet-4-5-20250929", "Claude-Sonnet-4.5", "anthropic/claude-sonnet-4-5@20250929"]
        {
            assert_eq!(find(name), Some(sonnet), "{name}");
        }
        assert_ne!(find("claude-sonnet-4"), Some(sonnet));
        assert_eq!(find("gpt-4o"), find("openai/gpt-4o"));
        for unknown in ["", "/", "gpt-", "llama-9", "my/gpt-4o", "whisper-1", "claude", "\u{e9}", "-20\u{e9}"]
        {
            assert_eq!(find(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn each_kind_of_clause_matches_the_names_it_describes() {
        assert!(matches("=a-## ^b", "a-12") && !matches("=a-##", "a-1x") && !matches("=a-##", "a-123"));
        assert!(matches("^a-#", "a-1x") && matches("$-x *y", "ayb") && matches("$-x", "a-x"));
        assert!(matches("^a&!-tts", "a-b") && matches("^a&!-tts", "a-ttsx"));
        assert!(!matches("^a&!-tts", "a-tts") && !matches("^a&!-tts", "a-ttsx-tts-1"));
    }

    #[test]
    fn a_compact_date_in_a_name_is_rewritten_with_dashes() {
        assert_eq!(with_dashed_date("a-20251211").as_deref(), Some("a-2025-12-11"));
        assert_eq!(with_dashed_date("a-20251211:free").as_deref(), Some("a-2025-12-11:free"));
        for none in ["a-20251311", "a-202512111", "a-2025", "a20251211", "a-20\u{e9}\u{e9}\u{e9}"] {
            assert_eq!(with_dashed_date(none), None);
        }
    }
}
