//! The client: one tracked call per attempt, and the retries around it.

use std::time::Duration;

use agent_metrics::llm::Attempt;
use agent_metrics::{Call, Classify as _, Status, track_llm, usage::RateLimits};
use anyhow::{Context as _, bail};
use futures_util::stream::BoxStream;
use reqwest::{
    Client, RequestBuilder, Response, Url,
    header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER},
    redirect,
};
use serde_json::Value;

use super::{
    Reply, Request,
    error::{ModelError, seconds},
    provider::{Dialect, Provider},
    retry::{Attempts, RetryPolicy},
    tokens::pieces,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, Clone)]
pub(crate) struct ModelConfig {
    pub(crate) provider: Provider,
    pub(crate) base_url: String,
    pub(crate) model: String,
    pub(crate) key: Option<HeaderValue>,
    /// The time limit of one attempt until the end of its body, or of each wait for the next part of a stream.
    pub(crate) timeout: Duration,
    pub(crate) retry: RetryPolicy,
}

/// A model of a provider. Each attempt is a tracked call, so that rate limits and timeouts that a retry recovers from
/// are still counted.
#[derive(Debug)]
pub(crate) struct Model {
    http: Client,
    dialect: &'static dyn Dialect,
    /// The client for complete responses.
    url: Url,
    stream_url: Url,
    headers: HeaderMap,
    name: String,
    timeout: Duration,
    retry: RetryPolicy,
}

impl Model {
    /// # Errors
    /// Returns an error when the address is not an HTTP address or no HTTP client can be created.
    pub(crate) fn new(config: ModelConfig) -> anyhow::Result<Self> {
        let ModelConfig { provider, base_url, model, key, timeout, retry } = config;
        let base =
            Url::parse(&base_url).with_context(|| format!("invalid address `{base_url}` of the model"))?;
        if !matches!(base.scheme(), "http" | "https") || base.query().is_some() || base.fragment().is_some() {
            bail!("invalid address `{base_url}` of the model: expected http:// or https:// and no query");
        }
        let dialect = provider.dialect();
        let url = |streams| {
            Url::parse(&format!("{}{}", base_url.trim_end_matches('/'), dialect.path(&model, streams)))
        };
        Ok(Self {
            http: http_client(&base, timeout)?,
            dialect,
            url: url(false)?,
            stream_url: url(true)?,
            headers: headers(dialect, key.as_ref())?,
            name: model,
            timeout,
            retry,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the model's answer, with as many attempts as the policy allows.
    ///
    /// # Errors
    /// Returns the error of the last attempt.
    pub(crate) async fn generate(&self, request: &Request<'_>) -> Result<Reply, ModelError> {
        let body = self.dialect.body(&self.name, request, false);
        let mut attempts = Attempts::new(self.retry);
        loop {
            match self.ask(&body, attempts.waited()).await {
                Ok(reply) => return Ok(reply),
                Err(error) => attempts.next(error).await?,
            }
        }
    }

    /// Returns the model's answer piece by piece. There is no further attempt after the first piece, so that no text is
    /// repeated.
    ///
    /// # Errors
    /// Returns the error of the last attempt.
    pub(crate) async fn stream(
        &self,
        request: &Request<'_>,
    ) -> Result<BoxStream<'static, Result<String, ModelError>>, ModelError> {
        let body = self.dialect.body(&self.name, request, true);
        let mut attempts = Attempts::new(self.retry);
        loop {
            match self.open(&body, attempts.waited()).await {
                Ok(pieces) => return Ok(pieces),
                Err(error) => attempts.next(error).await?,
            }
        }
    }

    /// A blocked answer is an error, but its tokens are billed. The usage is therefore reported in the body instead of being
    /// read from the result.
    #[track_llm(model = self.name, usage = in_body, budget)]
    async fn ask(&self, body: &Value, waited: Duration) -> Result<Reply, ModelError> {
        report_attempt(self.try_ask(body).await, waited)
    }

    async fn try_ask(&self, body: &Value) -> Result<Reply, ModelError> {
        let answer = self.send(self.http.post(self.url.clone()).timeout(self.timeout), body).await?;
        let response: Value = serde_json::from_slice(&answer.bytes().await?)
            .map_err(|error| ModelError::Unusable(error.to_string()))?;
        let facts = self.dialect.format().facts(&response);
        Call::current().usage(&facts);
        ModelError::check_answered(&facts)?;
        let reply = self.dialect.reply(&response);
        if reply.is_empty() {
            let reason = facts.finish_reason.as_deref().unwrap_or("unknown");
            return Err(ModelError::Unusable(format!("it is empty, finish reason {reason}")));
        }
        Ok(reply)
    }

    /// The call lasts until its stream ends or is dropped. Usage is reported as it becomes known.
    #[track_llm(model = self.name, usage = in_body, stream, budget)]
    async fn open(
        &self,
        body: &Value,
        waited: Duration,
    ) -> Result<BoxStream<'static, Result<String, ModelError>>, ModelError> {
        let answer = self.send(self.http.post(self.stream_url.clone()), body).await;
        Ok(pieces(self.dialect, report_attempt(answer, waited)?))
    }

    async fn send(&self, request: RequestBuilder, body: &Value) -> Result<Response, ModelError> {
        let answer = request.headers(self.headers.clone()).json(body).send().await?;
        let limits = RateLimits::from_headers(|name| answer.headers().get(name)?.to_str().ok());
        Call::current().rate_limits(limits);
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| seconds(value.to_str().ok()?));
        let body = answer.bytes().await?;
        Err(ModelError::from_response(self.dialect, status, retry_after, &body))
    }
}

