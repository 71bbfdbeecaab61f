//! The plan of a task: the steps to its answer.

use crate::{task::TaskKind, tools::ToolName};

/// One instruction to the model, and the tools it may ask for meanwhile.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) instruction: String,
    pub(crate) tools: &'static [ToolName],
}

/// Gather, look closer where the kind of task asks for it, then answer without tools.
pub(crate) fn plan(kind: TaskKind, prompt: &str) -> Vec<Step> {
    use ToolName::{Calculator, SearchDocs, SummarizeFile};
    let step = |instruction: String, tools| Step { instruction, tools };
    let mut steps = Vec::new();
    match kind {
        TaskKind::Search | TaskKind::Chat => {
            steps.push(step(format!("Look this up: {prompt}"), &[SearchDocs, Calculator, SummarizeFile]));
            steps.push(step(
                "Answer in a few sentences from what was found, and name the files.".to_owned(),
                &[],
            ));
        }
        TaskKind::Analysis => {
            steps.push(step(format!("Gather what bears on this: {prompt}"), &[SearchDocs, Calculator]));
            steps.push(step("Summarize the file that fits best.".to_owned(), &[SummarizeFile]));
            steps.push(step("Weigh what was found, for and against, and conclude.".to_owned(), &[]));
        }
        TaskKind::Coding => {
            steps.push(step(format!("Find examples for this: {prompt}"), &[SearchDocs]));
            if prompt.contains(|c: char| c.is_ascii_digit()) {
                steps.push(step(format!("Check the numbers of this: {prompt}"), &[Calculator]));
            }
            steps.push(step("Write the code, then say in one sentence how it works.".to_owned(), &[]));
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plan_opens_with_the_task_and_ends_without_tools() {
        for kind in TaskKind::ALL {
            let steps = plan(kind, "the prompt");
            assert!(steps[0].instruction.ends_with(": the prompt"));
            assert!(steps.last().is_some_and(|step| step.tools.is_empty()));
        }
    }

    #[test]
    fn numbers_in_a_coding_task_are_checked() {
        assert_eq!(plan(TaskKind::Coding, "sort").len(), 2);
        assert_eq!(plan(TaskKind::Coding, "sort 2 * 500 items").len(), 3);
    }
}
