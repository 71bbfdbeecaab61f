//! Money from tokens: what models cost, and the bill of a call.

mod bundled;
mod cost;
#[cfg(feature = "toml")]
mod file;
#[cfg(feature = "genai-prices")]
mod genai;
mod live;
mod price;
mod slot;
mod source;

use std::collections::BTreeMap;

pub use cost::{Cost, Rates};
#[cfg(feature = "toml")]
pub use file::{PriceError, PriceMistake};
pub(crate) use live::Prices;
pub use price::Price;
pub(crate) use slot::PriceSlot;
use source::Source;

/// Prices by model name.
///
/// A model that isn't in it is never taken as free: its tokens are counted in
/// `agent_llm_unpriced_tokens_total`.
///
/// ```
/// use agent_metrics::{Price, PriceTable};
///
/// let prices = PriceTable::bundled()
///     .with("my-model", Price::per_million(1.25, 10.0).cache_read(0.125))
///     .alias("our-azure-deployment", "gpt-4o");
/// assert!(prices.get("my-model").is_some());
/// assert_eq!(prices.get("our-azure-deployment"), prices.get("gpt-4o"));
/// ```
///
/// Prices are those of text, audio and image tokens at a vendor's standard rates: not of batches or other
/// service tiers, and without what is billed by request, by second or by search. A table says what it was
/// told; the bill is the vendor's.
#[derive(Clone, Default, Debug)]
pub struct PriceTable {
    /// What was said of a model by its very name.
    named: BTreeMap<String, Named>,
    /// Asked for all other names, the last first.
    sources: Vec<Source>,
    version: String,
    date: String,
}

/// What a name stands for.
#[derive(Clone, PartialEq, Debug)]
enum Named {
    /// A model with this price.
    Price(Box<Price>),
    /// Another name.
    Alias(String),
}

/// How many aliases lead from one to the next at most, so that a circle ends.
const MAX_ALIASES: usize = 8;

impl PriceTable {
    /// No prices: all tokens count as unpriced.
    pub fn empty() -> Self {
        Self::default()
    }

    /// The prices that come with the crate: some 350 models of Anthropic, Cohere, DeepSeek, Google, Meta,
    /// MiniMax, Mistral, Moonshot, OpenAI, Voyage, xAI and Zhipu, taken from the data of the
    /// [`genai-prices`](https://github.com/pydantic/genai-prices) project (MIT, Pydantic Services Inc.).
    /// [`version`](Self::version) and [`date`](Self::date) say which.
    ///
    /// Names are taken as vendors send them: dated versions, upper case, `vendor/model`. What a host makes of a
    /// name, such as Bedrock's `us.anthropic.claude-..`, is not guessed at, as hosts have prices of their own.
    /// Where a price depends on the hour, it is the one that holds for the most part of the day; a later price
    /// that is announced already isn't in it (see the feature `genai-prices`).
    ///
    /// One price is not the source's: `gemini-2.0-flash`, by this name, costs 0.075 USD per million input and
    /// 0.30 USD per million output tokens, the list price of the system that this crate ports. The source
    /// has 0.10 and 0.40 USD. `.alias("gemini-2.0-flash", "gemini-2.0-flash-001")` takes those instead.
    pub fn bundled() -> Self {
        Self::of_source(Source::Bundled, bundled::version(), bundled::date())
            .with("gemini-2.0-flash", Price::per_million(0.075, 0.30))
    }

    /// The prices that a function knows. It is asked once for each model that a metrics instance meets, at the
    /// model's first call and when the instance's table is replaced; more often only when several threads
    /// meet a new model at once. If it panics, the model has no price, and the panic is reported as those of
    /// other callbacks are. All models past an instance's cap are the one model `__other__`.
    ///
    /// ```
    /// use agent_metrics::{Price, PriceTable};
    ///
    /// let prices = PriceTable::from_fn(|model| model.ends_with(":free").then(|| Price::per_million(0.0, 0.0)));
    /// assert!(prices.get("anything:free").is_some());
    /// ```
    pub fn from_fn(price: impl Fn(&str) -> Option<Price> + Send + Sync + 'static) -> Self {
        Self::of_source(Source::function(price), "", "")
    }

    fn of_source(source: Source, version: &str, date: &str) -> Self {
        Self { sources: vec![source], ..Self::default() }.versioned(version, date)
    }

    /// Adds a model's price, or replaces it.
    #[must_use]
    pub fn with(mut self, model: impl Into<String>, price: Price) -> Self {
        self.named.insert(model.into(), Named::Price(Box::new(price)));
        self
    }

    /// Makes a name stand for a model, such as a deployment's on Azure. It costs whatever the table says of
    /// that model when it is looked up; nothing is known of it while the table doesn't have the model.
    #[must_use]
    pub fn alias(mut self, name: impl Into<String>, model: impl Into<String>) -> Self {
        self.named.insert(name.into(), Named::Alias(model.into()));
        self
    }

