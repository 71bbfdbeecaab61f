//! The prices that come with the crate.
//!
//! `data/prices.txt` is written by `tools/prices.py` from the data of `genai-prices`. The first two lines hold the release
//! and the day of the data. A line `@seller` followed by clauses begins the section of a seller, which has the models
//! whose names match one of the clauses. Every other line consists of clauses, a tab and prices. The first line that
//! matches a name has its price, as in the source.
//!
//! A clause is `=whole`, `^prefix`, `$suffix`, `*substring`, or `!part`, which matches a name that has no such part
//! followed by the end or by `-`. `#` stands for one digit. Clauses joined by `&` must all match.
//!
//! A mark before the prices tells that other sellers have prices of their own for models of this name: `~` for a model
//! that has a price only if the provider is known, `?` for one whose name is ambiguous only in the form `vendor/model`.
//!
//! The prices are those that apply from the day of the data on, followed by later ones, each after `@` and its first day.
//! Each of them is the standard price, followed by those at some hours (`%0100-0400` and a price, in UTC) and in other
//! service tiers: `/`, the tiers' letters, and `*` with a factor, or a price. The letters are `f` flex, `p` priority, `b`
//! batch, `t` fast, `u` US only, `r` a regional endpoint of Amazon Bedrock.
//!
//! A price is `-` for a model that isn't billed by tokens; `h` and its price per hour of audio may follow. Otherwise it is
//! the price in USD per million input and output tokens, followed by optional rates: `r` cache reads, `w` cache writes,
//! `l` long cache writes, `c` cached audio, `a` audio input, `A` audio output, `i` image input, `I` image output; and by
//! fees: `s` for a thousand web searches, `q` for a thousand requests, `h` for an hour of audio. `>` begins a tier: its
//! threshold in input tokens, then its rates in the same form.
//!
//! The names are indexed at the first look-up. A metrics instance looks each model up once, for each provider and service
//! tier, and again when its price changes.

use std::sync::LazyLock;

use super::names::{self, Endpoint, ModelName};
use super::price::Price;
use super::query::PriceQuery;
use super::tariff::{Quote, Tariff};
use super::time::day_start;
use crate::usage::ServiceTier;

const DATA: &str = include_str!("data/prices.txt");

/// Returns the release of the data's source.
pub(super) fn version() -> &'static str {
    header(0)
}

/// Returns the day (UTC) of the data.
pub(super) fn date() -> &'static str {
    header(1)
}

/// Returns the text of a comment line.
fn header(line: usize) -> &'static str {
    DATA.lines().nth(line).and_then(|line| line.strip_prefix("# ")).unwrap_or_default()
}

/// Returns the price of a model by any name that its vendor, a cloud or a router uses.
pub(super) fn find(query: &PriceQuery<'_>) -> Option<Quote> {
    let (name, provider) = (query.model.to_ascii_lowercase(), query.provider.to_ascii_lowercase());
    let name = ModelName::read(&name, &provider)?;
    let text = entry(&name)?;
    let tariff = parse(text)?;
    let mut tier = query.tier;
    match name.endpoint {
        Endpoint::Vendor => {}
        // Only the models that the cloud sells have a price for its regional endpoints.
        _ if !text.contains(REGIONAL) => return None,
        Endpoint::Global => {}
        Endpoint::Regional => tier = tier.and(ServiceTier::REGIONAL),
    }
    Some(tariff.quote(tier, query.seconds()))
}

/// Returns all prices of a model of an unknown provider.
#[cfg(feature = "toml")]
pub(super) fn tariff(model: &str) -> Option<Tariff> {
    let name = model.to_ascii_lowercase();
    let name = ModelName::read(&name, "")?;
    // The price of a cloud's endpoint is that of a service tier.
    (name.endpoint == Endpoint::Vendor).then(|| parse(entry(&name)?)).flatten()
}

const REGIONAL: &str = " /r";

