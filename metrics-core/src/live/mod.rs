//! A web page inside the program that shows its metrics as they change, without Prometheus and Grafana. Needs the feature
//! `live`.
//!
//! The page answers whether the agent is healthy, what it costs, where the time goes, and what it is doing now: charts of the
//! last 15 minutes, 6 hours and 7 days, tables of models, tools and task types, the tasks in flight and the last 200 that
//! ended, and every tracked function of the program. It loads nothing from elsewhere.
//!
//! [`serve`](crate::serve()) serves the page at `/`, beside `/metrics`. In an axum, actix-web or rocket application one line
//! mounts it under a path:
//!
//! ```no_run
//! # #[cfg(feature = "axum")]
//! # fn app() -> std::io::Result<axum::Router> {
//! use agent_metrics::live::LivePage;
//! use agent_metrics::web::axum::live_page;
//!
//! let page = LivePage::new(agent_metrics::global())?;
//! let app: axum::Router = axum::Router::new().merge(live_page("/live", &page));
//! # Ok(app)
//! # }
//! ```
//!
//! Prompts, answers and error texts are never on the page: it shows labels and numbers. Each second, a thread adds up the
//! series that the page shows, in well under a millisecond for a typical program; recording never waits for it. It keeps the
//! results in at most 7 MB.
//!
//! A page elsewhere in the web can't read it: see [`LivePage::allow_host`].

mod assets;
mod evaluate;
mod functions;
mod history;
mod json;
mod response;
mod sampler;
mod tasks;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::access::{AllowedHosts, is_usable_token};
use crate::instance::AgentMetrics;
use response::Page;
pub(crate) use response::{EventStream, PageBody, PageRequest, PageResponse};
use sampler::Sampler;

/// The live page of an instance, with the access that clients have.
///
/// A clone is a handle to the same page. All pages of an instance share one history, which begins with the first of them: create
/// the page when the program starts.
///
/// ```
/// use agent_metrics::AgentMetrics;
/// use agent_metrics::live::LivePage;
///
/// let metrics = AgentMetrics::builder().build()?;
/// let page = LivePage::new(&metrics)?.bearer_token("s3cret")?.allow_host("agent.internal");
/// # let _ = page;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use = "a page is only visible once it is mounted"]
pub struct LivePage(Page);

/// The sampler of an instance, as the instance keeps it.
#[derive(Clone)]
struct Running(Arc<Sampler>);

impl LivePage {
    /// Creates the page of an instance and starts to keep its history.
    ///
    /// # Errors
    /// Returns the error of the operating system if the thread can't be started.
    pub fn new(metrics: &AgentMetrics) -> io::Result<Self> {
        let Running(sampler) = metrics.extension(|| Sampler::start(metrics).map(Running))?;
        let metrics = metrics.clone();
        Ok(Self(Page { metrics, sampler, token: None, hosts: AllowedHosts::default() }))
    }

    /// Requires a token for the data of the page. The page asks for it, and keeps it until the browser's tab is closed; it is
    /// sent in the header `Authorization: Bearer <token>`, never in an address.
    ///
    /// # Errors
    /// The token is empty, or has characters that can't be sent in a header.
    pub fn bearer_token(mut self, token: impl Into<String>) -> io::Result<Self> {
        let token = token.into();
        if !is_usable_token(&token) {
            let text = "the bearer token is empty or has characters that are not visible ASCII";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        self.0.token = Some(token);
        Ok(self)
    }

    /// Allows requests for one more host name, without a port, such as that of a proxy in front of the program.
    ///
    /// By default the page answers only requests whose `Host` header has an IP address or `localhost`. Any web site can make a
    /// visitor's browser connect to a loopback address under the name of the site (DNS rebinding), and could then read the page.
    pub fn allow_host(mut self, name: impl Into<String>) -> Self {
        self.0.hosts.allow(name);
        self
    }

    /// Allows requests for any host name. Use it only where another part of the program checks the name, or where everyone
    /// may read the page.
    pub fn allow_any_host(mut self) -> Self {
        self.0.hosts = AllowedHosts::any();
        self
    }

    /// Stops keeping the history while no page has been open for `time`. The history then has a gap until the next page is
    /// opened. By default it is always kept.
    pub fn pause_after(self, time: Duration) -> Self {
        self.0.sampler.set_idle_after(time.as_secs());
        self
    }

    pub(crate) fn with_access(mut self, token: Option<String>, hosts: AllowedHosts) -> Self {
        (self.0.token, self.0.hosts) = (token, hosts);
        self
    }

    /// The paths of the page, relative to its address with a slash at the end.
    #[cfg(any(feature = "axum", feature = "actix-web", feature = "rocket"))]
    pub(crate) fn paths() -> impl Iterator<Item = &'static str> {
        assets::paths().chain(response::DATA_PATHS)
    }

    /// Returns the response to a request.
    pub(crate) fn respond(&self, request: &PageRequest<'_>) -> PageResponse {
        self.0.respond(request)
    }
}

impl fmt::Debug for LivePage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The token is a secret: only its presence is shown.
        f.debug_struct("LivePage")
            .field("has_token", &self.0.token.is_some())
            .field("hosts", &self.0.hosts)
            .finish_non_exhaustive()
    }
}
