//! Call sites: one static for each attribute, with its constant label value.

use super::{Cached, CallLabel};
use crate::builtin::{Bundle, Dimension, Group, LlmSeries, TaskSeries, ToolSeries};
use crate::catalogue::{Catalogue, DimensionInfo, SiteInfo, SiteKind, Slo};
use crate::error::Fault;
use crate::instance::AgentMetrics;

/// One tracked function, with its cached series of the global instance.
pub struct Site {
    info: SiteInfo,
    constant: Option<fn() -> CallLabel<'static>>,
    family: Option<fn()>,
    outside_global: bool,
    /// True if a call of the function has facts before it starts: a provider, or an operation other than `chat`.
    is_described: bool,
    pub(crate) task: Cached<TaskSeries>,
    pub(crate) tool: Cached<ToolSeries>,
    pub(crate) llm: Cached<LlmSeries>,
}

impl Site {
    /// Creates the site of a tracked function.
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
            is_described: false,
            task: Cached::new(),
            tool: Cached::new(),
            llm: Cached::new(),
        }
    }

    /// Sets the constant label value, so that its series start at zero.
    #[must_use]
    pub const fn with_constant(mut self, constant: fn() -> CallLabel<'static>) -> Self {
        self.constant = Some(constant);
        self
    }

    /// Sets the call family and the function that registers it, so that it is exposed before the first call.
    #[must_use]
    pub const fn with_family(mut self, name: &'static str, register: fn()) -> Self {
        self.info.family = Some(name);
        self.family = Some(register);
        self
    }

    /// Marks the site as one that does not record in the global instance.
    #[must_use]
    pub const fn outside_global(mut self) -> Self {
        self.outside_global = true;
        self
    }

    /// Returns true if the site records in the global instance.
    pub(crate) fn is_global(&self) -> bool {
        !self.outside_global
    }

    /// Sets the provider of the model and the operation.
    #[must_use]
    pub const fn with_model(mut self, provider: Option<&'static str>, operation: &'static str) -> Self {
        self.info.provider = provider;
        self.info.operation = Some(operation);
        self.is_described = provider.is_some() || !matches!(operation.as_bytes(), b"chat");
        self
    }

    /// Sets the objectives of the function.
    #[must_use]
    pub const fn with_slo(mut self, slo: Slo) -> Self {
        self.info.slo = Some(slo);
        self
    }

    /// Returns true if a call of the function has facts before it starts.
    #[inline]
    pub(super) fn is_described(&self) -> bool {
        self.is_described
    }

    /// Returns the provider of the model and the operation.
    #[inline]
    pub(super) fn model(&self) -> (Option<&'static str>, Option<&'static str>) {
        (self.info.provider, self.info.operation)
    }

    /// Registers the call family in the global instance.
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

/// A reference by which `inventory` lists a site, also if it was never called.
pub struct SiteRef(pub &'static Site);

inventory::collect!(SiteRef);

pub(crate) fn linked_sites() -> impl Iterator<Item = &'static Site> {
    inventory::iter::<SiteRef>.into_iter().map(|site| site.0)
}

/// Returns every tracked function that is linked into the program, whether it was called or not.
///
/// A function of a library that the program never names may not be linked, and is missing then.
pub fn sites() -> impl Iterator<Item = SiteInfo> {
    linked_sites().map(Site::info)
}

/// Returns the constant tool names of the linked functions.
pub(crate) fn tool_names() -> impl Iterator<Item = String> {
    let tools = sites().filter(|site| site.kind == SiteKind::Tool);
    tools.filter_map(|site| site.label.map(|(_, name)| name.to_owned()))
}

/// Returns the pairs of tools or tasks that share one constant name: the calls of the two functions are counted in the same
/// series. The fault hook of the global instance gets a report of each pair when the instance is created.
pub fn duplicate_names() -> Vec<(SiteInfo, SiteInfo)> {
    let mut named: Vec<_> = sites()
        .filter(|site| site.label.is_some() && matches!(site.kind, SiteKind::Task | SiteKind::Tool))
        .collect();
    named.sort_by_key(|site| (site.label, site.file, site.line));
    named.windows(2).filter(|pair| pair[0].label == pair[1].label).map(|pair| (pair[0], pair[1])).collect()
}

impl AgentMetrics {
    /// Returns the families, tracked functions and dimensions of this instance, as data.
    pub fn catalogue(&self) -> Catalogue {
        let mut sites: Vec<_> = sites().collect();
        sites.sort_by_key(|site| (site.file, site.line));
        let info = |dimension: &Dimension| DimensionInfo { name: dimension.name, values: dimension.values };
        let dimensions = self.families_ref().dimensions.iter().map(info).collect();
        Catalogue { families: self.families(), sites, dimensions }
    }
}

/// Creates the series of every tracked function with a constant label, so that they are exposed at 0.
pub(super) fn start_at_zero(metrics: &AgentMetrics) {
    let families = metrics.families_ref();
    for (first, second) in duplicate_names() {
        let (label, value) = first.label.unwrap_or_default();
        let (first, second) = (first.to_string(), second.to_string());
        families.faults.report(&Fault::DuplicateName { label, value, first, second });
    }
    for site in linked_sites().filter(|site| site.is_global()) {
        site.register_family();
        let Some(label) = site.constant() else { continue };
        match site.info().kind {
            SiteKind::Task => start_series(&*families.tasks, label.text()),
            SiteKind::Tool => start_series(&*families.tools, label.text()),
            SiteKind::Llm => start_series(&*families.llm, label.text()),
            SiteKind::Step | SiteKind::General => {}
        }
    }
}

fn start_series<S: Bundle>(group: &impl Group<S>, value: &str) {
    group.bundle(group.slot_in_code(value)).start();
}

debug_by_name! {
    Site [] [];
    SiteRef [] [];
}
