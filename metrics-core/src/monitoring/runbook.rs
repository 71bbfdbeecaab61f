//! The runbook of an alert, as data.

/// The instructions for an alert: its meaning, the things to check, the actions.
#[derive(Clone, Debug)]
pub(crate) struct Runbook {
    /// The name of the alert, which is also the name of the page.
    pub(crate) name: String,
    pub(crate) means: String,
    pub(crate) look: &'static [&'static str],
    pub(crate) act: &'static [&'static str],
}

impl Runbook {
    /// Returns an empty runbook of an alert.
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), means: String::new(), look: &[], act: &[] }
    }
}
