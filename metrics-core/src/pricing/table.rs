//! A table of prices by model name.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::bundled;
use super::price::Price;
use super::query::PriceQuery;
use super::tariff::{Quote, Tariff};
use super::time::day_start;

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
/// Prices are in USD per million text, audio and image tokens, and for some models per web search, request or hour of
/// audio. They may change over time and differ by service tier; see [`Tariff`]. A cost computed from a table is an estimate;
/// the vendor's bill decides.
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
    /// The prices of a model.
    Tariff(Box<Tariff>),
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

    /// Returns the prices that come with the crate: about 400 models of Anthropic, Cohere, DeepSeek, Google, Meta, MiniMax,
    /// Mistral, Moonshot, OpenAI, Perplexity, Voyage, xAI, Z.AI and Zhipu, and those of Amazon Nova, Groq and Cerebras,
    /// taken from the data of the [`genai-prices`](https://github.com/pydantic/genai-prices) project (MIT, Pydantic
    /// Services Inc.) with the corrections in `tools/price-corrections.toml`. [`version`](Self::version) and
    /// [`date`](Self::date) return the release of that data and its day.
    ///
    /// The table has the service tiers that the vendors publish, fees for web searches and for audio by the hour, prices by
    /// the hour of the day, and changes that are announced for a later day, which apply from midnight UTC of that day.
    ///
    /// # Names
    /// Names are recognised as clients send them: with a date, in upper case, with the prefix of a client library, a cloud
    /// or a router (`gemini/`, `models/`, `publishers/google/models/`, `azure/`, `openrouter/`, ..), with the prefix of the
    /// vendor (`openai/gpt-4o`), with OpenRouter's suffixes (`:online`). A suffix that may stand for another product, such
    /// as `:free`, gives no price unless the source has one for it.
    ///
    /// Open models are sold by many hosts under one name. The provider of the call decides
    /// ([`PriceQuery::provider`], the attribute's `provider`, or what an integration reports). Without a provider, a name
    /// for which another seller has another price has no price: `gpt-oss-120b`, `glm-5`, `deepseek/deepseek-v4-pro`. A
    /// known host that is not in the table has no prices here.
    ///
    /// Anthropic's models on Amazon Bedrock have the vendor's price at a `global.` endpoint, and 10 % more at all others
    /// (`us.anthropic.claude-..`, `anthropic.claude-..`), except for models before Claude Sonnet 4.5, which cost the same
    /// everywhere. Other vendors' models on Bedrock have no price. Azure and Google Cloud have the vendors' prices.
    pub fn bundled() -> Self {
        Self::from_source(Source::Bundled, bundled::version(), bundled::date())
    }

    /// Creates a table that looks prices up by calling a function.
    ///
    /// A metrics instance calls the function once for each model, and once more for each provider and service tier in which
    /// the model is called: at the first such call, and again when the instance's table is replaced. It may call it more
    /// often if several threads record a new model at the same time.
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

    /// Adds a model's price, or replaces it. It applies to calls of this name through every provider.
    #[must_use = "returns the changed value"]
    pub fn with(mut self, model: impl Into<String>, price: impl Into<Tariff>) -> Self {
        self.named.insert(model.into(), Named::Tariff(Box::new(price.into())));
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
            self.sources = vec![Source::Table(Arc::new(below))];
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
        day_start(&self.date).map(|seconds| seconds as f64)
    }

    /// Returns the price of a model today, in the standard tier and without regard to its provider: the one that was set for
    /// exactly this name, otherwise the one of the table's source.
    pub fn get(&self, model: &str) -> Option<Price> {
        self.find(&PriceQuery::new(model))
    }

    /// Returns the price of a call.
    pub fn find(&self, query: &PriceQuery<'_>) -> Option<Price> {
        self.quote(query).map(|quote| quote.price)
    }

    /// Returns the price of a call and the time until which it applies.
    pub(crate) fn quote(&self, query: &PriceQuery<'_>) -> Option<Quote> {
        let mut query = *query;
        for _ in 0..=MAX_ALIASES {
            match self.named.get(query.model) {
                Some(Named::Tariff(tariff)) => return Some(tariff.quote(query.tier, query.seconds())),
                // An alias of itself: only a source can have a price for this name.
                Some(Named::Alias(other)) if other == query.model => break,
                Some(Named::Alias(other)) => query.model = other,
                None => break,
            }
        }
        self.sources.iter().rev().find_map(|source| source.quote(&query))
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
    /// A user's function.
    Function(Arc<PriceFn>),
    /// A lower table.
    Table(Arc<PriceTable>),
}

impl Source {
    fn function(price: impl Fn(&str) -> Option<Price> + Send + Sync + 'static) -> Self {
        Self::Function(Arc::new(price))
    }

    fn quote(&self, query: &PriceQuery<'_>) -> Option<Quote> {
        match self {
            Self::Bundled => bundled::find(query),
            Self::Function(price) => price(query.model).map(Quote::from),
            Self::Table(table) => table.quote(query),
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bundled => "Bundled",
            Self::Function(_) => "Function",
            Self::Table(_) => "Table",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(usd: f64) -> Price {
        Price::per_million(usd, usd)
    }

    #[test]
    fn gemini_2_0_flash_has_its_real_price() {
        let price = PriceTable::bundled().get("gemini-2.0-flash").unwrap();
        let rates = price.rates(0);
        assert_eq!((rates.input, rates.output, rates.cache_read), (0.1, 0.4, 0.025));
        assert_eq!(PriceTable::bundled().get("gemini-2.0-flash-001"), Some(price));
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
