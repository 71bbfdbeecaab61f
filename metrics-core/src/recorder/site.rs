//! Call sites: one static for each attribute, and the label values written there.

use super::{Cached, CallLabel};
use crate::builtin::{LlmSeries, TaskSeries, ToolSeries};
use crate::catalogue::{SiteInfo, SiteKind, Slo};

/// One tracked function, with the series that it resolved in the global metrics.
pub struct Site {
    info: SiteInfo,
    constant: Option<fn() -> CallLabel<'static>>,
    family: Option<fn()>,
    outside_global: bool,
    pub(crate) task: Cached<TaskSeries>,
    pub(crate) tool: Cached<ToolSeries>,
    pub(crate) llm: Cached<LlmSeries>,
}

impl Site {
    /// Describes a tracked function.
    pub const fn new(
        kind: SiteKind,
        function: &'static str,
        module: &'static str,
        file: &'static str,
        line: u32,
    ) -> Self {
        Self {
            info: SiteInfo {
                kind,
                function,
                module,
                file,
                line,
                label: None,
                family: None,
                provider: None,
                operation: None,
                slo: None,
            },
            constant: None,
            family: None,
            outside_global: false,
            task: Cached::new(),
            tool: Cached::new(),
            llm: Cached::new(),
        }
    }

    /// Says which label value it always has, so that its series start at zero.
    #[must_use]
    pub const fn with_constant(mut self, constant: fn() -> CallLabel<'static>) -> Self {
        self.constant = Some(constant);
        self
    }

    /// Says which call family it records in and how that is registered, so that it is seen before the
    /// first call.
    #[must_use]
    pub const fn with_family(mut self, name: &'static str, register: fn()) -> Self {
        self.info.family = Some(name);
        self.family = Some(register);
        self
    }

    /// Says that it records in an instance of its own.
    #[must_use]
    pub const fn outside_global(mut self) -> Self {
        self.outside_global = true;
        self
    }

    /// Whether it records in the global.
    pub(crate) fn is_global(&self) -> bool {
        !self.outside_global
    }

    /// Says whose model it calls, and for what.
    #[must_use]
    pub const fn with_model(mut self, provider: Option<&'static str>, operation: &'static str) -> Self {
        self.info.provider = provider;
        self.info.operation = Some(operation);
        self
    }

    /// Says what it is held to.
    #[must_use]
    pub const fn with_slo(mut self, slo: Slo) -> Self {
        self.info.slo = Some(slo);
        self
    }

    /// Whose model it calls, and for what.
    #[inline]
    pub(super) fn model(&self) -> (Option<&'static str>, Option<&'static str>) {
        (self.info.provider, self.info.operation)
    }

    /// Registers its call family in the global metrics.
    pub(crate) fn register_family(&self) {
        if let Some(register) = self.family {
            register();
        }
    }

    pub(crate) fn info(&self) -> SiteInfo {
        let value = self.constant().map(CallLabel::text);
        SiteInfo { label: self.info.kind.label().zip(value), ..self.info }
    }

    pub(crate) fn constant(&self) -> Option<CallLabel<'static>> {
        self.constant.map(|constant| constant())
    }
}

/// How a site is found by those who never called it.
pub struct SiteRef(pub &'static Site);

inventory::collect!(SiteRef);

pub(crate) fn linked_sites() -> impl Iterator<Item = &'static Site> {
    inventory::iter::<SiteRef>.into_iter().map(|site| site.0)
}

/// Every tracked function that is linked into the program, called or not.
///
/// A function of a library that the program never names may not be linked, and then isn't here.
pub fn sites() -> impl Iterator<Item = SiteInfo> {
    linked_sites().map(Site::info)
}

/// The constant names of tools, of functions that are linked.
pub(crate) fn tool_names() -> impl Iterator<Item = String> {
    let tools = sites().filter(|site| site.kind == SiteKind::Tool);
    tools.filter_map(|site| site.label.map(|(_, name)| name.to_owned()))
}

/// Tools and tasks that have one constant name though they are two functions: their calls can't be told
/// apart. The hook of the global metrics is told of each when they are made.
pub fn duplicate_names() -> Vec<(SiteInfo, SiteInfo)> {
    let mut named: Vec<_> = sites()
        .filter(|site| site.label.is_some() && matches!(site.kind, SiteKind::Task | SiteKind::Tool))
        .collect();
    named.sort_by_key(|site| (site.label, site.file, site.line));
    named.windows(2).filter(|pair| pair[0].label == pair[1].label).map(|pair| (pair[0], pair[1])).collect()
}
