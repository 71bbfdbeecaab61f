//! The page loads from its own origin, fits every size and theme, and says in which state it is.

use agent_metrics::serve::Exporter;
use agent_metrics::{AgentMetrics, Status};
use agent_metrics_tests::{example, free_address};

use crate::browser::Browser;
use crate::pictures;

const BOARDS: [&str; 9] =
    ["overview", "tasks", "models", "tools", "types", "http", "budgets", "custom", "functions"];

fn build() -> AgentMetrics {
    AgentMetrics::builder().build().expect("the defaults are valid")
}

#[test]
fn the_page_of_the_example_loads_only_from_its_origin_and_fits() {
    let Some(wide) = Browser::open(1280, 1000, false) else { return };
    let dark = Browser::open(1280, 1000, true).expect("a second window");
    let phone = Browser::open(360, 740, false).expect("a third window");
    let (_agent, address) = example(&["--load", "5", "--seed", "7"]);
    let page = format!("http://{address}/");
    for (name, browser) in [("light", &wide), ("dark", &dark), ("phone", &phone)] {
        browser.show(&page);
        browser.until(
            "tasks are counted",
            "return Number(document.querySelector('#stat-tasks_per_minute').dataset.value) > 0",
        );
        // What fits the phone fits the wide windows.
        let boards = if name == "phone" { &BOARDS[..] } else { &BOARDS[..2] };
        for board in boards {
            browser.run(&format!("location.hash = 'board={board}'"));
            let is_shown = format!(
                "return document.querySelector('nav a[aria-current]')?.href.includes('board={board}') === true"
            );
            browser.until("the board is shown", &is_shown);
            let width = browser.run("return document.documentElement.scrollWidth - innerWidth");
            assert!(
                width.as_i64().expect("a width") <= 0,
                "{board} is wider than the {name} window by {width}"
            );
        }
        let foreign = browser.run("return performance.getEntriesByType('resource').map((each) => each.name).filter((name) => !name.startsWith(location.origin))");
        assert_eq!(foreign.as_array().map(Vec::len), Some(0), "{foreign}");
        assert_eq!(browser.errors(), Vec::<String>::new(), "{name}");
    }
    let brightness = |browser: &Browser| {
        let colour = browser.text("return getComputedStyle(document.body).backgroundColor");
        let channel =
            colour.trim_start_matches("rgb(").split(',').next().and_then(|red| red.parse::<u8>().ok());
        channel.expect("a colour")
    };
    assert!(brightness(&wide) > 200 && brightness(&dark) < 50);
    // Long enough for lines that can be seen.
    wide.until("there is half a minute of history", "return performance.now() > 40_000");
    for (name, browser) in [("light", &wide), ("dark", &dark), ("phone", &phone)] {
        for board in ["overview", "tasks"] {
            browser.run(&format!("location.hash = 'board={board}'"));
            browser.until(
                "values are shown",
                "return document.querySelectorAll('.u-wrap canvas, td').length > 0",
            );
            browser.run("scrollTo(0, 0)");
            browser.save(&pictures().join(format!("{board}-{name}.png")));
        }
    }
}

#[test]
fn the_page_says_that_the_program_is_gone_and_that_it_was_restarted() {
    let Some(browser) = Browser::open(1000, 800, false) else { return };
    let address = free_address();
    let metrics = build();
    let first = Exporter::new(&metrics).live_page().start(&*address).expect("a free port");
    browser.show(&format!("http://{address}/"));
    assert_eq!(browser.text("return document.querySelector('.health strong').textContent"), "Idle");
    browser.until("no data", "return [...document.querySelectorAll('.now .empty')].some((each) => each.textContent === 'No task is running.')");
    drop(first);
    browser.until("disconnected", "return document.querySelector('#state').textContent.includes('Disconnected') && !document.querySelector('#banner').hidden");
    // Another process would have another instance.
    let again = build();
    again.track_task("after").finish(Status::Success);
    let _second = Exporter::new(&again).live_page().start(&*address).expect("the same port");
    browser.until("live again", "return document.querySelector('#state').textContent.includes('Live')");
    browser
        .until("restarted", "return document.querySelector('#banner').textContent.includes('was restarted')");
    browser.run("location.hash = 'board=types'");
    browser.until(
        "the new values",
        "return document.querySelector('#table-task_types tbody')?.textContent.includes('after') === true",
    );
}

