//! `docs = true`: appends the metric families of a function to its documentation.

use quote::ToTokens as _;
use syn::{Attribute, parse_quote};

use super::label::CallLabel;
use super::signature::Function;
use super::{Plan, Subject};

/// The environment variable that sets `docs` for all tracked functions at compile time.
const VARIABLE: &str = "AGENT_METRICS_DOCS";

/// Returns the default of the key `docs`.
pub(super) fn enabled_by_default() -> bool {
    std::env::var(VARIABLE).is_ok_and(|value| matches!(value.as_str(), "1" | "true"))
}

/// Appends the section to the user's documentation, if the plan asks for it.
pub(super) fn document(plan: &Plan, function: &mut Function) {
    if !plan.docs {
        return;
    }
    let text = match &plan.subject {
        Subject::Task { label, .. } => TASK.section(label),
        Subject::Tool { label, .. } => TOOL.section(label),
        Subject::Llm { label, .. } => LLM.section(label),
        Subject::Step => "One step of the enclosing task, in `agent_steps_per_task`.".to_owned(),
        Subject::Family { labels, .. } => {
            let labels = labels.to_token_stream().to_string().replace(' ', "");
            format!(
                "One call in the family of [`{labels}`]: its name with `_calls_total`, \
                 `_call_duration_seconds` and, with `in_flight`, `_calls_in_progress`."
            )
        }
    };
    let is_documented = function.attrs.iter().any(|attr| attr.path().is_ident("doc"));
    let lines = is_documented.then_some("").into_iter().chain(["# Metrics", ""]).chain(text.lines());
    function.attrs.extend(lines.map(|line| -> Attribute { parse_quote!(#[doc = #line]) }));
}

/// The families of one preset.
struct PresetFamilies {
    label: &'static str,
    calls: &'static str,
    duration: &'static str,
    more: &'static [&'static str],
}

const TASK: PresetFamilies = PresetFamilies {
    label: "task_type",
    calls: "agent_tasks_total",
    duration: "agent_task_duration_seconds",
    more: &["agent_steps_per_task", "agent_active_tasks"],
};
const TOOL: PresetFamilies = PresetFamilies {
    label: "tool_name",
    calls: "agent_tool_calls_total",
    duration: "agent_tool_call_duration_seconds",
    more: &["agent_tool_calls_in_progress"],
};
const LLM: PresetFamilies = PresetFamilies {
    label: "model",
    calls: "agent_llm_calls_total",
    duration: "agent_llm_call_duration_seconds",
    more: &["agent_llm_calls_in_progress", "agent_llm_tokens_total", "agent_cost_usd_total"],
};

impl PresetFamilies {
    /// Returns the list of families, and one query each for the rate, the errors and the latency of the calls.
    fn section(&self, label: &CallLabel) -> String {
        let Self { label: name, calls, duration, more } = *self;
        let (with, errors, by, by_le) = match label {
            CallLabel::Constant(text) => {
                let value = text.value().replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
                let matcher = format!("{name}=\"{value}\"");
                let errors = format!("{{{matcher},status!=\"success\"}}");
                (format!("{{{matcher}}}"), errors, String::new(), "le".to_owned())
            }
            CallLabel::Computed(_) => (
                String::new(),
                "{status!=\"success\"}".to_owned(),
                format!(" by ({name})"),
                format!("le, {name}"),
            ),
        };
        let mut names: Vec<_> = [calls, duration].into_iter().chain(more.iter().copied()).collect();
        let last = names.pop().unwrap_or_default();
        format!(
            "`{}` and `{last}`.\n\n\
             - calls per second: `sum{by} (rate({calls}{with}[5m]))`\n\
             - failed share of calls: `sum{by} (rate({calls}{errors}[5m])) / sum{by} (rate({calls}{with}[5m]))`\n\
             - 95th percentile of the duration in seconds: \
             `histogram_quantile(0.95, sum by ({by_le}) (rate({duration}_bucket{with}[5m])))`",
            names.join("`, `")
        )
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use crate::track::tool::Tool;

    fn expanded(args: &proc_macro2::TokenStream) -> String {
        crate::track::attribute::<Tool>(
            args,
            &quote!(
                /** Looks. */
                fn look(name: &str) {}
            ),
        )
        .to_string()
    }

    #[test]
    fn a_section_names_families_and_queries() {
        let text = expanded(&quote!(docs = true));
        for part in [
            "# Metrics",
            "`agent_tool_calls_total`, `agent_tool_call_duration_seconds` and `agent_tool_calls_in_progress`.",
            "sum (rate(agent_tool_calls_total{tool_name=\\\"look\\\"}[5m]))",
            "sum by (le) (rate(agent_tool_call_duration_seconds_bucket{tool_name=\\\"look\\\"}[5m]))",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert!(
            text.find("Looks.") < text.find("# Metrics"),
            "the section comes after the user's text: {text}"
        );
        let text = expanded(&quote!(docs = true, tool_name = name));
        assert!(text.contains("sum by (tool_name) (rate(agent_tool_calls_total[5m]))"), "{text}");
        assert!(!expanded(&quote!(docs = false)).contains("# Metrics"));
        assert!(!expanded(&quote!()).contains("# Metrics"));
    }
}
