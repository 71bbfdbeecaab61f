//! The figures on the page are those of `/metrics`.

use agent_metrics::serve::Exporter;
use agent_metrics::{AgentMetrics, Bounded, Counter, LabelSet, Metrics, Price, PriceTable, Status, Usage};
use agent_metrics_tests::{Samples, get};

use crate::browser::Browser;

/// Runs tasks with tools and LLM calls of two models, some of which fail.
fn work(metrics: &AgentMetrics) {
    for number in 0..12 {
        let task = metrics.track_task(if number % 3 == 0 { "research" } else { "chat" });
        let tool = metrics.track_tool("web_search");
        tool.finish(if number % 4 == 0 { Status::Error } else { Status::Success });
        let mut call = metrics.track_llm(if number % 2 == 0 { "large" } else { "small" });
        call.usage(&Usage::new(1000 + number, 50));
        call.finish(if number == 5 { Status::RateLimited } else { Status::Success });
        task.finish(if number == 7 { Status::Timeout } else { Status::Success });
    }
}

/// The cells of a table, row by row, as the page has them before it formats them.
fn table(browser: &Browser, id: &str) -> Vec<Vec<String>> {
    let script = format!(
        "return [...document.querySelectorAll('#table-{id} tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent))"
    );
    let rows = browser.run(&script);
    let texts = |row: &serde_json::Value| {
        row.as_array()
            .into_iter()
            .flatten()
            .map(|cell| cell.as_str().unwrap_or_default().to_owned())
            .collect()
    };
    rows.as_array().into_iter().flatten().map(texts).collect()
}

fn samples(exporter: &agent_metrics::serve::Serving) -> Samples {
    let (_, body) = get(&exporter.address().to_string(), "/metrics", "").expect("an answer");
    Samples::parse(&String::from_utf8(body).expect("UTF-8"))
}

#[test]
fn tables_show_the_values_of_the_exposition() {
    let Some(browser) = Browser::open(1400, 900, false) else { return };
    let prices = PriceTable::bundled()
        .with("large", Price::per_million(3.0, 15.0))
        .with("small", Price::per_million(0.5, 2.0));
    let metrics = AgentMetrics::builder().prices(prices).build().expect("valid settings");
    let exporter = Exporter::new(&metrics).live_page().start("127.0.0.1:0").expect("a free port");
    work(&metrics);
    let held = metrics.track_task("held");
    browser.show(&format!("http://{}/", exporter.address()));
    let samples = samples(&exporter);
    browser
        .until("the task in flight", "return document.querySelector('#stat-active').dataset.value === '1'");
    let shown: f64 = browser
        .text("return document.querySelector('#stat-cost_total').dataset.value")
        .parse()
        .expect("a number");
    let costs = ["large", "small"].map(|model| {
        ["input", "output"]
            .map(|kind| samples.sum("agent_cost_usd_total", &[("model", model), ("cost_type", kind)]))
    });
    let total: f64 = costs.iter().flatten().sum();
    assert!((shown - total).abs() < 1e-12, "{shown} {total}");

    browser.run("location.hash = 'board=models'");
    browser.until("two models", "return document.querySelectorAll('#table-models tbody tr').length === 2");
    for row in table(&browser, "models") {
        let model = &row[0];
        let calls = samples.sum("agent_llm_calls_total", &[("model", model)]);
        let tokens = |direction: &str| {
            samples.sum("agent_llm_tokens_total", &[("model", model), ("direction", direction)])
        };
        let plain = |cell: &str| cell.replace([',', '$'], "").parse::<f64>().expect("a number");
        assert!((plain(&row[1]) - calls).abs() < f64::EPSILON, "{row:?}");
        assert!((plain(&row[7]) - tokens("input")).abs() < f64::EPSILON, "{row:?}");
        assert!((plain(&row[9]) - tokens("output")).abs() < f64::EPSILON, "{row:?}");
        let cost: f64 = costs[usize::from(model == "small")].iter().sum();
        assert!((plain(&row[10]) - cost).abs() <= cost * 0.01, "{row:?} {cost}");
    }

    browser.run("location.hash = 'board=tasks'");
    browser.until("all tasks", "return document.querySelectorAll('#table-ended tbody tr').length === 12");
    let flight = table(&browser, "flight");
    assert_eq!((flight.len(), flight[0][1].as_str()), (1, "held"));
    let timeouts: Vec<_> = table(&browser, "ended").into_iter().filter(|row| row[2] == "timeout").collect();
    assert_eq!((timeouts.len(), timeouts[0][3].as_str()), (1, "timeout"));
    held.finish(Status::Success);
    browser.until("none in flight", "return document.querySelector('#table-flight .empty').checkVisibility() && document.querySelectorAll('#table-ended tbody tr').length === 13");
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[derive(Clone, Copy, LabelSet)]
struct Item {
    item: Bounded<2_000>,
}

#[derive(Metrics)]
#[metrics(namespace = "wide")]
struct Wide {
    /// Items.
    items_total: Counter<Item>,
}

#[test]
fn label_values_are_text_and_a_family_of_a_thousand_series_is_bounded() {
    let Some(browser) = Browser::open(1280, 900, false) else { return };
    let metrics = AgentMetrics::builder().build().expect("valid settings");
    let exporter = Exporter::new(&metrics).live_page().start("127.0.0.1:0").expect("a free port");
    browser.show(&format!("http://{}/", exporter.address()));
    let markup = "<img src=x onerror=alert(1)>\"&🦀";
    metrics.track_tool(markup).finish(Status::Success);
    metrics.track_task("</script><b>bold</b>").finish(Status::Success);
    // The board appears while the page is open.
    let wide = Wide::register(&metrics).expect("a free name");
    for item in 0..1_000 {
        wide.items_total.with(Item { item: format!("item {item}").as_str().into() }).inc();
    }
    browser.until(
        "the new board",
        "return [...document.querySelectorAll('nav a')].some((link) => link.textContent === 'Your metrics')",
    );
    for item in 0..1_000 {
        wide.items_total.with(Item { item: format!("item {item}").as_str().into() }).inc();
    }
    browser.run("location.hash = 'board=custom'");
    browser.until("its lines", "return document.querySelectorAll('.legend li').length > 5");
    let lines =
        browser.run("return document.querySelectorAll('.legend li').length").as_u64().expect("a number");
    assert!(lines <= 13, "{lines} lines");
    assert!(browser.text("return document.querySelector('.legend').textContent").contains("(other)"));
    browser.run("location.hash = 'board=tools'");
    browser.until("the tool", "return document.querySelectorAll('#table-tools tbody tr').length === 1");
    assert_eq!(browser.text("return document.querySelector('#table-tools tbody th').textContent"), markup);
    assert_eq!(
        browser
            .run("return document.querySelectorAll('main img, main th b, .legend span b').length")
            .as_u64(),
        Some(0)
    );
    browser.run("location.hash = 'board=tools&filter=nothing'");
    browser.until(
        "nothing matches",
        "return document.querySelector('#table-tools .empty').textContent === 'Nothing matches the filter.'",
    );
    assert_eq!(browser.errors(), Vec::<String>::new());
}