#[test]
fn the_data_needs_the_token_and_the_address_never_has_it() {
    let Some(browser) = Browser::open(1000, 800, false) else { return };
    let exporter = Exporter::new(&build())
        .live_page()
        .bearer_token("s3cret-token")
        .start("127.0.0.1:0")
        .expect("a free port");
    browser.go(&format!("http://{}/", exporter.address()));
    browser.until("the form", "return !document.querySelector('#login').hidden");
    let log_in = |token: &str| {
        browser.run("document.querySelector('#token').value = ''; document.querySelector('#token').focus()");
        browser.press(token);
        browser.press("\u{e007}");
    };
    log_in("wrong");
    browser
        .until("an error", "return document.querySelector('#wrong').textContent === 'The token is wrong.'");
    log_in("s3cret-token");
    browser.until(
        "values",
        "return document.body.dataset.ready !== undefined && document.querySelector('#login').hidden",
    );
    assert!(!browser.text("return location.href").contains("s3cret"));
    // The events need the token as well.
    let tick = browser.run("return Number(document.body.dataset.ready)").as_i64().expect("a tick");
    browser.until("further values", &format!("return Number(document.body.dataset.ready) > {}", tick + 2));
    browser.run("location.reload()");
    browser.until(
        "values without the form",
        "return document.body.dataset.ready !== undefined && document.querySelector('#login').hidden",
    );
}

#[test]
fn the_page_can_be_used_with_the_keyboard_alone() {
    let Some(browser) = Browser::open(1280, 900, false) else { return };
    let metrics = build();
    let exporter = Exporter::new(&metrics).live_page().start("127.0.0.1:0").expect("a free port");
    browser.show(&format!("http://{}/", exporter.address()));
    browser.until("lines", "return document.querySelectorAll('.chart .u-wrap').length > 0");
    let focus = || {
        browser.text("const on = document.activeElement; return `${on.tagName} ${on.className} ${on.textContent.slice(0, 40)}`")
    };
    let tab_to = |wanted: &str| {
        for _ in 0..80 {
            browser.press("\u{e004}");
            if focus().contains(wanted) {
                return;
            }
        }
        panic!("{wanted} can't be reached");
    };
    tab_to("A skip");
    tab_to("BUTTON  6 h");
    browser.press("\u{e007}");
    browser.until(
        "6 hours",
        "return document.querySelector('[data-range=\"6h\"]').getAttribute('aria-pressed') === 'true'",
    );
    browser.run("location.hash = 'board=overview&range=15m'");
    browser.until(
        "15 minutes",
        "return document.querySelector('[data-range=\"15m\"]').getAttribute('aria-pressed') === 'true'",
    );
    browser.until("lines", "return document.querySelectorAll('.chart .u-wrap').length > 0");
    tab_to("DIV plot");
    browser.press("\u{e012}");
    browser.until("a time", "return /^\\d\\d:\\d\\d:\\d\\d$/.test(document.activeElement.closest('figure').querySelector('.at').textContent)");
    tab_to("SUMMARY  PromQL");
    browser.press(" ");
    browser.until("the query", "return document.activeElement.parentElement.open && document.activeElement.parentElement.querySelector('pre').textContent.includes('agent_')");
    let unnamed = browser.run("return [...document.querySelectorAll('button, input:not([hidden]), a, [role=figure], [role=region]')].filter((each) => each.checkVisibility() && !(each.getAttribute('aria-label') || each.textContent.trim() || each.labels?.length)).map((each) => each.outerHTML)");
    assert_eq!(unnamed.as_array().map(Vec::len), Some(0), "{unnamed}");
}
