//! Costs of tokens: prices of models, price tables and the cost of a call.
//!
//! ```
//! use agent_metrics::{Price, PriceTable, Usage};
//!
//! let prices = PriceTable::bundled().with("my-model", Price::per_million(1.25, 10.0));
//! let price = prices.get("my-model").expect("it was added");
//! // 1,000 input tokens at 1.25 USD and 100 output tokens at 10 USD per million.
//! let cost = price.cost(&Usage::new(1_000, 100));
//! assert!((cost.total() - 0.00225).abs() < 1e-12);
//! ```

pub(crate) mod amount;
mod atomic_price;
mod bundled;
mod cost;
mod current;
#[cfg(feature = "toml")]
mod file;
#[cfg(feature = "genai-prices")]
mod genai;
mod model_prices;
mod names;
mod price;
mod query;
mod table;
mod tariff;
mod time;

pub(crate) use atomic_price::AtomicPrice;
pub use cost::{Cost, Fees, Rates};
pub(crate) use current::{CurrentPrices, PriceClock};
#[cfg(feature = "toml")]
pub use file::{PriceError, PriceMistake};
pub(crate) use model_prices::{ModelPrices, SoldAs};
pub use price::Price;
pub use query::PriceQuery;
pub use table::PriceTable;
pub use tariff::Tariff;
pub(crate) use tariff::{Quote, seconds};
