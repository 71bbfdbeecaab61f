//! What is wrong with a file of prices.

use std::fmt;
use std::io;

/// Why a file of prices was not taken. Nothing of it was.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum PriceError {
    /// The file could not be read.
    Unreadable {
        /// Its path.
        file: String,
        /// The kind of the error that reading it gave.
        kind: io::ErrorKind,
        /// That error's words.
        message: String,
    },
    /// It has mistakes.
    Invalid {
        /// Its path; `None` for text that came from elsewhere.
        file: Option<String>,
        /// All of them, in the order of their lines.
        mistakes: Vec<PriceMistake>,
    },
}

/// One mistake in a file of prices.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct PriceMistake {
    /// The line, from 1.
    pub line: usize,
    /// The field with the tables it is in, such as `models.gpt-4o.input`; empty for a mistake of syntax.
    pub field: String,
    /// What is wrong, and what is allowed.
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
                write!(f, "prices in `{file}` are unreadable: {message}")
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
