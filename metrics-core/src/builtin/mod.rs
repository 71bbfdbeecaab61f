//! The built-in families.
//!
//! A group declares its families in one table (see [`declaration`]). It keeps one bundle of series for each value of its main
//! label (a task type, a model, a tool, an endpoint), so that a call looks its label up once and then records in one place.

mod budget;
mod bundle;
mod business;
mod completion;
mod cost;
mod declaration;
mod dimensions;
#[cfg(any(feature = "_push", feature = "serve"))]
mod exporting;
mod families;
mod health;
mod http;
mod llm;
mod otel;
mod rolling;
mod settings;
mod task;
mod tool;

pub use budget::{Budget, Unpriced};
pub(crate) use budget::{Budgets, TaskSpending};
pub use bundle::{DimensionedBundle, Group};
pub(crate) use bundle::{LabelText, Table};
pub(crate) use business::{CacheLabels, CacheResult, MemoryLabels};
pub(crate) use cost::ToolCost;
pub(crate) use declaration::{BuiltinFamily, EnabledFamilies, FamilyId};
pub(crate) use dimensions::{BundlesByPoint, Dimension, Dimensions, MAX_POINTS};
pub use dimensions::{DimensionPoint, DimensionValue};
#[cfg(feature = "serve")]
pub(crate) use exporting::{ExporterFamily, REASON, REFUSAL_REASONS};
#[cfg(feature = "_push")]
pub(crate) use exporting::{PUSH_OUTCOMES, PushFamily, TARGET};
#[cfg(any(test, feature = "promql", feature = "monitoring"))]
pub(crate) use families::BUILTIN_TABLES;
pub use families::{Bundle, Families};
pub(crate) use families::{find, reserved_label_names};
pub(crate) use health::Health;
pub(crate) use http::{Http, HttpSeries, Method};
pub use llm::{Attempt, CallFacts, LlmSeries};
pub(crate) use llm::{LlmFamily, MODEL, Spent};
pub(crate) use otel::Otel;
pub use otel::Profile;
#[cfg(feature = "otlp")]
pub(crate) use otel::attribute_name;
pub(crate) use settings::{CELL_BYTES, Settings};
pub(crate) use task::InFlight;
pub use task::{EndedTask, TaskSeries, TaskTotals};
pub(crate) use task::{TASK_TYPE, TaskFamily};
pub use tool::ToolSeries;
pub(crate) use tool::{TOOL_NAME, ToolFamily};
