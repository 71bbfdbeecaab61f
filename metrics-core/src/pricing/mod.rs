//! Costs of tokens: prices of models, price tables and the cost of a call.

mod atomic_price;
mod bundled;
mod cost;
mod current;
#[cfg(feature = "toml")]
mod file;
#[cfg(feature = "genai-prices")]
mod genai;
mod price;
mod table;

pub(crate) use atomic_price::AtomicPrice;
pub use cost::{Cost, Rates};
pub(crate) use current::CurrentPrices;
#[cfg(feature = "toml")]
pub use file::{PriceError, PriceMistake};
pub use price::Price;
pub use table::PriceTable;