/// Counts an attempt by status, with the wait before it.
fn report_attempt<T>(result: Result<T, ModelError>, waited: Duration) -> Result<T, ModelError> {
    let status = result.as_ref().err().map_or(Status::Success, ModelError::classify);
    Call::current().attempt(Attempt::new(status).waited(waited));
    result
}

/// The headers of every request.
fn headers(dialect: &dyn Dialect, key: Option<&HeaderValue>) -> anyhow::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    if let Some((name, value)) = dialect.version_header() {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if let Some(key) = key {
        let (name, prefix) = dialect.key_header();
        let mut value = HeaderValue::from_bytes(&[prefix.as_bytes(), key.as_bytes()].concat())?;
        value.set_sensitive(true);
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok(headers)
}

/// Creates a client for one address, with a read timeout. It follows no redirects, which would send the key to another host.
///
/// # Errors
/// Returns an error when the machine has no root certificates for `https`.
pub(crate) fn http_client(url: &Url, timeout: Duration) -> anyhow::Result<Client> {
    // Only the first call installs a provider; an existing one is fine too.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(timeout)
        .redirect(redirect::Policy::none());
    let builder = if url.scheme() == "http" {
        // Plain HTTP must work on a machine without root certificates, which the default would load immediately.
        builder.tls_certs_only([])
    } else {
        builder
    };
    let builder = if is_loopback(url) { builder.no_proxy() } else { builder };
    builder.build().context("can't make an HTTP client")
}

fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        host == "localhost"
            || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(provider: Provider, base_url: &str) -> anyhow::Result<Model> {
        Model::new(ModelConfig {
            provider,
            base_url: base_url.to_owned(),
            model: "m-1".to_owned(),
            key: Some(HeaderValue::from_static("secret")),
            timeout: Duration::from_secs(1),
            retry: RetryPolicy::default(),
        })
    }

    #[test]
    fn the_paths_and_keys_are_those_of_the_provider() {
        for (provider, whole, streamed, key) in [
            (
                Provider::Gemini,
                "/p/v1beta/models/m-1:generateContent",
                "/p/v1beta/models/m-1:streamGenerateContent",
                ("x-goog-api-key", "secret"),
            ),
            (
                Provider::OpenAi,
                "/p/chat/completions",
                "/p/chat/completions",
                ("authorization", "Bearer secret"),
            ),
            (Provider::Anthropic, "/p/v1/messages", "/p/v1/messages", ("x-api-key", "secret")),
        ] {
            let model = model(provider, "http://127.0.0.1:1/p/").unwrap();
            assert_eq!((model.url.path(), model.stream_url.path()), (whole, streamed));
            let header = &model.headers[key.0];
            assert!(header == key.1 && header.is_sensitive(), "{provider}");
            assert!(!format!("{model:?}").contains("secret"));
        }
    }

    #[test]
    fn a_wrong_address_is_an_error_that_shows_it() {
        for wrong in ["", "not an address", "ftp://127.0.0.1", "http://127.0.0.1/?key=1"] {
            let error = model(Provider::Gemini, wrong).unwrap_err().to_string();
            assert!(error.contains(&format!("`{wrong}`")), "{error}");
        }
    }

    #[test]
    fn loopback_is_distinguished_from_other_hosts() {
        for (url, wanted) in [
            ("http://[::1]:80", true),
            ("http://127.0.0.5", true),
            ("http://localhost", true),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), wanted, "{url}");
        }
    }
}