    /// Lays another table over this one: its prices and aliases come first. The versions are joined by
    /// `+`; the date is the older one's, as the whole is as old as its oldest part.
    #[must_use]
    pub fn overlay(mut self, over: Self) -> Self {
        // What this table says of a name must not stand before what a source of the other one says.
        if !over.sources.is_empty() {
            let below =
                Self { named: std::mem::take(&mut self.named), sources: self.sources, ..Self::default() };
            self.sources = vec![Source::function(move |model| below.get(model))];
        }
        self.sources.extend(over.sources);
        self.named.extend(over.named);
        let version = [&*self.version, &*over.version].into_iter().filter(|version| !version.is_empty());
        let version = version.collect::<Vec<_>>().join("+");
        let date =
            [&*self.date, &*over.date].into_iter().filter(|date| !date.is_empty()).min().unwrap_or_default();
        let date = date.to_owned();
        self.versioned(version, date)
    }

    /// States which prices these are, and of which day (`YYYY-MM-DD`), for [`version`](Self::version) and
    /// [`date`](Self::date).
    #[must_use]
    pub fn versioned(mut self, version: impl Into<String>, date: impl Into<String>) -> Self {
        self.version = version.into();
        self.date = date.into();
        self
    }

    /// Which prices these are, such as `genai-prices 0.2.3`; empty where nobody said.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The day whose prices these are, as `YYYY-MM-DD`; empty where nobody said.
    pub fn date(&self) -> &str {
        &self.date
    }

    /// When the day of the prices began, in seconds since 1970, UTC.
    pub(crate) fn day_began(&self) -> Option<f64> {
        let mut parts = self.date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        let is_day = (1..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
        is_day.then(|| days_since_1970(year, month, day) as f64 * 86_400.0)
    }

    /// A model's price, by the name it was given here, else as the table's source has it.
    pub fn get(&self, model: &str) -> Option<Price> {
        let mut model = model;
        for _ in 0..=MAX_ALIASES {
            match self.named.get(model) {
                Some(Named::Price(price)) => return Some(**price),
                // A name may stand for one that only a source knows, and be the same.
                Some(Named::Alias(other)) if other == model => break,
                Some(Named::Alias(other)) => model = other,
                None => break,
            }
        }
        self.sources.iter().rev().find_map(|source| source.get(model))
    }

    /// The names that were given a price or a model in this table. Those that only its source knows aren't
    /// among them.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        self.named.keys().map(String::as_str)
    }
}

/// Howard Hinnant's `days_from_civil`, for years from 1 on: they begin in March, so that a leap day is a year's last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tables_day_is_a_time() {
        let began = |date: &str| PriceTable::empty().versioned("1", date).day_began();
        assert_eq!(began("1970-01-01"), Some(0.0));
        assert_eq!(began("2000-02-29"), Some(951_782_400.0));
        assert_eq!(began("2026-11-26"), Some(1_795_651_200.0));
        for date in ["", "2026", "2026-13-01", "soon", "2026-11-26T00:00"] {
            assert_eq!(began(date), None, "{date}");
        }
    }

    fn flat(usd: f64) -> Price {
        Price::per_million(usd, usd)
    }

    #[test]
    fn the_ported_systems_price_stays() {
        let table = PriceTable::bundled();
        assert_eq!(table.get("gemini-2.0-flash"), Some(Price::per_million(0.075, 0.30)));
        let dated = table.get("gemini-2.0-flash-001").unwrap();
        assert_eq!((dated.rates(0).input, dated.rates(0).output), (0.1, 0.4));
        let table = table.alias("gemini-2.0-flash", "gemini-2.0-flash-001");
        assert_eq!(table.get("gemini-2.0-flash"), Some(dated));
    }

    #[test]
    fn an_alias_costs_what_its_model_does() {
        let table = PriceTable::empty().alias("mine", "model");
        assert_eq!(table.get("mine"), None);
        let table = table.with("model", flat(1.0));
        assert_eq!(table.get("mine"), Some(flat(1.0)));
        assert_eq!(table.with("model", flat(2.0)).alias("ours", "mine").get("ours"), Some(flat(2.0)));
    }

    #[test]
    fn a_circle_of_aliases_has_no_price() {
        let table = PriceTable::empty().alias("a", "b").alias("b", "a").alias("c", "c");
        assert_eq!([table.get("a"), table.get("c")], [None, None]);
    }

    #[test]
    fn what_is_laid_over_comes_first() {
        let table =
            PriceTable::empty().with("a", flat(1.0)).with("b", flat(1.0)).versioned("one", "2026-03-01");
        let over = PriceTable::empty().with("b", flat(2.0)).alias("c", "a").versioned("two", "2026-04-01");
        let table = table.overlay(over);
        assert_eq!(["a", "b", "c"].map(|model| table.get(model)), [1.0, 2.0, 1.0].map(|usd| Some(flat(usd))));
        assert_eq!((table.version(), table.date()), ("one+two", "2026-03-01"));
        let table = table.overlay(PriceTable::from_fn(|model| (model != "b").then(|| flat(3.0))));
        assert_eq!(["a", "b", "d"].map(|model| table.get(model)), [3.0, 2.0, 3.0].map(|usd| Some(flat(usd))));
        assert_eq!((table.version(), table.date()), ("one+two", "2026-03-01"));
    }

    #[test]
    fn bundled_over_bundled_is_still_bundled() {
        let table = PriceTable::bundled().overlay(PriceTable::empty().versioned("acme 7", ""));
        assert_eq!(table.version(), format!("{}+acme 7", PriceTable::bundled().version()));
        assert_eq!(table.date(), PriceTable::bundled().date());
        assert!(table.get("gpt-4o").is_some());
    }
}
