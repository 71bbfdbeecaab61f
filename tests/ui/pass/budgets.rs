//! The keys `budget` and `dimensions` work on every shape of function; a spent budget is returned as an error.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use super::calls::{ready, task, tool};
use agent_metrics::{Budget, BudgetSpent, LabelValue, track_llm, track_task, track_tool};
use futures_util::stream::{self, Stream};

#[derive(Clone, Copy, LabelValue)]
enum Tier {
    Free,
}

type Spent<T> = Result<T, BudgetSpent>;

fn budget() -> &'static Budget {
    static BUDGET: OnceLock<Budget> = OnceLock::new();
    BUDGET.get_or_init(|| Budget::per_task("shapes", 1.0).expect("valid"))
}

struct Agent {
    budget: Arc<Budget>,
    tier: Tier,
}

#[track_tool(budget)]
impl Agent {
    fn budgeted_part(&self) -> Spent<u8> {
        Ok(1)
    }

    async fn budgeted_waits(&self) -> Spent<u8> {
        Ok(2)
    }
}

impl Agent {
    #[track_task(budget = self.budget, dimensions(self.tier))]
    async fn budgeted_method(&self) -> Spent<u8> {
        Ok(self.budgeted_part()? + self.budgeted_waits().await?)
    }

    #[track_task(budget = self.budget, dimensions(self.tier, true))]
    async fn budgeted_mover(self) -> Spent<Arc<Budget>> {
        Ok(self.budget)
    }
}

#[track_task(budget = budget())]
fn budgeted_sync(text: &str) -> Spent<impl Fn() -> usize + '_> {
    Ok(move || text.len())
}

#[track_task(budget = *budget)]
fn budgeted_boxed<'a>(budget: &'a &'a Budget) -> Pin<Box<dyn Future<Output = anyhow::Result<&'a str>> + 'a>> {
    Box::pin(async move { Ok(budget.name()) })
}

#[track_task(budget = budget(), task_type = "budgeted_opaque")]
fn budgeted_opaque(number: u8) -> impl Future<Output = Spent<u8>> {
    let next = number + 1;
    async move { Ok(next) }
}

#[track_llm(model = "budgeted", usage = in_body, budget, dimensions(Tier::Free))]
async fn budgeted_generic<T: Clone>(value: &T) -> Spent<T> {
    Ok(value.clone())
}

#[track_task(budget = budget(), stream)]
async fn budgeted_stream() -> Result<impl Stream<Item = u8>, BudgetSpent> {
    Ok(stream::iter([1, 2]))
}

#[track_task(budget = budget(), stream, task_type = "budgeted_stream_sync")]
fn budgeted_stream_sync() -> Result<impl Stream<Item = u8>, BudgetSpent> {
    Ok(stream::iter([1, 2]))
}

#[test]
fn every_function_shape_takes_budgets_and_dimensions() {
    let agent =
        || Agent { budget: Arc::new(Budget::per_task("method", 1.0).expect("valid")), tier: Tier::Free };
    assert_eq!(tool("budgeted_part").called("success", || agent().budgeted_part()), Ok(1));
    assert_eq!(task("budgeted_method").awaited("success", async { agent().budgeted_method().await }), Ok(3));
    let moved = task("budgeted_mover").awaited("success", agent().budgeted_mover());
    assert_eq!(moved.expect("enough").name(), "method");
    assert_eq!(task("budgeted_sync").called("success", || budgeted_sync("four").map(|len| len())), Ok(4));
    assert_eq!(
        task("budgeted_boxed").awaited("success", budgeted_boxed(&budget())).expect("enough"),
        "shapes"
    );
    assert_eq!(task("budgeted_opaque").awaited("success", budgeted_opaque(1)), Ok(2));
    assert_eq!(ready(budgeted_generic(&"text")), Ok("text"));
    assert!(ready(budgeted_stream()).is_ok() && budgeted_stream_sync().is_ok());
}

#[test]
fn a_spent_budget_refuses_the_call_with_an_error() {
    let spent = || {
        let spent = Budget::rolling("spent", std::time::Duration::from_secs(60), 1.0).expect("valid");
        agent_metrics::global().record_budget_spent_usd(&spent, 2.0);
        Agent { budget: Arc::new(spent), tier: Tier::Free }
    };
    let error = ready(async { spent().budgeted_method().await }).expect_err("the budget is spent");
    assert_eq!((&*error.budget, error.limit_usd), ("spent", 1.0));
    assert!(ready(spent().budgeted_mover()).is_err());
}
