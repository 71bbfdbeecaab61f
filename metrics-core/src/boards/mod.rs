//! Boards of panels and tables, defined once for every way of showing them: live in a page of the program, and as a
//! dashboard in Grafana.

mod builtin;
mod expression;
mod user_defined;

pub(crate) use builtin::boards;
pub(crate) use expression::{
    Aggregate, Expression, ExpressionError, Function, Operation, Part, Query, Selection, bucket_names,
    bucket_quantile,
};

use crate::sample::FamilyInfo;

/// A titled page of stats, charts and tables.
#[derive(Clone, Debug)]
pub(crate) struct Board {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    /// Current values, at the top.
    pub(crate) stats: Vec<Panel>,
    pub(crate) charts: Vec<Panel>,
    pub(crate) tables: Vec<Table>,
}

/// One chart, or one current value with a small chart.
#[derive(Clone, Debug)]
pub(crate) struct Panel {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) view: View,
    pub(crate) unit: Unit,
    pub(crate) fold: Fold,
    pub(crate) limit: Option<Limit>,
    pub(crate) queries: Vec<NamedQuery>,
}

/// A query with the name of its series; the values of the labels by which it is grouped are appended.
#[derive(Clone, Debug)]
pub(crate) struct NamedQuery {
    pub(crate) name: String,
    pub(crate) query: Query,
}

/// The way in which a panel shows its values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum View {
    /// A line for each series.
    Lines,
    /// Areas on top of each other, for series that are parts of a whole.
    Stacked,
    /// A cell for each bucket of a histogram and each point in time.
    Heat,
    /// The current value.
    Stat,
}

/// The unit of values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unit {
    Number,
    PerMinute,
    Seconds,
    /// A share of 1, shown as a percentage.
    Share,
    Usd,
    UsdPerHour,
    Tokens,
    TokensPerMinute,
    Bytes,
}

/// The value that stands for several consecutive ones where a chart has a coarser step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fold {
    Mean,
    Max,
    Last,
}

/// A value beyond which a panel asks for attention.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Limit {
    Above(f64),
    Below(f64),
}

/// A table with a row for each value of a label.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    /// The label whose values are the rows, with the heading of its column.
    pub(crate) heading: &'static str,
    pub(crate) columns: Vec<Column>,
    /// The text in place of a table without rows.
    pub(crate) empty: &'static str,
}

/// A column of a table.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) title: &'static str,
    pub(crate) unit: Unit,
    pub(crate) query: Query,
    pub(crate) limit: Option<Limit>,
}

impl Unit {
    /// The name of the unit in the page's data.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::PerMinute => "per_minute",
            Self::Seconds => "seconds",
            Self::Share => "share",
            Self::Usd => "usd",
            Self::UsdPerHour => "usd_per_hour",
            Self::Tokens => "tokens",
            Self::TokensPerMinute => "tokens_per_minute",
            Self::Bytes => "bytes",
        }
    }
}

impl View {
    /// The name of the view in the page's data.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Stacked => "stacked",
            Self::Heat => "heat",
            Self::Stat => "stat",
        }
    }
}

/// A panel or a table whose queries are checked as they are added: an error of one leaves the panel out.
struct Panels<'a> {
    families: &'a [FamilyInfo],
    made: Vec<Panel>,
    errors: Vec<ExpressionError>,
}

impl<'a> Panels<'a> {
    fn new(families: &'a [FamilyInfo]) -> Self {
        Self { families, made: Vec::new(), errors: Vec::new() }
    }

    /// Adds a panel if at least one of its queries fits the families.
    fn add(
        &mut self,
        view: View,
        unit: Unit,
        id: &str,
        texts: [&str; 2],
        queries: Vec<(&str, Expression)>,
    ) -> &mut Self {
        let mut named = Vec::new();
        for (name, expression) in queries {
            match expression.checked(self.families) {
                Ok(query) => named.push(NamedQuery { name: name.to_owned(), query }),
                Err(error) => self.errors.push(error),
            }
        }
        if !named.is_empty() {
            let [title, description] = texts.map(str::to_owned);
            let id = id.to_owned();
            let fold = Fold::Mean;
            self.made.push(Panel { id, title, description, view, unit, fold, limit: None, queries: named });
        }
        self
    }

    /// Sets the limit of the panel that was added last.
    fn limit(&mut self, limit: Limit) -> &mut Self {
        if let Some(panel) = self.made.last_mut() {
            panel.limit = Some(limit);
        }
        self
    }

    /// Sets how values of the panel that was added last are folded.
    fn fold(&mut self, fold: Fold) -> &mut Self {
        if let Some(panel) = self.made.last_mut() {
            panel.fold = fold;
        }
        self
    }
}
