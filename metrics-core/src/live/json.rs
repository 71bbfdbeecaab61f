//! A writer of JSON for the data of the page.

use std::fmt::Write as _;

/// Writes JSON. The caller nests objects and arrays correctly; commas are inserted where they are needed.
#[derive(Default)]
pub(super) struct Json(String);

impl Json {
    pub(super) fn into_string(self) -> String {
        self.0
    }

    fn separate(&mut self) {
        if !matches!(self.0.as_bytes().last(), None | Some(b'{' | b'[' | b':' | b',')) {
            self.0.push(',');
        }
    }

    /// Writes the key of the next value.
    pub(super) fn key(&mut self, name: &str) -> &mut Self {
        self.text(name);
        self.0.push(':');
        self
    }

    pub(super) fn text(&mut self, text: &str) {
        self.separate();
        self.0.push('"');
        for character in text.chars() {
            match character {
                '"' => self.0.push_str("\\\""),
                '\\' => self.0.push_str("\\\\"),
                '\n' => self.0.push_str("\\n"),
                // Valid in JSON, but a line break for a reader of server-sent events, or the end of an inline script.
                '\r' | '<' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                    let _ = write!(self.0, "\\u{:04x}", character as u32);
                }
                other => self.0.push(other),
            }
        }
        self.0.push('"');
    }

    pub(super) fn integer(&mut self, number: u64) {
        self.separate();
        self.0.push_str(itoa::Buffer::new().format(number));
    }

    /// Writes a number; `null` for NaN and infinities, which JSON doesn't have.
    pub(super) fn number(&mut self, number: f64) {
        self.separate();
        if !number.is_finite() {
            self.0.push_str("null");
        } else if number.fract() == 0.0 && number.abs() < 9e15 {
            self.0.push_str(itoa::Buffer::new().format(number as i64));
        } else {
            self.0.push_str(zmij::Buffer::new().format_finite(number));
        }
    }

    /// Writes a number with about four digits, for a chart.
    pub(super) fn rounded(&mut self, number: f32) {
        let number = f64::from(number);
        if number == 0.0 || !number.is_finite() {
            return self.number(number);
        }
        let digits = 3 - number.abs().log10().floor() as i32;
        let scale = 10_f64.powi(digits.abs());
        // Dividing by a power of ten gives the shortest decimal form; multiplying by its inverse does not.
        let rounded =
            if digits >= 0 { (number * scale).round() / scale } else { (number / scale).round() * scale };
        self.number(rounded);
    }

    pub(super) fn boolean(&mut self, value: bool) {
        self.separate();
        self.0.push_str(if value { "true" } else { "false" });
    }

    pub(super) fn object(&mut self, write: impl FnOnce(&mut Self)) {
        self.nested('{', '}', write);
    }

    pub(super) fn array(&mut self, write: impl FnOnce(&mut Self)) {
        self.nested('[', ']', write);
    }

    fn nested(&mut self, open: char, close: char, write: impl FnOnce(&mut Self)) {
        self.separate();
        self.0.push(open);
        write(self);
        self.0.push(close);
    }

    /// Appends a value that is JSON already.
    pub(super) fn raw(&mut self, json: &str) {
        self.separate();
        self.0.push_str(json);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_separated_and_texts_are_escaped() {
        let mut json = Json::default();
        json.object(|json| {
            json.key("a").array(|json| {
                json.integer(1);
                json.number(f64::NAN);
                json.number(-2.5);
                json.array(|_| {});
                json.object(|_| {});
                json.boolean(true);
            });
            json.key("b:").text("</script>\"\\\n\r\u{2028}é🦀:");
            json.key("c").raw("[2]");
        });
        let expected =
            r#"{"a":[1,null,-2.5,[],{},true],"b:":"\u003c/script>\"\\\n\u000d\u2028é🦀:","c":[2]}"#;
        assert_eq!(json.into_string(), expected);
    }

    #[test]
    fn numbers_of_charts_have_four_digits() {
        let text = |number: f32| {
            let mut json = Json::default();
            json.rounded(number);
            json.into_string()
        };
        for (number, expected) in [
            (0.0, "0"),
            (0.123_456, "0.1235"),
            (123_456.0, "123500"),
            (99.996, "100"),
            (1.5e-7, "1.5e-7"),
            (-7.0, "-7"),
            (f32::NAN, "null"),
        ] {
            assert_eq!(text(number), expected, "{number}");
        }
    }
}
