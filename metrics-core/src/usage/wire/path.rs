//! Paths into JSON documents.

use serde_json::Value;

/// Returns the first value that `read` accepts among the values that `path` matches, in document order.
///
/// `a.b` selects a field of an object, `a|b.c` the field of the first of several objects that has it, `a[].b` that field of
/// each item of an array, `a[k=v].b` that of the items whose `k` is the string `v`; the empty path selects the value
/// itself. `null` counts as absent.
pub(super) fn find<'v, T>(
    value: &'v Value,
    path: &str,
    mut read: impl FnMut(&'v Value) -> Option<T>,
) -> Option<T> {
    follow(value, path, &mut read)
}

/// Calls `visit` with every value that `path` matches, in document order.
pub(super) fn visit<'v>(value: &'v Value, path: &str, mut visit: impl FnMut(&'v Value)) {
    let visited: Option<()> = follow(value, path, &mut |found| {
        visit(found);
        None
    });
    debug_assert_eq!(visited, None, "the search goes on after each match");
}

fn follow<'v, T>(value: &'v Value, path: &str, read: &mut dyn FnMut(&'v Value) -> Option<T>) -> Option<T> {
    if value.is_null() {
        return None;
    }
    if path.is_empty() {
        return read(value);
    }
    let (step, rest) = path.split_once('.').unwrap_or((path, ""));
    let Some((key, filter)) = step.split_once('[') else {
        return step.split('|').find_map(|key| follow(value.get(key)?, rest, read));
    };
    let filter = filter.trim_end_matches(']').split_once('=');
    let chosen =
        |item: &&Value| filter.is_none_or(|(key, wanted)| item.get(key).is_some_and(|is| is == wanted));
    value.get(key)?.as_array()?.iter().filter(chosen).find_map(|item| follow(item, rest, read))
}

/// Returns the first text at any of `paths` that isn't empty.
pub(super) fn text<'v>(value: &'v Value, paths: &[&str]) -> Option<&'v str> {
    paths.iter().find_map(|path| find(value, path, |found| found.as_str().filter(|text| !text.is_empty())))
}

/// Returns true if there is a value at `path`. `false`, `null` and empty texts, arrays and objects don't count.
pub(super) fn is_there(value: &Value, path: &str) -> bool {
    let read = |found: &Value| match found {
        Value::Bool(is) => is.then_some(()),
        Value::String(text) => (!text.is_empty()).then_some(()),
        Value::Array(items) => (!items.is_empty()).then_some(()),
        Value::Object(fields) => (!fields.is_empty()).then_some(()),
        Value::Number(_) | Value::Null => Some(()),
    };
    find(value, path, read).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_path_selects_fields_of_objects_and_items_of_arrays() {
        let value = json!({"a": [{"k": "x", "n": 1}, {"k": "y", "n": 2}], "b": {"c": null}});
        assert_eq!(find(&value, "a[k=y].n", Value::as_u64), Some(2));
        assert_eq!(find(&value, "a[].n", |n| n.as_u64().filter(|n| *n > 1)), Some(2));
        assert_eq!(find(&value, "a.n", Some), None);
        assert_eq!(find(&value, "b.c", Some), None);
        assert!(is_there(&value, "a[k=x]") && !is_there(&value, "a[k=z]") && !is_there(&value, "b.c.d"));
    }

    #[test]
    fn alternatives_of_a_step_are_tried_in_order() {
        let value = json!({"b": {"n": 2}, "c": {"n": 3, "m": 4}});
        assert_eq!(find(&value, "a|b|c.n", Value::as_u64), Some(2));
        assert_eq!(find(&value, "a|b|c.m", Value::as_u64), Some(4));
        assert_eq!(find(&value, "x|y", Some), None);
    }

    #[test]
    fn every_match_is_visited() {
        let mut sum = 0;
        visit(&json!({"a": [{"n": 1}, {"n": null}, {"n": 2}]}), "a[].n", |n| sum += n.as_u64().unwrap());
        assert_eq!(sum, 3);
    }
}
