//! A table of prices by model name.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::bundled;
use super::price::Price;

/// A table of prices by model name.
///
/// A model without a price is never treated as free: its tokens are counted in `agent_llm_unpriced_tokens_total`.
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
/// Prices are in USD per million text, audio and image tokens, at a vendor's standard rates. Batches and other service
/// tiers are not covered, nor are charges per request, per second or per search. A cost computed from a table is an
/// estimate; the vendor's bill decides.
#[derive(Clone, Default, Debug)]
pub struct PriceTable {
    /// Prices and aliases by exact name.
    named: BTreeMap<String, Named>,
    /// Sources of the prices of all other names; the last is looked up first.
    sources: Vec<Source>,
    version: String,
    date: String,
}

/// The entry of a name.
#[derive(Clone, PartialEq, Debug)]
enum Named {
    /// The price of a model.
    Price(Box<Price>),
    /// An alias of another name.
    Alias(String),
}

/// The longest chain of aliases that is followed, so that a look-up in a circle of aliases ends.
const MAX_ALIASES: usize = 8;

impl PriceTable {
    /// Creates a table without prices: all tokens count as unpriced.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Returns the prices that come with the crate: about 350 models of Anthropic, Cohere, DeepSeek, Google, Meta,
    /// MiniMax, Mistral, Moonshot, OpenAI, Voyage, xAI and Zhipu, taken from the data of the
    /// [`genai-prices`](https://github.com/pydantic/genai-prices) project (MIT, Pydantic Services Inc.).
    /// [`version`](Self::version) and [`date`](Self::date) return the release of that data and its day.
    ///
    /// Names are recognised in the forms that vendors use: with a date, in upper case, or as `vendor/model`. Names that
    /// a host derives from a vendor's, such as Bedrock's `us.anthropic.claude-..`, have no price here, since hosts set
    /// their own prices. If a price depends on the hour, the table has the price that applies for most of the day. A
    /// price change that is announced for a later day is not in the table (see the feature `genai-prices`).
    ///
    /// One price differs from the source: `gemini-2.0-flash`, by exactly this name, costs 0.075 USD per million input
    /// tokens and 0.30 USD per million output tokens, the list price used by the system that this crate ports. The
    /// source has 0.10 and 0.40 USD. Use `.alias("gemini-2.0-flash", "gemini-2.0-flash-001")` for those.
    pub fn bundled() -> Self {
        Self::from_source(Source::Bundled, bundled::version(), bundled::date())
            .with("gemini-2.0-flash", Price::per_million(0.075, 0.30))
    }

    /// Creates a table that looks prices up by calling a function.
    ///
    /// A metrics instance calls the function once for each model: at the model's first call, and again when the
    /// instance's table is replaced. It may call it more often if several threads record a new model at the same time.
    /// If the function panics, the model has no price, and the panic is reported like those of other callbacks. All
    /// models above the instance's limit share the name `__other__`.
    ///
    /// ```
    /// use agent_metrics::{Price, PriceTable};
    ///
    /// let prices = PriceTable::from_fn(|model| model.ends_with(":free").then(|| Price::per_million(0.0, 0.0)));
    /// assert!(prices.get("anything:free").is_some());
    /// ```
    pub fn from_fn(price: impl Fn(&str) -> Option<Price> + Send + Sync + 'static) -> Self {
        Self::from_source(Source::function(price), "", "")
    }

    fn from_source(source: Source, version: &str, date: &str) -> Self {
        Self { sources: vec![source], ..Self::default() }.versioned(version, date)
    }

    /// Adds a model's price, or replaces it.
    #[must_use = "returns the changed value"]
    pub fn with(mut self, model: impl Into<String>, price: Price) -> Self {
        self.named.insert(model.into(), Named::Price(Box::new(price)));
        self
    }

    /// Adds an alias of a model, such as the name of a deployment on Azure. A look-up of the alias returns the current
    /// price of the model, or `None` while the model has no price in the table.
    #[must_use = "returns the changed value"]
    pub fn alias(mut self, name: impl Into<String>, model: impl Into<String>) -> Self {
        self.named.insert(name.into(), Named::Alias(model.into()));
        self
    }

