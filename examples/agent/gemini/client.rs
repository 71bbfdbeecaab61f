//! The model: one tracked call per attempt, and the retries around it.

use std::time::Duration;

use agent_metrics::{Call, track_llm};
use anyhow::{Context as _, bail};
use reqwest::{
    Client, Url,
    header::{HeaderValue, RETRY_AFTER},
    redirect,
};

use super::{
    error::{GeminiError, seconds},
    retry::RetryPolicy,
    wire::{GenerateContentRequest, GenerateContentResponse},
};

/// Where the real models are served.
pub(crate) const PUBLIC_SERVICE: &str = "https://generativelanguage.googleapis.com";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, Clone)]
pub(crate) struct ModelConfig {
    pub(crate) base_url: String,
    pub(crate) model: String,
    pub(crate) key: Option<HeaderValue>,
    /// Of one attempt, from its start to the end of the body.
    pub(crate) timeout: Duration,
    pub(crate) retry: RetryPolicy,
}

/// A model behind Gemini's REST interface. Each attempt is a tracked call, so that a rate limit or a time-out that a
/// retry makes good is still seen.
#[derive(Debug)]
pub(crate) struct GeminiModel {
    http: Client,
    url: Url,
    model: String,
    key: Option<HeaderValue>,
    retry: RetryPolicy,
}

impl GeminiModel {
    /// # Errors
    /// The address is no HTTP address, or no HTTP client can be made for it.
    pub(crate) fn new(config: ModelConfig) -> anyhow::Result<Self> {
        let ModelConfig { base_url, model, key, timeout, retry } = config;
        let address = format!("{}/v1beta/models/{model}:generateContent", base_url.trim_end_matches('/'));
        let url =
            Url::parse(&address).with_context(|| format!("invalid address `{base_url}` of the model"))?;
        if !matches!(url.scheme(), "http" | "https") || url.query().is_some() || url.fragment().is_some() {
            bail!("invalid address `{base_url}` of the model: expected http:// or https:// and no query");
        }
        Ok(Self { http: http_client(&url, timeout)?, url, model, key, retry })
    }

    pub(crate) fn name(&self) -> &str {
        &self.model
    }

    /// The model's answer, after as many attempts as the policy allows.
    ///
    /// # Errors
    /// That of the last attempt.
    pub(crate) async fn generate(
        &self,
        request: &GenerateContentRequest<'_>,
    ) -> Result<GenerateContentResponse, GeminiError> {
        let mut attempt = 1;
        loop {
            let error = match self.attempt(request).await {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            let Some(wait) = self.retry.wait(attempt, &error, fastrand::f64()) else { return Err(error) };
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }

    /// An answer that was blocked is an error, and its tokens are billed all the same: so they are reported here, and not
    /// read from the result.
    #[track_llm(model = self.model, usage = in_body)]
    async fn attempt(
        &self,
        request: &GenerateContentRequest<'_>,
    ) -> Result<GenerateContentResponse, GeminiError> {
        let mut call = self.http.post(self.url.clone()).json(request);
        if let Some(key) = &self.key {
            call = call.header("x-goog-api-key", key);
        }
        let answer = call.send().await?;
        let status = answer.status();
        let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| seconds(value.to_str().ok()?));
        let body = answer.bytes().await?;
        if !status.is_success() {
            return Err(GeminiError::from_response(status, retry_after, &body));
        }
        let response =
            serde_json::from_slice(&body).map_err(|error| GeminiError::Unusable(error.to_string()))?;
        Call::current().usage(&response);
        GeminiError::check_answered(&response)?;
        Ok(response)
    }
}

/// A client for one address. Redirects aren't followed: they would carry the key to another host.
///
/// # Errors
/// For `https`, the machine has no certificates to trust.
pub(crate) fn http_client(url: &Url, timeout: Duration) -> anyhow::Result<Client> {
    // Only the first call installs it; a provider that is already there is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(timeout)
        .redirect(redirect::Policy::none());
    let builder = if url.scheme() == "http" {
        // Plain HTTP must work on a machine without certificates, which the default would look for at once.
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

    fn model(base_url: &str) -> anyhow::Result<GeminiModel> {
        GeminiModel::new(ModelConfig {
            base_url: base_url.to_owned(),
            model: "gemini-2.0-flash".to_owned(),
            key: None,
            timeout: Duration::from_secs(1),
            retry: RetryPolicy::default(),
        })
    }

    #[test]
    fn the_path_is_that_of_the_rest_interface() {
        let wanted = "http://127.0.0.1:1/v1beta/models/gemini-2.0-flash:generateContent";
        assert_eq!(model("http://127.0.0.1:1/").unwrap().url.as_str(), wanted);
        assert_eq!(
            model("http://127.0.0.1:1/proxy").unwrap().url.path(),
            "/proxy/v1beta/models/gemini-2.0-flash:generateContent"
        );
    }

    #[test]
    fn a_wrong_address_is_an_error_that_shows_it() {
        for wrong in ["", "not an address", "ftp://127.0.0.1", "http://127.0.0.1/?key=1"] {
            let error = model(wrong).unwrap_err().to_string();
            assert!(error.contains(&format!("`{wrong}`")), "{error}");
        }
    }

    #[test]
    fn loopback_is_told_from_other_hosts() {
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
