//! Microsoft's Planetary Computer: tokens for the containers of its archive.
//!
//! Source: <https://planetarycomputer.microsoft.com/docs/concepts/sas/>, and its SDK for Python
//! (`planetary_computer/sas.py`, `settings.py`).

use super::{Signature, UrlSigner};
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use rasteret_schema::{Access, AccessError, AccessErrorKind, DocumentRequest};
use serde::Deserialize;
use std::path::Path;
use std::time::SystemTime;
use std::{env, fmt, fs};
use url::Url;

/// Its name.
pub const NAME: &str = "planetary-computer";

/// Where its tokens come from.
const TOKENS: &str = "https://planetarycomputer.microsoft.com/api/sas/v1/token";
/// Hosts of Azure's accounts.
const BLOB_HOSTS: &str = ".blob.core.windows.net";
/// An account that anybody may read, for which there are no tokens.
const PUBLIC_ACCOUNT: &str = "ai4edatasetspublicassets";
/// Settings, where the environment has none.
const SETTINGS: &str = ".planetarycomputer/settings.env";
/// A token has a few hundred bytes.
const MAX_TOKEN_BYTES: u64 = 64 << 10;

/// Signs URLs of the blobs of Microsoft's Planetary Computer, with one token a container.
///
/// As in its SDK for Python, `PC_SDK_SAS_URL` says where tokens come from and `PC_SDK_SUBSCRIPTION_KEY` is a key
/// that allows more of them, in the environment or in `~/.planetarycomputer/settings.env`.
#[derive(Clone)]
pub struct PlanetaryComputer {
    tokens: String,
    subscription_key: Option<String>,
    blobs: Option<String>,
}

impl Default for PlanetaryComputer {
    fn default() -> Self {
        let home = env::var_os(if cfg!(windows) { "USERPROFILE" } else { "HOME" });
        let file = home.and_then(|home| fs::read_to_string(Path::new(&home).join(SETTINGS)).ok());
        let file = file.unwrap_or_default();
        let setting = |name: &str| {
            env::var(name).ok().or_else(|| in_file(&file, name)).filter(|value| !value.is_empty())
        };
        PlanetaryComputer {
            tokens: setting("PC_SDK_SAS_URL").unwrap_or_else(|| TOKENS.to_owned()),
            subscription_key: setting("PC_SDK_SUBSCRIPTION_KEY"),
            blobs: None,
        }
    }
}

/// A setting in a file of lines such as `NAME=value`.
fn in_file(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (key, value) = line.trim().trim_start_matches("export ").split_once('=')?;
        (key.trim() == name).then(|| value.trim().trim_matches(['"', '\'']).to_owned())
    })
}

impl PlanetaryComputer {
    /// Tokens of another server: it gives that of a container at `{url}/{account}/{container}`.
    pub fn with_tokens(mut self, url: impl Into<String>) -> Self {
        self.tokens = url.into();
        self
    }

    /// With a subscription key.
    pub fn with_subscription_key(mut self, key: impl Into<String>) -> Self {
        self.subscription_key = Some(key.into());
        self
    }

    /// Blobs of an account on another server than Azure's, such as an emulator: at a URL whose path is the
    /// account.
    pub fn with_blobs(mut self, account: impl Into<String>) -> Self {
        self.blobs = Some(account.into());
        self
    }

    /// The account and the container of a blob's URL.
    fn container(&self, url: &str) -> Option<(String, String)> {
        let (account, path) = match &self.blobs {
            Some(blobs) => {
                let blobs = blobs.trim_end_matches('/');
                (blobs.rsplit('/').next()?.to_owned(), url.strip_prefix(blobs)?.strip_prefix('/')?.to_owned())
            }
            None => {
                let url =
                    Url::parse(url).ok().filter(|url| url.scheme() == "https" && url.port().is_none())?;
                let account = url.host_str()?.strip_suffix(BLOB_HOSTS)?.to_owned();
                (account, url.path().trim_start_matches('/').to_owned())
            }
        };
        let (container, _) = path.split_once('/')?;
        // They become parts of a path, which they must not leave.
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'$')
        };
        (is_name(&account) && is_name(container)).then(|| (account, container.to_owned()))
    }
}

