//! Errors of price files.

use std::fmt;
use std::io;

/// The error of reading prices from TOML. No price of an invalid file is used.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum PriceError {
    /// The file could not be read.
    Unreadable {
        /// The path of the file.
        file: String,
        /// The kind of the I/O error.
        kind: io::ErrorKind,
        /// The message of the I/O error.
        message: String,
    },
    /// The text has mistakes.
    Invalid {
        /// The path of the file; `None` for text that didn't come from a file.
        file: Option<String>,
        /// All mistakes, in the order of their lines.
        mistakes: Vec<PriceMistake>,
    },
}

/// One mistake in a price file.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct PriceMistake {
    /// The line number, counted from 1.
    pub line: usize,
    /// The path of the field, such as `models.gpt-4o.input`; empty for a syntax error.
    pub field: String,
    /// A description of the mistake and of the values allowed.
    pub why: String,
}

impl fmt::Display for PriceMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.field {
            "" => write!(f, "line {}: {}", self.line, self.why),
            field => write!(f, "line {}: `{field}`: {}", self.line, self.why),
        }
    }
}

impl fmt::Display for PriceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { file, message, .. } => {
                write!(f, "cannot read prices from `{file}`: {message}")
            }
            Self::Invalid { file, mistakes } => {
                f.write_str("invalid prices")?;
                if let Some(file) = file {
                    write!(f, " in `{file}`")?;
                }
                mistakes.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))
            }
        }
    }
}

impl std::error::Error for PriceError {}
