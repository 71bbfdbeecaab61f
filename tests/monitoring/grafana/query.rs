//! Parsed queries of dashboards, and their parts.

use std::time::Duration;

use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::{Expr, VectorSelector, parse};

/// A length of time that stands for `$__rate_interval` and is recognised in parsed queries, as in Grafana's linter.
pub const RATE_INTERVAL: Duration = Duration::from_secs(8_869);

/// Parses a query after replacing Grafana's lengths of time; variables in strings stay.
pub fn parsed(query: &str) -> Result<Expr, String> {
    let interval = format!("{}s", RATE_INTERVAL.as_secs());
    let query = query.replace("$__rate_interval", &interval).replace("$__range", "6069s");
    parse(&query.replace("$percentile", "0.95"))
}

/// Calls `see` with every part of a query and the parts around it, the outermost first.
pub fn walk<'e>(expr: &'e Expr, around: &mut Vec<&'e Expr>, see: &mut impl FnMut(&'e Expr, &[&'e Expr])) {
    see(expr, around);
    around.push(expr);
    match expr {
        Expr::Aggregate(aggregate) => {
            aggregate.param.iter().for_each(|param| walk(param, around, see));
            walk(&aggregate.expr, around, see);
        }
        Expr::Unary(unary) => walk(&unary.expr, around, see),
        Expr::Binary(binary) => {
            walk(&binary.lhs, around, see);
            walk(&binary.rhs, around, see);
        }
        Expr::Paren(paren) => walk(&paren.expr, around, see),
        Expr::Subquery(subquery) => walk(&subquery.expr, around, see),
        Expr::Call(call) => call.args.args.iter().for_each(|argument| walk(argument, around, see)),
        Expr::NumberLiteral(_)
        | Expr::StringLiteral(_)
        | Expr::VectorSelector(_)
        | Expr::MatrixSelector(_)
        | Expr::Extension(_) => {}
    }
    around.pop();
}

/// Returns every selector of a query.
pub fn selectors(expr: &Expr) -> Vec<&VectorSelector> {
    let mut found = Vec::new();
    walk(expr, &mut Vec::new(), &mut |part, _| match part {
        Expr::VectorSelector(selector) => found.push(selector),
        Expr::MatrixSelector(matrix) => found.push(&matrix.vs),
        _ => {}
    });
    found
}

/// Returns the name of a selector.
pub fn name(selector: &VectorSelector) -> &str {
    selector.name.as_deref().unwrap_or_default()
}

/// Returns true if a selector has the matcher `label=~"$label"`.
pub fn is_narrowed_by(selector: &VectorSelector, label: &str) -> bool {
    let is_it = |matcher: &Matcher| {
        matcher.name == label && matcher.value == format!("${label}") && matches!(matcher.op, MatchOp::Re(_))
    };
    selector.matchers.matchers.iter().any(is_it)
}
