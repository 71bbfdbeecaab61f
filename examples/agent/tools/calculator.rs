//! A calculator: recursive descent over `+ - * / % ^`, parentheses, signs, functions and constants.

use std::{fmt, str::CharIndices};

/// Deeper nesting is refused, so that no input can exhaust the stack.
const DEEPEST: usize = 64;

/// An error and its position.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{problem} at position {position}")]
pub(crate) struct CalculationError {
    /// The position in characters, from 1.
    pub(crate) position: usize,
    pub(crate) problem: Problem,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Problem {
    Unexpected(char),
    UnexpectedEnd,
    UnclosedParenthesis,
    BadNumber(String),
    UnknownName(String),
    DivisionByZero,
    NotFinite,
    TooDeep,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unexpected(found) => write!(f, "unexpected `{found}`"),
            Self::UnexpectedEnd => f.write_str("the expression ends too early"),
            Self::UnclosedParenthesis => f.write_str("unclosed parenthesis"),
            Self::BadNumber(text) => write!(f, "invalid number `{text}`"),
            Self::UnknownName(name) => write!(
                f,
                "unknown name `{name}` (functions: abs, sqrt, ln, log10, exp, sin, cos, tan, round; constants: pi, e)"
            ),
            Self::DivisionByZero => f.write_str("division by zero"),
            Self::NotFinite => f.write_str("the result is not a finite number"),
            Self::TooDeep => write!(f, "more than {DEEPEST} levels"),
        }
    }
}

/// The value of `expression`.
///
/// # Errors
/// It doesn't parse, or it has no finite value; the position is that of the character at fault.
pub(crate) fn calculate(expression: &str) -> Result<f64, CalculationError> {
    let mut parser = Parser { text: expression, rest: expression.char_indices(), depth: 0 };
    let value = parser.sum()?;
    match parser.peek() {
        None => Ok(value),
        Some((at, found)) => Err(parser.error(at, Problem::Unexpected(found))),
    }
}

struct Parser<'a> {
    text: &'a str,
    rest: CharIndices<'a>,
    depth: usize,
}

impl<'a> Parser<'a> {
    /// `sum = product (("+" | "-") product)*`
    fn sum(&mut self) -> Result<f64, CalculationError> {
        let mut value = self.product()?;
        while let Some((at, operator)) = self.take_if(|c| matches!(c, '+' | '-')) {
            let right = self.product()?;
            value = self.finite(at, if operator == '+' { value + right } else { value - right })?;
        }
        Ok(value)
    }

    /// `product = signed (("*" | "/" | "%") signed)*`
    fn product(&mut self) -> Result<f64, CalculationError> {
        let mut value = self.signed()?;
        while let Some((at, operator)) = self.take_if(|c| matches!(c, '*' | '/' | '%')) {
            let right = self.signed()?;
            if operator != '*' && right == 0.0 {
                return Err(self.error(at, Problem::DivisionByZero));
            }
            let result = match operator {
                '*' => value * right,
                '/' => value / right,
                _ => value % right,
            };
            value = self.finite(at, result)?;
        }
        Ok(value)
    }

    /// `signed = ("-" | "+") signed | power`. A sign binds weaker than `^`: `-2^2` is `-4`.
    fn signed(&mut self) -> Result<f64, CalculationError> {
        match self.take_if(|c| matches!(c, '-' | '+')) {
            Some((at, '-')) => Ok(-self.nested(at, Self::signed)?),
            Some((at, _)) => self.nested(at, Self::signed),
            None => self.power(),
        }
    }

    /// `power = atom ("^" signed)?`, so it associates to the right.
    fn power(&mut self) -> Result<f64, CalculationError> {
        let base = self.atom()?;
        match self.take_if(|c| c == '^') {
            Some((at, _)) => {
                let exponent = self.nested(at, Self::signed)?;
                self.finite(at, base.powf(exponent))
            }
            None => Ok(base),
        }
    }

    /// `atom = number | name | name atom-in-parentheses | "(" sum ")"`
    fn atom(&mut self) -> Result<f64, CalculationError> {
        match self.peek() {
            None => Err(self.error(self.text.len(), Problem::UnexpectedEnd)),
            Some((at, '(')) => self.parenthesized(at),
            Some((at, c)) if c.is_ascii_digit() || c == '.' => self.number(at),
            Some((at, c)) if c.is_alphabetic() => self.name(at),
            Some((at, found)) => Err(self.error(at, Problem::Unexpected(found))),
        }
    }

    fn parenthesized(&mut self, at: usize) -> Result<f64, CalculationError> {
        self.rest.next();
        let value = self.nested(at, Self::sum)?;
        match self.peek() {
            Some((_, ')')) => {
                self.rest.next();
                Ok(value)
            }
            Some((at, found)) => Err(self.error(at, Problem::Unexpected(found))),
            None => Err(self.error(at, Problem::UnclosedParenthesis)),
        }
    }

