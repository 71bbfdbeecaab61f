//! Units of names as UCUM writes them.

/// A unit in UCUM. The braces of what it has no unit for say that this is a word.
/// Source: the table of units in
/// <https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#metric-metadata-1>.
pub(super) fn ucum(unit: &str) -> String {
    let known = match unit {
        "" => return String::new(),
        "days" => "d",
        "hours" => "h",
        "minutes" => "min",
        "seconds" => "s",
        "milliseconds" => "ms",
        "microseconds" => "us",
        "nanoseconds" => "ns",
        "bytes" => "By",
        "meters" => "m",
        "volts" => "V",
        "amperes" => "A",
        "joules" => "J",
        "watts" => "W",
        "grams" => "g",
        "celsius" => "Cel",
        "hertz" => "Hz",
        "ratio" => "1",
        "percent" => "%",
        "usd" => "{USD}",
        "tokens" => "{token}",
        other => return format!("{{{other}}}"),
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_ucum_or_words_in_braces() {
        let units = ["", "seconds", "bytes", "ratio", "usd", "tokens", "steps"].map(ucum);
        assert_eq!(units, ["", "s", "By", "1", "{USD}", "{token}", "{steps}"]);
    }
}