/// Returns the text of a model's prices.
fn entry(name: &ModelName<'_>) -> Option<&'static str> {
    let forms: Vec<_> = name.forms().collect();
    let find_in = |section: &Section| forms.iter().find_map(|(form, whole)| section.find(form, *whole));
    let section = |id: &str| SECTIONS.iter().find(|section| section.id == id);
    if let Some(seller) = name.seller {
        // Google Cloud sells Anthropic's models too.
        let more = (seller == "google").then_some("anthropic");
        let found = [Some(seller), more].into_iter().flatten().find_map(|id| find_in(section(id)?));
        if let Some(text) = found {
            return Some(text.trim_start_matches(AMBIGUOUS));
        }
        // The client of a vendor may be used for another vendor's API. But hosts have prices of their own, as has a vendor
        // for a model of its own that is not in the table.
        let is_own = |section: &Section| forms.iter().any(|(form, _)| section.is_named_by(form));
        if names::HOSTS.contains(&seller) || section(seller).is_some_and(is_own) {
            return None;
        }
    }
    if let Some(vendor) = name.vendor {
        return find_in(section(vendor)?).filter(|text| !text.starts_with(AMBIGUOUS));
    }
    let identified =
        SECTIONS.iter().filter(|section| forms.iter().any(|(form, _)| section.is_named_by(form)));
    identified
        .into_iter()
        .find_map(find_in)
        .filter(|text| !text.starts_with('~'))
        .map(|text| text.trim_start_matches('?'))
}

const AMBIGUOUS: [char; 2] = ['~', '?'];

/// The models of one seller.
struct Section {
    id: &'static str,
    /// Clauses that match the names which identify the seller.
    clauses: Vec<Clause>,
    /// The whole names without wildcards, in order, each with the index of its line.
    names: Vec<(&'static str, usize)>,
    /// All other clauses, by ascending index of the line.
    patterns: Vec<(Clause, usize)>,
    /// The prices of each line.
    prices: Vec<&'static str>,
}

static SECTIONS: LazyLock<Vec<Section>> = LazyLock::new(|| {
    let sections = DATA.split("\n@").skip(1).map(|section| {
        let (head, models) = section.split_once('\n').unwrap_or((section, ""));
        let (id, clauses) = head.split_once(' ').unwrap_or((head, ""));
        Section::new(id, clauses, models)
    });
    sections.collect()
});

impl Section {
    fn new(id: &'static str, clauses: &'static str, models: &'static str) -> Self {
        let clauses = clauses.split(' ').map(Clause::new).collect();
        let mut section = Self { id, clauses, names: Vec::new(), patterns: Vec::new(), prices: Vec::new() };
        for (line, (clauses, prices)) in models.lines().filter_map(|line| line.split_once('\t')).enumerate() {
            section.prices.push(prices);
            for clause in clauses.split(' ') {
                match clause.strip_prefix('=') {
                    Some(name) if !name.contains(['#', '&']) => section.names.push((name, line)),
                    _ => section.patterns.push((Clause::new(clause), line)),
                }
            }
        }
        // The sort is stable, so that of equal names the one in the first line stays first.
        section.names.sort_by_key(|(name, _)| *name);
        section
    }

    /// Returns true if a name identifies the seller.
    fn is_named_by(&self, name: &str) -> bool {
        self.clauses.iter().any(|clause| clause.matches(name))
    }

    /// Returns the text of a model's prices: those of the first line that matches. If `whole` is true, only a clause that
    /// describes the whole name matches.
    fn find(&self, name: &str, whole: bool) -> Option<&'static str> {
        let at = self.names.partition_point(|(known, _)| *known < name);
        let exact = self.names.get(at).filter(|(known, _)| *known == name).map(|(_, line)| *line);
        let before = |(_, line): &&(Clause, usize)| exact.is_none_or(|exact| *line < exact);
        let mut patterns =
            self.patterns.iter().take_while(before).filter(|(clause, _)| !whole || clause.is_whole());
        let line = patterns.find(|(clause, _)| clause.matches(name)).map(|(_, line)| *line).or(exact)?;
        self.prices.get(line).copied()
    }
}

/// A clause of the data.
struct Clause {
    text: &'static str,
    /// True if the clause has several parts.
    is_compound: bool,
}

impl Clause {
    fn new(text: &'static str) -> Self {
        Self { text, is_compound: text.contains('&') }
    }

    fn matches(&self, name: &str) -> bool {
        if self.is_compound {
            self.text.split('&').all(|part| matches_part(part, name))
        } else {
            matches_part(self.text, name)
        }
    }

    /// Returns true if the clause describes the whole name.
    fn is_whole(&self) -> bool {
        self.text.starts_with('=')
    }
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

/// Parses the prices of a model.
fn parse(text: &str) -> Option<Tariff> {
    let mut periods = text.split(" @");
    periods.try_fold(None, |tariff: Option<Tariff>, period| match tariff {
        None => Some(Some(parse_period(period)?)),
        Some(tariff) => {
            let (day, prices) = period.split_once(' ')?;
            Some(Some(tariff.starting_at(day_start(day)?, parse_period(prices)?)))
        }
    })?
}

/// Parses the prices that apply between two changes.
fn parse_period(text: &str) -> Option<Tariff> {
    let mut tiers = text.split(" /");
    let mut hours = tiers.next()?.split(" %");
    let standard = parse_price(hours.next()?)?;
    let tariff = hours.try_fold(Tariff::new(standard), |tariff, hours| {
        let (span, price) = hours.split_once(' ')?;
        let (from, until) = span.split_once('-')?;
        let minutes =
            |time: &str| Some(time.get(..2)?.parse::<u16>().ok()? * 60 + time.get(2..)?.parse::<u16>().ok()?);
        Some(tariff.between(minutes(from)?, minutes(until)?, parse_price(price)?))
    })?;
    tiers.try_fold(tariff, |tariff, tier| {
        let end = tier.find([' ', '*'])?;
        let letters = tier[..end].chars().map(|letter| {
            Some(match letter {
                'f' => ServiceTier::FLEX,
                'p' => ServiceTier::PRIORITY,
                'b' => ServiceTier::BATCH,
                't' => ServiceTier::FAST,
                'u' => ServiceTier::US,
                'r' => ServiceTier::REGIONAL,
                _ => return None,
            })
        });
        let letters =
            letters.into_iter().try_fold(ServiceTier::STANDARD, |all, tier| Some(all.and(tier?)))?;
        let price = &tier[end + 1..];
        Some(match tier.as_bytes()[end] {
            b'*' => tariff.tier_factor(letters, price.parse().ok()?),
            _ => tariff.tier(letters, parse_price(price)?),
        })
    })
}

/// Parses a price with its tiers by the size of the request.
fn parse_price(text: &str) -> Option<Price> {
    let mut tiers = text.split(" >");
    let mut price = parse_rates(tiers.next()?)?;
    for tier in tiers {
        let (above, rates) = tier.split_once(' ')?;
        price = price.try_above(above.parse().ok()?, parse_rates(rates)?.rates(0))?;
    }
    Some(price)
}

fn parse_rates(text: &str) -> Option<Price> {
    if let Some(hour) = text.strip_prefix("- h") {
        return Some(Price::per_audio_hour(hour.parse().ok()?));
    }
    let mut words = text.split(' ');
    let (input, output) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    words.try_fold(Price::per_million(input, output), |price, word| {
        let (part, usd) = word.split_at_checked(1)?;
        let usd = usd.parse().ok()?;
        Some(match part {
            "r" => price.cache_read(usd),
            "w" => price.cache_write(usd),
            "l" => price.cache_write_long(usd),
            "c" => price.cache_read_audio(usd),
            "a" => price.audio_input(usd),
            "A" => price.audio_output(usd),
            "i" => price.image_input(usd),
            "I" => price.image_output(usd),
            "s" => price.per_thousand_web_searches(usd),
            "q" => price.per_thousand_requests(usd),
            "h" => price.audio_hours(usd),
            _ => return None,
        })
    })
}

#[cfg(test)]
#[allow(clippy::float_cmp, clippy::large_types_passed_by_value)] // The amounts are exact.
mod tests {
    use super::*;
    use crate::usage::Usage;

    /// A time at which the prices of the data apply.
    fn query<'a>(model: &'a str, provider: &'a str) -> PriceQuery<'a> {
        let day = std::time::Duration::from_secs(day_start(date()).unwrap() + 12 * 3600);
        PriceQuery::new(model).provider(provider).at(std::time::UNIX_EPOCH + day)
    }

    fn find(model: &str) -> Option<Price> {
        find_of(model, "")
    }

    fn find_of(model: &str, provider: &str) -> Option<Price> {
        Some(super::find(&query(model, provider))?.price)
    }

    fn usd(price: Option<Price>) -> Option<(f64, f64)> {
        price.map(|price| (price.rates(0).input, price.rates(0).output))
    }

    /// Returns the lines of a section, with their clauses and prices.
    fn lines_of(section: &Section) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
        let (_, text) = DATA.split_once(&format!("\n@{}", section.id)).unwrap();
        let models = text.split("\n@").next().unwrap().lines().skip(1);
        models.map(|line| line.split_once('\t').map(|(clauses, text)| (line, clauses, text)).unwrap())
    }

    fn matches(clauses: &'static str, name: &str) -> bool {
        clauses.split(' ').any(|clause| Clause::new(clause).matches(name))
    }

    /// Returns a name that a clause describes.
    fn example(clause: &str) -> String {
        clause.split('&').next().unwrap()[1..].replace('#', "2")
    }

    #[test]
    fn every_line_of_the_data_parses() {
        let mut prices = 0;
        for section in &*SECTIONS {
            for (line, clauses, text) in lines_of(section) {
                let known = |part: &str| part.len() > 1 && part.starts_with(['=', '^', '$', '*', '!']);
                assert!(clauses.split([' ', '&']).all(known), "{line}");
                let text = text.trim_start_matches(AMBIGUOUS);
                assert!(text == "-" || parse(text).is_some(), "{line}");
                prices += 1;
            }
        }
        assert_eq!(prices, DATA.lines().filter(|line| line.contains('\t')).count());
        assert!(prices > 300);
        assert!(version().starts_with("genai-prices ") && day_start(date()).is_some(), "{}", date());
    }

    #[test]
    fn the_data_is_no_larger_than_40_kib() {
        assert!(DATA.len() <= 40 << 10, "{} bytes", DATA.len());
    }

    #[test]
    fn every_clause_is_reached_by_a_name() {
        for section in &*SECTIONS {
            for (line, clauses, text) in lines_of(section) {
                let bare = text.trim_start_matches(AMBIGUOUS);
                let mut reached = false;
                for clause in clauses.split(' ') {
                    let name = example(clause);
                    let first = section.find(&name, false) == Some(text);
                    reached |= first;
                    if !first || name.contains('/') {
                        continue;
                    }
                    let read = ModelName {
                        seller: Some(section.id),
                        vendor: None,
                        model: &name,
                        endpoint: Endpoint::Vendor,
                    };
                    assert_eq!(entry(&read), Some(bare), "{name} of {}", section.id);
                    // The beginning of a name identifies the seller, unless the line describes only a part of it.
                    if clause.starts_with(['=', '^']) && !names::HOSTS.contains(&section.id) {
                        let read = ModelName { seller: None, ..read };
                        let wanted = (!text.starts_with('~')).then_some(bare);
                        assert_eq!(entry(&read), wanted, "{name} without a provider");
                    }
                }
                assert!(reached, "{line}");
            }
        }
    }

    #[test]
    fn a_model_is_found_under_every_form_of_its_name() {
        let sonnet = find("claude-sonnet-4-5").unwrap();
        let cost = sonnet.cost(&Usage::new(12_307, 550).cache_write(12_304).cache_read(0));
        assert!((cost.total() - 0.054_399).abs() < 1e-12, "{cost:?}");
        let cost = sonnet.cost(&Usage::new(300_000, 25_000).cache_read(200_000));
        assert!((cost.total() - 1.2825).abs() < 1e-12, "{cost:?}");
        for name in [
            "claude-sonnet-4-5-20250929",
            "Claude-Sonnet-4.5",
            "anthropic/claude-sonnet-4-5@20250929",
            "vertex_ai/claude-sonnet-4-5@20250929",
            "publishers/anthropic/models/claude-sonnet-4-5",
            "openrouter/anthropic/claude-sonnet-4.5:online",
            "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ] {
            assert_eq!(find(name), Some(sonnet), "{name}");
        }
        assert_ne!(find("claude-sonnet-4"), Some(sonnet));
        for (form, name) in [
            ("openai/gpt-4o", "gpt-4o"),
            ("azure/gpt-4o", "gpt-4o"),
            ("openai/gpt-5:online", "gpt-5"),
            ("models/gemini-2.5-pro", "gemini-2.5-pro"),
            ("gemini/gemini-2.5-pro", "gemini-2.5-pro"),
            ("publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro"),
            ("xai/grok-4.5", "grok-4.5"),
            ("mistralai/mistral-large-2411", "mistral-large-2411"),
            ("z-ai/glm-4.5", "glm-4.5"),
        ] {
            assert!(find(name).is_some(), "{name}");
            assert_eq!(find(form), find(name), "{form}");
        }
        for unknown in
            ["", "/", "gpt-", "llama-9", "my/gpt-4o", "tts-1", "claude", "\u{e9}", "-20\u{e9}", "@", ":"]
        {
            assert_eq!(find(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_host_never_takes_the_price_of_another_seller() {
        for ambiguous in [
            "gpt-oss-120b",
            "openai/gpt-oss-120b",
            "glm-5",
            "deepseek/deepseek-v4-pro",
            "google/gemma-3-27b-it",
        ] {
            assert_eq!(find(ambiguous), None, "{ambiguous}");
        }
        for free in ["claude-opus-4-5:free", "google/gemini-2.5-pro:free", "deepseek/deepseek-chat:free"] {
            assert_eq!(find(free), None, "{free}");
        }
        assert_eq!(usd(find_of("openai/gpt-oss-120b", "groq")), Some((0.15, 0.6)));
        assert_eq!(usd(find("groq/openai/gpt-oss-120b")), Some((0.15, 0.6)));
        assert_eq!(usd(find_of("gpt-oss-120b", "cerebras")), Some((0.35, 0.75)));
        for provider in ["openai", "together_ai", "ollama"] {
            assert_eq!(find_of("gpt-oss-120b", provider), None, "{provider}");
        }
        assert_eq!(find_of("gpt-4o", "groq"), None);
        assert_eq!(find_of("perplexity/deepseek-v4-pro", "perplexity"), None);
        assert_eq!(find_of("glm-4.5-airx", "zhipu"), None);
        assert_eq!(usd(find_of("glm-5", "zai")), Some((1.0, 3.2)));
        assert_eq!(usd(find_of("glm-5", "zhipu")), Some((0.552, 2.483)));
        assert_eq!(usd(find_of("deepseek-v4-pro", "deepseek")), Some((0.66, 1.98)));
        // A client for OpenAI's API may call another vendor, whose own name tells the price.
        assert_eq!(find_of("claude-opus-5", "openai"), find("claude-opus-5"));
        assert_eq!(find_of("gpt-4o", "our-gateway"), find("gpt-4o"));
    }

    #[test]
    fn regional_endpoints_of_bedrock_have_a_surcharge() {
        for region in ["us.", "eu.", "jp.", ""] {
            let name = format!("{region}anthropic.claude-sonnet-4-5-20250929-v1:0");
            let (input, output) = usd(find(&name)).unwrap();
            assert!((input - 3.3).abs() < 1e-9 && (output - 16.5).abs() < 1e-9, "{name}");
        }
        // Models before Claude Sonnet 4.5 cost the same everywhere.
        assert_eq!(usd(find("eu.anthropic.claude-sonnet-4-20250514-v1:0")), Some((3.0, 15.0)));
        assert_eq!(usd(find("anthropic.claude-3-haiku-20240307-v1:0")), Some((0.25, 1.25)));
        // A model that Bedrock doesn't sell has no price there, nor has one of another vendor.
        for unknown in
            ["us.anthropic.claude-9", "us.meta.llama3-1-70b-instruct-v1:0", "openai.gpt-oss-120b-1:0"]
        {
            assert_eq!(find(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn each_service_tier_has_its_price() {
        let at = |model, tier| usd(Some(super::find(&query(model, "").tier(tier)).unwrap().price));
        assert_eq!(at("gpt-5", ServiceTier::FLEX), Some((0.625, 5.0)));
        assert_eq!(at("gpt-5", ServiceTier::PRIORITY), Some((2.5, 20.0)));
        assert_eq!(at("gpt-5", ServiceTier::FAST), Some((2.5, 20.0)));
        assert_eq!(at("o3", ServiceTier::BATCH), Some((1.0, 4.0)));
        assert_eq!(at("claude-opus-5-5", ServiceTier::FAST), Some((8.0, 40.0)));
        let (input, output) = at("claude-opus-5-5", ServiceTier::US).unwrap();
        assert!((input - 4.4).abs() < 1e-9 && (output - 22.0).abs() < 1e-9);
        assert_eq!(at("claude-2", ServiceTier::BATCH), Some((8.0, 24.0)));
    }

    #[test]
    fn a_price_changes_on_its_day() {
        let day = day_start("2027-01-01").unwrap();
        let at = |second| {
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(second);
            let quote = super::find(&PriceQuery::new("gemini-3.6-flash").at(time)).unwrap();
            (quote.price.rates(0).input, quote.until)
        };
        assert_eq!(at(day - 1), (0.75, Some(day)));
        assert_eq!(at(day), (1.5, None));
    }

    #[test]
    fn deepseek_costs_more_at_peak_hours() {
        let midnight = day_start(date()).unwrap();
        let at = |minute: u64| {
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(midnight + minute * 60);
            super::find(&PriceQuery::new("deepseek-v4-pro").at(time)).unwrap().price.rates(0).input
        };
        assert_eq!([0, 60, 239, 240, 360, 600].map(at), [0.66, 1.32, 1.32, 0.66, 1.32, 0.66]);
    }

    #[test]
    fn audio_is_billed_by_the_hour() {
        let cost = find("whisper-1").unwrap().cost(&Usage::default().audio_seconds(3600));
        assert!((cost.total() - 0.36).abs() < 1e-9);
        let cost = find("claude-sonnet-5").unwrap().cost(&Usage::new(0, 0).web_searches(2));
        assert!((cost.total() - 0.02).abs() < 1e-9);
    }

    #[test]
    fn each_kind_of_clause_matches_the_names_it_describes() {
        assert!(matches("=a-## ^b", "a-12") && !matches("=a-##", "a-1x") && !matches("=a-##", "a-123"));
        assert!(matches("^a-#", "a-1x") && matches("$-x *y", "ayb") && matches("$-x", "a-x"));
        assert!(matches("^a&!-tts", "a-b") && matches("^a&!-tts", "a-ttsx"));
        assert!(!matches("^a&!-tts", "a-tts") && !matches("^a&!-tts", "a-ttsx-tts-1"));
    }
}