impl fmt::Debug for PlanetaryComputer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlanetaryComputer").field("tokens", &self.tokens).finish_non_exhaustive()
    }
}

/// A token, as its server says it.
#[derive(Deserialize)]
struct Token {
    #[serde(rename = "msft:expiry")]
    expiry: DateTime<Utc>,
    token: String,
}

impl UrlSigner for PlanetaryComputer {
    fn name(&self) -> &str {
        NAME
    }

    fn scope(&self, url: &str) -> Option<String> {
        let (account, container) = self.container(url).filter(|(account, _)| account != PUBLIC_ACCOUNT)?;
        Some(format!("{account}/{container}"))
    }

    fn sign<'a>(
        &'a self,
        scope: &'a str,
        access: &'a dyn Access,
    ) -> BoxFuture<'a, Result<Signature, AccessError>> {
        Box::pin(async move {
            let url = format!("{}/{scope}", self.tokens.trim_end_matches('/'));
            let mut request = DocumentRequest { max_bytes: MAX_TOKEN_BYTES, ..DocumentRequest::get(&url) };
            if let Some(key) = &self.subscription_key {
                request.headers.push(("Ocp-Apim-Subscription-Key".to_owned(), key.clone()));
            }
            let document = access.fetch(request).await?;
            // What serde says of it might quote the token.
            let token: Token = serde_json::from_slice(&document.bytes).map_err(|_| AccessError {
                href: url,
                kind: AccessErrorKind::Invalid,
                message: "the answer is no token: it has no `token` with an `msft:expiry`".to_owned(),
            })?;
            let query = token.token.trim_start_matches('?').to_owned();
            Ok(Signature { query, expires: Some(SystemTime::from(token.expiry)) })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed() {
        let signer = PlanetaryComputer::default();
        let scope = |url: &str| signer.scope(url);
        let blob = "https://naipeuwest.blob.core.windows.net/naip/v002/a.tif";
        assert_eq!(scope(blob).as_deref(), Some("naipeuwest/naip"));
        for url in [
            "https://ai4edatasetspublicassets.blob.core.windows.net/assets/a.tif",
            "https://example.com/naip/a.tif",
            "https://blob.core.windows.net/naip/a.tif",
            "https://a.b.blob.core.windows.net/naip/a.tif",
            "http://naipeuwest.blob.core.windows.net/naip/a.tif",
            "https://naipeuwest.blob.core.windows.net/a.tif",
            "https://naipeuwest.blob.core.windows.net/%2e%2e/a.tif",
            "https://naipeuwest.blob.core.windows.net.example.com/naip/a.tif",
            "s3://naipeuwest/naip/a.tif",
        ] {
            assert_eq!(scope(url), None, "{url}");
        }
        let emulated = signer.clone().with_blobs("http://127.0.0.1:10000/devstoreaccount1/");
        let url = "http://127.0.0.1:10000/devstoreaccount1/naip/v002/a.tif";
        assert_eq!(emulated.scope(url).as_deref(), Some("devstoreaccount1/naip"));
        assert_eq!(emulated.scope("http://127.0.0.1:10000/devstoreaccount10/naip/a.tif"), None);
        assert_eq!(emulated.scope(blob), None);
    }

    #[test]
    fn settings_in_a_file() {
        let text = "# mine\nPC_SDK_SUBSCRIPTION_KEY=\"abc\"\nexport PC_SDK_SAS_URL = https://h/token\n";
        assert_eq!(in_file(text, "PC_SDK_SUBSCRIPTION_KEY").as_deref(), Some("abc"));
        assert_eq!(in_file(text, "PC_SDK_SAS_URL").as_deref(), Some("https://h/token"));
        assert_eq!(in_file(text, "PC_SDK"), None);
    }

    #[test]
    fn the_key_is_not_shown() {
        let signer = PlanetaryComputer::default().with_subscription_key("TOPSECRET");
        assert!(!format!("{signer:?}").contains("TOPSECRET"));
    }
}