    /// Combines this table with another one, whose prices and aliases take precedence. The versions are joined by `+`.
    /// The date is the older one of the two, since the combined table is as old as its oldest part.
    #[must_use = "returns the changed value"]
    pub fn overlay(mut self, over: Self) -> Self {
        // Names of this table must not take precedence over the sources of the other one, so they become a source.
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

    /// Sets the version of the prices and their day (`YYYY-MM-DD`), as returned by [`version`](Self::version) and
    /// [`date`](Self::date).
    #[must_use = "returns the changed value"]
    pub fn versioned(mut self, version: impl Into<String>, date: impl Into<String>) -> Self {
        self.version = version.into();
        self.date = date.into();
        self
    }

    /// Returns the version of the prices, such as `genai-prices 0.2.3`; empty if it is unknown.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Returns the day on which the prices applied, as `YYYY-MM-DD`; empty if it is unknown.
    pub fn date(&self) -> &str {
        &self.date
    }

    /// Returns the start of the day of the prices (UTC), in seconds since 1970-01-01; `None` if the date is unknown.
    pub(crate) fn day_began(&self) -> Option<f64> {
        let mut parts = self.date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        let is_day = (1..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
        is_day.then(|| days_since_1970(year, month, day) as f64 * 86_400.0)
    }

    /// Returns a model's price: the one that was set for exactly this name, otherwise the one of the table's source.
    pub fn get(&self, model: &str) -> Option<Price> {
        let mut model = model;
        for _ in 0..=MAX_ALIASES {
            match self.named.get(model) {
                Some(Named::Price(price)) => return Some(**price),
                // An alias of itself: only a source can have a price for this name.
                Some(Named::Alias(other)) if other == model => break,
                Some(Named::Alias(other)) => model = other,
                None => break,
            }
        }
        self.sources.iter().rev().find_map(|source| source.get(model))
    }

    /// Returns the names to which a price or an alias was added in this table. Names that only its source has are not
    /// included.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        self.named.keys().map(String::as_str)
    }
}

/// A function that looks up the price of a model.
type PriceFn = dyn Fn(&str) -> Option<Price> + Send + Sync;

/// A source that is looked up for names without an entry in the table.
#[derive(Clone)]
enum Source {
    /// The price data that comes with the crate.
    Bundled,
    /// A user's function or a lower table.
    Function(Arc<PriceFn>),
}

impl Source {
    fn function(price: impl Fn(&str) -> Option<Price> + Send + Sync + 'static) -> Self {
        Self::Function(Arc::new(price))
    }

    fn get(&self, model: &str) -> Option<Price> {
        match self {
            Self::Bundled => bundled::find(model),
            Self::Function(price) => price(model),
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bundled => "Bundled",
            Self::Function(_) => "Function",
        })
    }
}

/// Returns the number of days from 1970-01-01 to a date, for years from 1 on.
///
/// This is Howard Hinnant's `days_from_civil` ("chrono-Compatible Low-Level Date Algorithms"). A year begins in March
/// here, so that a leap day is the last day of a year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_a_table_is_converted_to_a_timestamp() {
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
    fn gemini_2_0_flash_has_the_ported_systems_price_unless_aliased() {
        let table = PriceTable::bundled();
        assert_eq!(table.get("gemini-2.0-flash"), Some(Price::per_million(0.075, 0.30)));
        let dated = table.get("gemini-2.0-flash-001").unwrap();
        assert_eq!((dated.rates(0).input, dated.rates(0).output), (0.1, 0.4));
        let table = table.alias("gemini-2.0-flash", "gemini-2.0-flash-001");
        assert_eq!(table.get("gemini-2.0-flash"), Some(dated));
    }

    #[test]
    fn an_alias_has_the_current_price_of_its_model() {
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
    fn the_table_laid_over_takes_precedence() {
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
    fn overlaying_an_empty_table_keeps_the_bundled_prices_and_date() {
        let table = PriceTable::bundled().overlay(PriceTable::empty().versioned("acme 7", ""));
        assert_eq!(table.version(), format!("{}+acme 7", PriceTable::bundled().version()));
        assert_eq!(table.date(), PriceTable::bundled().date());
        assert!(table.get("gpt-4o").is_some());
    }
}
