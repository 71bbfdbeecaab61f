//! Units of metric names in UCUM, the notation that OpenTelemetry prescribes.

/// Converts the unit of a metric name to UCUM. A word that is no unit of UCUM is put in braces, which mark an annotation.
///
/// Source: the table of units in
/// <https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#metric-metadata-1>.
pub(super) fn ucum(unit: &str) -> String {
    let unit = match unit {
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
    unit.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_ucum_or_annotations_in_braces() {
        let units = ["", "seconds", "bytes", "ratio", "usd", "tokens", "steps"].map(ucum);
        assert_eq!(units, ["", "s", "By", "1", "{USD}", "{token}", "{steps}"]);
    }
}
