//! Label values that are only known at run time, up to a number of them.

use std::fmt;

use super::OTHER;

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
    bytes: [u8; 127],
    length: u8,
}

impl<const N: usize> Bounded<N> {
    /// The longest value in bytes.
    pub const MAX_LEN: usize = 127;

    /// The value's text, `__other__` for one that was too long.
    pub fn as_str(&self) -> &str {
        // The bytes were copied from a `str` of this length.
        std::str::from_utf8(self.as_bytes()).unwrap_or(OTHER)
    }

    #[inline]
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl<T: AsRef<str> + ?Sized, const N: usize> From<&T> for Bounded<N> {
    #[inline]
    fn from(text: &T) -> Self {
        let text = text.as_ref();
        let text = if text.len() > Self::MAX_LEN { OTHER } else { text };
        let mut made = Self { bytes: [0; 127], length: text.len() as u8 };
        made.bytes[..text.len()].copy_from_slice(text.as_bytes());
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
