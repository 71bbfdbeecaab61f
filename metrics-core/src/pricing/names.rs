//! Names of models as clients, routers and clouds send them.

/// What a name of a model and the provider of the call say about the model and its seller.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct ModelName<'n> {
    /// The seller, by its section of the bundled table, if the provider or a prefix of the name identifies it.
    pub(super) seller: Option<&'static str>,
    /// The vendor in the form `vendor/model`, which hosts and routers use for the models of all vendors.
    pub(super) vendor: Option<&'static str>,
    /// The name without prefixes.
    pub(super) model: &'n str,
    /// The endpoint, where the name tells it.
    pub(super) endpoint: Endpoint,
}

/// The endpoint that a name of a model tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Endpoint {
    /// One of the vendor, or of a seller with the vendor's price.
    Vendor,
    /// A global one of Amazon Bedrock.
    Global,
    /// One of Amazon Bedrock in one region or some.
    Regional,
}

/// A provider in a call or in the prefix of a name.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Provider {
    /// A seller in the bundled table. As the prefix of a name it also identifies the seller, since only the seller's own
    /// API and the clients for it use this prefix.
    Seller(&'static str),
    /// A seller in the bundled table. As the prefix of a name it identifies the vendor only, since other hosts use it too.
    Vendor(&'static str),
    /// A router that sells the models of all vendors at the vendors' prices.
    Router,
    /// A host with prices of its own that are not in the bundled table.
    Host,
}

use Provider::{Host, Router, Seller, Vendor};

/// Providers by the names that OpenTelemetry's conventions, LiteLLM, OpenRouter and the client crates use.
const PROVIDERS: &[(Provider, &[&str])] = &[
    (Vendor("openai"), &["openai"]),
    (Vendor("anthropic"), &["anthropic"]),
    (Vendor("google"), &["google"]),
    (Vendor("mistral"), &["mistralai"]),
    (Vendor("x-ai"), &["x-ai"]),
    (Vendor("zai"), &["z-ai", "zai-org"]),
    (Vendor("deepseek"), &["deepseek", "deepseek-ai"]),
    (Vendor("moonshotai"), &["moonshotai"]),
    (Vendor("minimax"), &["minimax", "minimaxai"]),
    (Vendor("cohere"), &["cohere"]),
    (Vendor("voyageai"), &["voyageai"]),
    (Vendor("meta"), &["meta"]),
    (Vendor("zhipuai"), &["zhipuai"]),
    (Vendor("perplexity"), &["perplexity"]),
    (Vendor("aws"), &["amazon"]),
    // Azure sells OpenAI's models at OpenAI's prices.
    (
        Seller("openai"),
        &[
            "azure",
            "azure_ai",
            "azure.ai.openai",
            "az.ai.openai",
            "azure.ai.inference",
            "azure_openai",
            "azure-openai",
            "azureopenai",
            "openai_responses",
            "text-completion-openai",
        ],
    ),
    (
        Seller("google"),
        &[
            "gemini",
            "models",
            "vertex_ai",
            "vertexai",
            "vertex-ai",
            "vertex",
            "google_genai",
            "google-genai",
            "google_ai_studio",
            "google-ai-studio",
            "google-vertex",
            "google_vertex",
            "google-gla",
            "gcp.gemini",
            "gcp.gen_ai",
            "gcp.vertex_ai",
        ],
    ),
    (Seller("mistral"), &["mistral", "mistral_ai", "mistral-ai", "codestral"]),
    (Seller("x-ai"), &["xai", "x_ai", "grok"]),
    (Seller("zai"), &["zai", "z_ai", "z.ai"]),
    (Seller("moonshotai"), &["moonshot", "moonshot_ai", "moonshot-ai"]),
    (Seller("cohere"), &["cohere_chat", "cohere_ai"]),
    (Seller("voyageai"), &["voyage", "voyage_ai", "voyage-ai"]),
    (Seller("meta"), &["meta_llama_api"]),
    (Seller("zhipuai"), &["zhipu", "zhipu_ai", "bigmodel"]),
    (Seller("perplexity"), &["perplexity_ai", "perplexity-ai"]),
    (
        Seller("aws"),
        &[
            "aws.bedrock",
            "aws_bedrock",
            "bedrock",
            "bedrock_converse",
            "amazon-bedrock",
            "amazon_bedrock",
            "converse",
            "invoke",
        ],
    ),
    (Seller("groq"), &["groq"]),
    (Seller("cerebras"), &["cerebras"]),
    (
        Router,
        &[
            "openrouter",
            "litellm",
            "litellm_proxy",
            "vercel",
            "vercel_ai_gateway",
            "portkey",
            "helicone",
            "requesty",
        ],
    ),
    (
        Host,
        &[
            "together",
            "together_ai",
            "togetherai",
            "fireworks",
            "fireworks_ai",
            "fireworks-ai",
            "deepinfra",
            "novita",
            "novita-ai",
            "nebius",
            "baseten",
            "sambanova",
            "hyperbolic",
            "lambda",
            "lambda_ai",
            "lambda-ai",
            "replicate",
            "huggingface",
            "ollama",
            "ollama_chat",
            "vllm",
            "hosted_vllm",
            "lm_studio",
            "lmstudio",
            "llamafile",
            "sglang",
            "llama.cpp",
            "nvidia",
            "nvidia_nim",
            "ovhcloud",
            "scaleway",
            "databricks",
            "snowflake",
            "cloudflare",
            "watsonx",
            "ibm.watsonx.ai",
            "sagemaker",
            "github",
            "github_copilot",
            "friendliai",
            "featherless_ai",
            "arcee",
            "avian",
            "doubleword",
            "modal",
            "nscale",
            "oci",
            "volcengine",
            "dashscope",
            "siliconflow",
            "gmi",
        ],
    ),
];

/// Regions of Amazon Bedrock's inference profiles. `global` profiles have the vendor's price.
const REGIONS: [&str; 9] = ["us", "eu", "apac", "jp", "au", "in", "ca", "us-gov", "sa"];

/// Sellers that host models of several vendors at prices of their own. In their lists some names have the prefix of a
/// vendor.
pub(super) const HOSTS: [&str; 4] = ["groq", "cerebras", "perplexity", "aws"];

/// Suffixes of OpenRouter that don't change the price of a model's tokens.
const SUFFIXES: [&str; 7] = ["online", "thinking", "beta", "nitro", "floor", "exacto", "latest"];

fn provider(name: &str) -> Option<Provider> {
    PROVIDERS.iter().find(|(_, names)| names.contains(&name)).map(|(provider, _)| *provider)
}

impl<'n> ModelName<'n> {
    /// Reads a name and the provider of the call, both in lower case; an empty provider is unknown. Returns `None` for the
    /// product of a host whose prices are not in the bundled table.
    pub(super) fn read(name: &'n str, provider_name: &str) -> Option<Self> {
        let mut found = Self { seller: None, vendor: None, model: name, endpoint: Endpoint::Vendor };
        match provider(provider_name) {
            Some(Seller(seller) | Vendor(seller)) => found.seller = Some(seller),
            Some(Host) => return None,
            Some(Router) | None => {}
        }
        // Vertex AI: `projects/../publishers/google/models/gemini-2.5-pro`.
        if let Some((_, published)) = name.split_once("publishers/") {
            found.seller = Some("google");
            found.model = published.split_once("/models/")?.1;
        } else if name.starts_with("arn:aws:bedrock:") {
            found.seller = Some("aws");
            found.model = name.rsplit('/').next()?;
        }
        while let Some((prefix, model)) = found.model.split_once('/') {
            // The names in the lists of these hosts have prefixes.
            if found.seller.is_some_and(|seller| HOSTS.contains(&seller)) {
                break;
            }
            match provider(prefix)? {
                // Perplexity's names of other vendors' models: `perplexity/anthropic/..`.
                Vendor("perplexity") if model.contains('/') => found.seller = Some("perplexity"),
                Seller(seller) => found.seller = Some(seller),
                Vendor(vendor) => found.vendor = Some(vendor),
                Router => found.seller = None,
                Host => return None,
            }
            found.model = model;
        }
        if found.seller.is_none_or(|seller| seller == "aws") {
            found.read_bedrock();
        }
        Some(found)
    }

    /// Reads a name of Amazon Bedrock: `us.anthropic.claude-sonnet-4-5-20250929-v1:0`.
    fn read_bedrock(&mut self) {
        // LiteLLM adds the API or the region: `bedrock/converse/..`.
        self.model = self.model.rsplit('/').next().unwrap_or(self.model);
        let (region, name) = match self.model.split_once('.') {
            Some((region, name)) if region == "global" || REGIONS.contains(&region) => (region, name),
            _ => ("", self.model),
        };
        let Some(model) = name.strip_prefix("anthropic.") else { return };
        (self.seller, self.model) = (Some("anthropic"), without_version(model));
        // A name without a region stands for the endpoint of one region.
        self.endpoint = if region == "global" { Endpoint::Global } else { Endpoint::Regional };
    }

    /// Returns the forms of the name under which the table may have the model, with true for a form of which only the whole
    /// may match, since its suffix may stand for another product, such as a free one.
    pub(super) fn forms(&self) -> impl Iterator<Item = (String, bool)> {
        let mut forms = vec![];
        // LiteLLM's names begin with the host itself.
        if let Some((prefix, model)) = self.model.split_once('/')
            && let Some(Seller(seller) | Vendor(seller)) = provider(prefix)
            && Some(seller) == self.seller
        {
            forms.push((self.model.to_owned(), false));
            forms.push((model.to_owned(), false));
        }
        match self.model.split_once(':') {
            // A colon is part of the name of a tuned model.
            Some((base, suffix)) if base != "ft" => {
                // A number is a version.
                forms.push((self.model.to_owned(), !SUFFIXES.contains(&suffix) && !is_number(suffix)));
                if SUFFIXES.contains(&suffix) {
                    forms.push((base.to_owned(), false));
                }
            }
            _ => forms.push((self.model.to_owned(), false)),
        }
        // Vertex AI separates the version with `@`.
        if let Some((base, version)) = self.model.split_once('@') {
            forms.push((format!("{base}-{version}"), false));
            if matches!(version, "default" | "latest") {
                forms.push((base.to_owned(), false));
            }
        }
        let dashed: Vec<_> =
            forms.iter().filter_map(|(form, whole)| Some((with_dashed_date(form)?, *whole))).collect();
        forms.into_iter().chain(dashed)
    }
}

/// Returns a name of Amazon Bedrock without its version (`-v1:0`) and the size of its context (`:200k`).
fn without_version(model: &str) -> &str {
    let name = model.split(':').next().unwrap_or(model);
    match name.rsplit_once("-v") {
        // `claude-v2` is the name of a model.
        Some((name, version)) if is_number(version) && name.contains(|c: char| c.is_ascii_digit()) => name,
        _ => name,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Rewrites a compact date in a name with dashes (`-20251211` as `-2025-12-11`), as the source does for a name that it
/// doesn't find.
fn with_dashed_date(name: &str) -> Option<String> {
    let (at, date) = name.match_indices("-20").find_map(|(at, _)| {
        let date = name.get(at + 1..at + 9)?;
        let ends = matches!(name.as_bytes().get(at + 9), None | Some(b'-' | b':'));
        (ends && is_date(date)).then_some((at + 1, date))
    })?;
    let (year, month, day) = (&date[..4], &date[4..6], &date[6..]);
    Some(format!("{}{year}-{month}-{day}{}", &name[..at], &name[at + 8..]))
}

/// Returns true if the text is eight digits that can be a date, `YYYYMMDD`.
pub(super) fn is_date(text: &str) -> bool {
    let number = |digits: &str| digits.parse::<u16>().unwrap_or(0);
    text.len() == 8
        && is_number(text)
        && (1..=12).contains(&number(&text[4..6]))
        && (1..=31).contains(&number(&text[6..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'n>(
        name: &'n str,
        provider: &str,
    ) -> Option<(Option<&'static str>, Option<&'static str>, &'n str)> {
        ModelName::read(name, provider).map(|name| (name.seller, name.vendor, name.model))
    }

    #[test]
    fn prefixes_identify_the_seller_or_the_vendor() {
        for (name, seller, vendor, model) in [
            ("gpt-4o", None, None, "gpt-4o"),
            ("models/gemini-2.5-pro", Some("google"), None, "gemini-2.5-pro"),
            ("publishers/google/models/gemini-2.5-pro", Some("google"), None, "gemini-2.5-pro"),
            (
                "projects/p/locations/l/publishers/anthropic/models/claude-opus-5",
                Some("google"),
                None,
                "claude-opus-5",
            ),
            ("openrouter/anthropic/claude-opus-5", None, Some("anthropic"), "claude-opus-5"),
            ("groq/openai/gpt-oss-120b", Some("groq"), None, "openai/gpt-oss-120b"),
            ("openai/gpt-oss-120b", None, Some("openai"), "gpt-oss-120b"),
            ("azure/gpt-4o", Some("openai"), None, "gpt-4o"),
        ] {
            assert_eq!(read(name, ""), Some((seller, vendor, model)), "{name}");
        }
        for name in ["together_ai/openai/gpt-oss-120b", "my/gpt-4o", "/", "publishers/x"] {
            assert_eq!(read(name, ""), None, "{name}");
        }
    }

    #[test]
    fn the_provider_of_the_call_identifies_the_seller() {
        assert_eq!(read("openai/gpt-oss-120b", "groq"), Some((Some("groq"), None, "openai/gpt-oss-120b")));
        assert_eq!(read("gemma-3-27b-it", "gcp.gemini"), Some((Some("google"), None, "gemma-3-27b-it")));
        assert_eq!(read("gpt-4o", "our-gateway"), Some((None, None, "gpt-4o")));
        assert_eq!(read("gpt-oss-120b", "together"), None);
    }

    #[test]
    fn names_of_bedrock_tell_the_endpoint() {
        let arn = "arn:aws:bedrock:us-east-1:1:inference-profile/eu.anthropic.claude-opus-5-v1:0";
        for (name, model, endpoint) in [
            (
                "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
                "claude-sonnet-4-5-20250929",
                Endpoint::Regional,
            ),
            ("anthropic.claude-opus-5", "claude-opus-5", Endpoint::Regional),
            ("bedrock/converse/eu.anthropic.claude-opus-5", "claude-opus-5", Endpoint::Regional),
            ("bedrock/global.anthropic.claude-opus-5", "claude-opus-5", Endpoint::Global),
            (arn, "claude-opus-5", Endpoint::Regional),
            ("anthropic.claude-v2:1:200k", "claude-v2", Endpoint::Regional),
            ("claude-opus-5", "claude-opus-5", Endpoint::Vendor),
        ] {
            let read = ModelName::read(name, "").unwrap();
            assert_eq!((read.model, read.endpoint), (model, endpoint), "{name}");
        }
    }

    #[test]
    fn suffixes_are_removed_unless_they_stand_for_another_product() {
        let forms = |name| ModelName::read(name, "").unwrap().forms().collect::<Vec<_>>();
        let form = |name: &str, whole| (name.to_owned(), whole);
        assert_eq!(forms("gpt-5:online"), [form("gpt-5:online", false), form("gpt-5", false)]);
        assert_eq!(forms("gpt-5:free"), [form("gpt-5:free", true)]);
        assert_eq!(forms("ft:gpt-4o:me::1"), [form("ft:gpt-4o:me::1", false)]);
        assert_eq!(
            forms("a@20251211"),
            [form("a@20251211", false), form("a-20251211", false), form("a-2025-12-11", false)]
        );
    }

    #[test]
    fn a_compact_date_in_a_name_is_rewritten_with_dashes() {
        assert_eq!(with_dashed_date("a-20251211").as_deref(), Some("a-2025-12-11"));
        assert_eq!(with_dashed_date("a-20251211:free").as_deref(), Some("a-2025-12-11:free"));
        for none in ["a-20251311", "a-202512111", "a-2025", "a20251211", "a-20\u{e9}\u{e9}\u{e9}"] {
            assert_eq!(with_dashed_date(none), None);
        }
    }
}
