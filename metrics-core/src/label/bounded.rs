//! Label values that are only known at run time, up to a number of them.

use std::fmt;

use super::{Interner, MAX_LEN, OTHER};

/// Text for a label, of which a family keeps at most `N` different ones.
///
/// The first `N` values that a family sees get series of their own; every further value is counted
/// under `__other__`, and `agent_metrics_label_overflow_total{family,label}` says how often. So
/// is a value longer than [`MAX_LEN`](Self::MAX_LEN) bytes.
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
    /// Up to [`MAX_LEN`], or [`TOO_LONG`].
    length: u8,
}

const TOO_LONG: u8 = u8::MAX;

impl<const N: usize> Bounded<N> {
    /// The longest value in bytes.
    pub const MAX_LEN: usize = MAX_LEN;

    /// The value's text, `__other__` for one that was too long.
    pub fn as_str(&self) -> &str {
        // The bytes were copied from a `str` of this length.
        self.as_bytes().and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or(OTHER)
    }

    #[inline]
    fn as_bytes(&self) -> Option<&[u8]> {
        self.bytes.get(..usize::from(self.length))
    }

    /// The value's slot among those that a family has seen.
    #[inline]
    pub(super) fn slot(&self, values: &Interner) -> usize {
        match self.as_bytes() {
            Some(text) => values.slot_of(text),
            None => values.overflow(),
        }
    }
}

impl<T: AsRef<str> + ?Sized, const N: usize> From<&T> for Bounded<N> {
    #[inline]
    fn from(text: &T) -> Self {
        let text = text.as_ref().as_bytes();
        let mut made = Self { bytes: [0; MAX_LEN], length: TOO_LONG };
        if let Some(bytes) = made.bytes.get_mut(..text.len()) {
            bytes.copy_from_slice(text);
            made.length = text.len() as u8;
        }
        made
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
