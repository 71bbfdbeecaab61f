//! The values of matchers: a value outside of a closed set, or a bucket bound that a histogram does not have, never matches.
#![allow(clippy::result_large_err)] // A constant function has no heap for an error.

use super::FamilyShape;
use super::error::{QueryError, QueryErrorKind};
use super::text::{part, same};
use crate::sample::LabelValues;

/// Checks the text of a matcher, which is the part of the query from `from` to `to`.
pub(super) const fn check<'a>(
    query: &'a str,
    from: usize,
    to: usize,
    family: &'a FamilyShape<'a>,
    suffix: &str,
    label: &'a str,
    is_regex: bool,
) -> Result<(), QueryError<'a>> {
    if same(label, "le") && same(suffix, "_bucket") {
        let is_known = is_regex || is_bound(part(query, from, to), family.bounds);
        let what = QueryErrorKind::Bound { metric: family.name };
        return if is_known { Ok(()) } else { Err(QueryError { what, from, to }) };
    }
    let mut at = 0;
    while at < family.labels.len() && at < family.values.len() {
        if let (true, LabelValues::Closed(allowed)) = (same(family.labels[at], label), family.values[at]) {
            return check_closed(query, from, to, label, allowed, is_regex);
        }
        at += 1;
    }
    Ok(())
}

/// Checks a value, or each alternative of a regular expression, against a closed set.
const fn check_closed<'a>(
    query: &'a str,
    from: usize,
    to: usize,
    label: &'a str,
    allowed: &'a [&'a str],
    is_regex: bool,
) -> Result<(), QueryError<'a>> {
    let (mut begin, mut end) = (from, from);
    while end <= to {
        let is_end = end == to || (is_regex && query.as_bytes()[end] == b'|');
        if is_end {
            let value = part(query, begin, end);
            // Variables, escapes and other parts of regular expressions may match anything.
            if !value.is_empty() && is_plain(value) && !is_among(value, allowed) {
                let what = QueryErrorKind::Value { label, allowed };
                return Err(QueryError { what, from: begin, to: end });
            }
            begin = end + 1;
        }
        end += 1;
    }
    Ok(())
}

const fn is_among(value: &str, allowed: &[&str]) -> bool {
    let mut at = 0;
    while at < allowed.len() {
        if same(allowed[at], value) {
            return true;
        }
        at += 1;
    }
    false
}

const fn is_plain(value: &str) -> bool {
    let (bytes, mut at) = (value.as_bytes(), 0);
    while at < bytes.len() {
        if !bytes[at].is_ascii_alphanumeric() && bytes[at] != b'_' && bytes[at] != b'-' {
            return false;
        }
        at += 1;
    }
    true
}

/// Returns `true` for a text of digits alone.
pub(super) const fn is_integer(text: &str) -> bool {
    let (bytes, mut at) = (text.as_bytes(), 0);
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            return false;
        }
        at += 1;
    }
    !bytes.is_empty()
}

/// Returns `true` if a text is one of the bounds or `+Inf`, or if that is unknown.
#[allow(clippy::float_cmp)] // Both are the nearest number to the same digits.
const fn is_bound(text: &str, bounds: &[f64]) -> bool {
    // A number with an exponent, and text with a variable, are not checked.
    let Some(number) = decimal(text) else { return true };
    let mut at = 0;
    while at < bounds.len() {
        if bounds[at] == number {
            return true;
        }
        at += 1;
    }
    bounds.is_empty()
}

/// Returns the value of digits with at most one point. The quotient of two integers below 2^53 is rounded like the literal.
const fn decimal(text: &str) -> Option<f64> {
    const MOST_DIGITS: usize = 15;
    let (bytes, mut at) = (text.as_bytes(), 0);
    let (mut digits, mut scale, mut has_point) = (0_u64, 1_u64, false);
    if bytes.is_empty() || bytes.len() > MOST_DIGITS {
        return None;
    }
    while at < bytes.len() {
        match bytes[at] {
            digit @ b'0'..=b'9' => {
                digits = digits * 10 + (digit - b'0') as u64;
                scale *= if has_point { 10 } else { 1 };
            }
            b'.' if !has_point => has_point = true,
            _ => return None,
        }
        at += 1;
    }
    Some(digits as f64 / scale as f64)
}
