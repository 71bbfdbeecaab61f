//! A client of chromedriver, by the `WebDriver` protocol.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use agent_metrics_tests::{Program, free_address, missing, on_path, until};
use base64::Engine as _;
use serde_json::{Value, json};

/// A browser window, which is closed when this is dropped.
pub(crate) struct Browser {
    driver: String,
    session: String,
    agent: ureq::Agent,
    _program: Program,
}

impl Browser {
    /// Opens a window of this size, or reports that no browser is installed.
    pub(crate) fn open(width: u32, height: u32, is_dark: bool) -> Option<Self> {
        let (Some(chromedriver), Some(_)) = (on_path("chromedriver"), on_path("chromium")) else {
            missing("chromium with chromedriver");
            return None;
        };
        let driver = free_address();
        let port = driver.rsplit(':').next().expect("a port");
        let program = Program::start(Command::new(chromedriver).arg(format!("--port={port}")));
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)));
        let agent: ureq::Agent = config.build().into();
        let status = format!("http://{driver}/status");
        until("chromedriver serves", || {
            agent.get(&status).call().ok().filter(|answer| answer.status() == 200)
        });
        let mut browser = Self { driver, session: String::new(), agent, _program: program };
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--lang=en-US",
            &format!("--window-size={width},{height}"),
        ];
        let options = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let made = browser.call("POST", "/session", Some(&options));
        made["sessionId"].as_str().expect("a session").clone_into(&mut browser.session);
        let scheme = if is_dark { "dark" } else { "light" };
        let feature = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        browser.devtools("Emulation.setEmulatedMedia", &json!({ "features": feature }));
        // A window is never narrower than 500 pixels by itself.
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500 });
        browser.devtools("Emulation.setDeviceMetricsOverride", &metrics);
        Some(browser)
    }

    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let address = format!("http://{}{path}", self.driver);
        let response = match body {
            Some(body) => self.agent.post(&address).content_type("application/json").send(body.to_string()),
            None if method == "DELETE" => self.agent.delete(&address).call(),
            None => self.agent.get(&address).call(),
        };
        let text = response.expect("chromedriver answers").body_mut().read_to_string().expect("text");
        let mut answer: Value = serde_json::from_str(&text).expect("JSON");
        let value = answer["value"].take();
        assert!(value.get("error").is_none(), "{path}: {value}");
        value
    }

    fn session(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        self.call(method, &format!("/session/{}{path}", self.session), body)
    }

    fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.session("POST", "/goog/cdp/execute", Some(&json!({ "cmd": command, "params": parameters })))
    }

    /// Opens an address and waits for its first values.
    pub(crate) fn show(&self, address: &str) {
        self.go(address);
        self.until("the page shows values", "return document.body.dataset.ready !== undefined");
    }

    pub(crate) fn go(&self, address: &str) {
        self.session("POST", "/url", Some(&json!({ "url": address })));
    }

    /// Runs a script and returns its result.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.session("POST", "/execute/sync", Some(&json!({ "script": script, "args": [] })))
    }

    pub(crate) fn text(&self, script: &str) -> String {
        self.run(script).as_str().unwrap_or_default().to_owned()
    }

    /// Waits until a script returns true.
    pub(crate) fn until(&self, what: &str, script: &str) {
        until(what, || (self.run(script) == Value::Bool(true)).then_some(()));
    }

    /// Presses keys: characters, or the key codes of `WebDriver`.
    pub(crate) fn press(&self, keys: &str) {
        let strokes = keys.chars().flat_map(|key| {
            ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key.to_string() }))
        });
        let strokes: Vec<_> = strokes.collect();
        let actions = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": strokes }] });
        self.session("POST", "/actions", Some(&actions));
    }

    /// Saves a picture of the window, or of the whole page.
    pub(crate) fn save(&self, file: &Path) {
        let picture = self.devtools("Page.captureScreenshot", &json!({ "format": "png" }));
        let bytes = base64::prelude::BASE64_STANDARD.decode(picture["data"].as_str().expect("a picture"));
        fs::create_dir_all(file.parent().expect("a folder")).expect("the folder of pictures");
        fs::write(file, bytes.expect("base64")).expect("the picture is written");
    }

    /// The errors in the browser's console.
    pub(crate) fn errors(&self) -> Vec<String> {
        let lines = self.session("POST", "/se/log", Some(&json!({ "type": "browser" })));
        let severe = lines.as_array().into_iter().flatten().filter(|line| line["level"] == "SEVERE");
        severe.map(|line| line["message"].to_string()).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            // Also while a failed test unwinds: otherwise its windows stay open.
            let _ = catch_unwind(AssertUnwindSafe(|| self.session("DELETE", "", None)));
        }
    }
}