    fn number(&mut self, at: usize) -> Result<f64, CalculationError> {
        let text = self.take_while(|c| c.is_ascii_digit() || c == '.');
        text.parse().map_err(|_| self.error(at, Problem::BadNumber(text.to_owned())))
    }

    fn name(&mut self, at: usize) -> Result<f64, CalculationError> {
        let name = self.take_while(char::is_alphanumeric);
        let function: fn(f64) -> f64 = match name {
            "pi" => return Ok(std::f64::consts::PI),
            "e" => return Ok(std::f64::consts::E),
            "abs" => f64::abs,
            "sqrt" => f64::sqrt,
            "ln" => f64::ln,
            "log10" => f64::log10,
            "exp" => f64::exp,
            "sin" => f64::sin,
            "cos" => f64::cos,
            "tan" => f64::tan,
            "round" => f64::round,
            unknown => return Err(self.error(at, Problem::UnknownName(unknown.to_owned()))),
        };
        match self.peek() {
            Some((open, '(')) => {
                let argument = self.parenthesized(open)?;
                self.finite(at, function(argument))
            }
            Some((at, found)) => Err(self.error(at, Problem::Unexpected(found))),
            None => Err(self.error(self.text.len(), Problem::UnexpectedEnd)),
        }
    }

    fn nested<T>(
        &mut self,
        at: usize,
        parse: impl FnOnce(&mut Self) -> Result<T, CalculationError>,
    ) -> Result<T, CalculationError> {
        if self.depth == DEEPEST {
            return Err(self.error(at, Problem::TooDeep));
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    fn finite(&self, at: usize, value: f64) -> Result<f64, CalculationError> {
        if value.is_finite() { Ok(value) } else { Err(self.error(at, Problem::NotFinite)) }
    }

    fn error(&self, at: usize, problem: Problem) -> CalculationError {
        CalculationError { position: self.text[..at].chars().count() + 1, problem }
    }

    /// The next character that is no space, not consumed.
    fn peek(&mut self) -> Option<(usize, char)> {
        loop {
            let next = self.rest.clone().next()?;
            if !next.1.is_whitespace() {
                return Some(next);
            }
            self.rest.next();
        }
    }

    fn take_if(&mut self, wanted: impl Fn(char) -> bool) -> Option<(usize, char)> {
        let next = self.peek().filter(|&(_, c)| wanted(c))?;
        self.rest.next();
        Some(next)
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let text = self.rest.as_str();
        let end = text.find(|c| !wanted(c)).unwrap_or(text.len());
        for _ in text[..end].chars() {
            self.rest.next();
        }
        &text[..end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expression: &str, wanted: f64) {
        let value = calculate(expression).unwrap();
        assert!((value - wanted).abs() < 1e-9, "{expression} = {value}, wanted {wanted}");
    }

    #[track_caller]
    fn check_error(expression: &str, message: &str) {
        assert_eq!(calculate(expression).unwrap_err().to_string(), message);
    }

    #[test]
    fn precedence_and_associativity() {
        check("1 + 2 * 3", 7.0);
        check("(1 + 2) * 3", 9.0);
        check("10 - 4 - 3", 3.0);
        check("24 / 4 / 2", 3.0);
        check("2 ^ 3 ^ 2", 512.0);
        check("-2 ^ 2", -4.0);
        check("2 ^ -1", 0.5);
        check("7 % 4", 3.0);
        check("--3", 3.0);
    }

    #[test]
    fn functions_and_constants() {
        check("sqrt(16) + abs(-2)", 6.0);
        check("round(pi * 10)", 31.0);
        check("ln(e)", 1.0);
        check(" .5 ", 0.5);
    }

    #[test]
    fn errors_name_the_character() {
        check_error("", "the expression ends too early at position 1");
        check_error("2 +", "the expression ends too early at position 4");
        check_error("2 + * 3", "unexpected `*` at position 5");
        check_error("(1 + 2", "unclosed parenthesis at position 1");
        check_error("1 2", "unexpected `2` at position 3");
        check_error("1.2.3", "invalid number `1.2.3` at position 1");
        check_error("12 / (4 - 4)", "division by zero at position 4");
        check_error("10 ^ 400", "the result is not a finite number at position 4");
        check_error(
            "é",
            "unknown name `é` (functions: abs, sqrt, ln, log10, exp, sin, cos, tan, round; constants: pi, e) at position 1",
        );
        check_error("sqrt 4", "unexpected `4` at position 6");
        check_error("sqrt(-1)", "the result is not a finite number at position 1");
    }

    #[test]
    fn deep_nesting_is_an_error_and_not_a_crash() {
        for expression in ["(".repeat(100_000), "-".repeat(100_000), "2^".repeat(100_000)] {
            assert_eq!(calculate(&expression).unwrap_err().problem, Problem::TooDeep);
        }
    }
}
