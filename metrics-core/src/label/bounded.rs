//! Label values that are only known at run time, up to a maximum number.

use std::fmt;

use super::{Interner, MAX_LEN, OTHER};

/// A label value that is only known at run time. A family has series for at most `N` different values.
///
/// The first `N` values that a family records get a series each. Every further value is counted under `__other__`, as is
/// every value longer than [`MAX_LEN`](Self::MAX_LEN) bytes. `agent_metrics_label_overflow_total{family,label}` counts
/// how often that happens.
///
/// ```
/// use agent_metrics::Bounded;
///
/// let tenant: Bounded<64> = Bounded::from("acme");
/// assert_eq!(tenant.as_str(), "acme");
/// ```
#[derive(Clone, Copy)]
pub struct Bounded<const N: usize> {
    bytes: [u8; MAX_LEN],
    /// The length of the value, at most [`MAX_LEN`], or [`TOO_LONG`].
    length: u8,
}

const TOO_LONG: u8 = u8::MAX;

impl<const N: usize> Bounded<N> {
    /// The maximum length of a value, in bytes.
    pub const MAX_LEN: usize = MAX_LEN;

    /// Returns the value, or `__other__` if it was too long.
    pub fn as_str(&self) -> &str {
        // The bytes were copied from a `str` of this length, so they are valid UTF-8.
        self.as_bytes().and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or(OTHER)
    }

    #[inline]
    fn as_bytes(&self) -> Option<&[u8]> {
        self.bytes.get(..usize::from(self.length))
    }

    /// Returns the slot of this value among the values of a family.
    #[inline]
    pub(super) fn slot(&self, values: &Interner) -> usize {
        match self.as_bytes() {
            Some(text) => values.slot_of_bytes(text),
            None => values.overflow(),
        }
    }
}

impl<T: AsRef<str> + ?Sized, const N: usize> From<&T> for Bounded<N> {
    #[inline]
    fn from(text: &T) -> Self {
        let text = text.as_ref().as_bytes();
        let mut bounded = Self { bytes: [0; MAX_LEN], length: TOO_LONG };
        if let Some(bytes) = bounded.bytes.get_mut(..text.len()) {
            bytes.copy_from_slice(text);
            bounded.length = text.len() as u8;
        }
        bounded
    }
}

impl<const N: usize> From<String> for Bounded<N> {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl<const N: usize> fmt::Debug for Bounded<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}
