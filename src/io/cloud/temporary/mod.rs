//! Temporary credentials of S3 buckets, from an endpoint that hands them out to those who have logged in.
//!
//! Source: the READMEs of NASA's endpoints, such as <https://archive.podaac.earthdata.nasa.gov/s3credentialsREADME>.

mod login;
mod netrc;

use super::super::limit::HostLimits;
use super::super::renewal::{Held, Renewed};
use super::super::retry::Attempts;
use super::super::transport::{Request, Response, Transport, TransportError};
use super::super::{ByteSourceError, SourceOptions, without_secrets};
use async_trait::async_trait;
use chrono::{DateTime, FixedOffset};
use futures::future::BoxFuture;
use http::StatusCode;
use login::Login;
use object_store::CredentialProvider;
use object_store::aws::AwsCredential;
use serde::Deserialize;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::Semaphore;
use url::Url;

/// Why there are no credentials, for all who wait for them.
type Failure = Arc<ByteSourceError>;

/// Temporary credentials of an endpoint, renewed before their end.
pub struct TemporaryCredentials {
    url: Url,
    login: Login,
    options: Arc<SourceOptions>,
    turns: Arc<Semaphore>,
    held: Renewed<Arc<AwsCredential>, Failure>,
}

impl fmt::Debug for TemporaryCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = without_secrets(self.url.as_str());
        f.debug_struct("TemporaryCredentials").field("url", &url).finish_non_exhaustive()
    }
}

/// Credentials, as NASA's endpoints say them; in the second place the names that Amazon's have.
#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "accessKeyId", alias = "AccessKeyId")]
    key_id: String,
    #[serde(rename = "secretAccessKey", alias = "SecretAccessKey")]
    secret: String,
    #[serde(rename = "sessionToken", alias = "SessionToken", alias = "Token")]
    token: Option<String>,
    #[serde(alias = "Expiration")]
    expiration: Option<String>,
}

impl Answer {
    fn parse(body: &[u8]) -> Option<(Arc<AwsCredential>, Option<SystemTime>)> {
        let answer: Answer = serde_json::from_slice(body).ok()?;
        let expires = match &answer.expiration {
            // `2024-05-01 10:00:00+00:00`, or with a `T`.
            Some(time) => Some(SystemTime::from(time.parse::<DateTime<FixedOffset>>().ok()?)),
            None => None,
        };
        let credential =
            AwsCredential { key_id: answer.key_id, secret_key: answer.secret, token: answer.token };
        Some((Arc::new(credential), expires))
    }
}

impl TemporaryCredentials {
    /// Those of an endpoint. It is not asked yet.
    pub fn new(
        url: &str,
        options: &Arc<SourceOptions>,
        limits: &HostLimits,
    ) -> Result<Self, ByteSourceError> {
        let invalid = |why: &str| ByteSourceError::Invalid(format!("s3_credentials_url: {why}"));
        let url = Url::parse(url).map_err(|error| invalid(&error.to_string()))?;
        let is_allowed = url.scheme() == "https" || (url.scheme() == "http" && options.allow_http);
        if !is_allowed {
            return Err(invalid("it is no https URL, and secrets go over no other connection"));
        }
        Ok(TemporaryCredentials {
            login: Login::new(options)?,
            turns: limits.of(&url.origin().ascii_serialization()),
            url,
            options: Arc::clone(options),
            held: Renewed::new(),
        })
    }

    async fn current(
        &self,
        refused: Option<&Arc<Held<Arc<AwsCredential>>>>,
    ) -> Result<Arc<Held<Arc<AwsCredential>>>, Failure> {
        self.held.get(refused, async { self.obtain().await.map_err(Arc::new) }).await
    }

    async fn obtain(&self) -> Result<(Arc<AwsCredential>, Option<SystemTime>), ByteSourceError> {
        let mut attempts = Attempts::new(&self.options, &self.turns);
        let body = loop {
            if let Some(body) = attempts.make(self.login.get(&self.url, Answer::is_one)).await? {
                break body;
            }
        };
        tracing::debug!(url = without_secrets(self.url.as_str()), "temporary credentials were obtained");
        Answer::parse(&body).ok_or_else(|| {
            let what =
                "the answer has no accessKeyId, secretAccessKey and, if any, understandable expiration";
            ByteSourceError::WrongResponse(what.to_owned())
        })
    }

    fn describe(&self) -> String {
        let url = without_secrets(self.url.as_str());
        format!(
            "it was signed with the credentials of {url}, which may be good within the bucket's region only"
        )
    }
}

impl Answer {
    /// Whether a body has credentials.
    fn is_one(body: &[u8]) -> bool {
        Answer::parse(body).is_some()
    }
}

#[async_trait]
impl CredentialProvider for TemporaryCredentials {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let held = self.current(None).await;
        held.map(|held| Arc::clone(&held.value))
            .map_err(|error| object_store::Error::Generic { store: "S3", source: error.to_string().into() })
    }
}

/// A bucket whose requests are signed with temporary credentials.
#[derive(Debug)]
pub struct WithTemporary {
    inner: Arc<dyn Transport>,
    credentials: Arc<TemporaryCredentials>,
}

impl WithTemporary {
    /// Has credentials ready before requests are signed by `inner`, and new ones where they are refused.
    pub fn new(inner: Arc<dyn Transport>, credentials: Arc<TemporaryCredentials>) -> Self {
        WithTemporary { inner, credentials }
    }

    async fn ready(
        &self,
        refused: Option<&Arc<Held<Arc<AwsCredential>>>>,
    ) -> Result<Arc<Held<Arc<AwsCredential>>>, TransportError> {
        self.credentials.current(refused).await.map_err(|error| {
            let url = without_secrets(self.credentials.url.as_str());
            let text = format!("there are no credentials from {url}: {error}");
            match &*error {
                ByteSourceError::Unreachable { .. } => TransportError::GivenUp(text),
                _ => TransportError::Credentials(text),
            }
        })
    }
}

impl Transport for WithTemporary {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let held = self.ready(None).await?;
            let response = self.inner.send(request.clone()).await?;
            // S3 says 400 of a token that has expired.
            let may_be_refused = matches!(
                response.status,
                StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
            );
            if !may_be_refused || !held.may_have_expired() {
                return Ok(response);
            }
            self.ready(Some(&held)).await?;
            self.inner.send(request).await
        })
    }

    fn credentials(&self) -> String {
        self.credentials.describe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let nasa = br#"{"accessKeyId":"A","secretAccessKey":"S","sessionToken":"T","expiration":"2024-05-01 10:00:00+00:00"}"#;
        let (credential, expires) = Answer::parse(nasa).unwrap();
        assert_eq!((credential.key_id.as_str(), credential.token.as_deref()), ("A", Some("T")));
        let amazon =
            br#"{"AccessKeyId":"A","SecretAccessKey":"S","Token":"T","Expiration":"2024-05-01T10:00:00Z"}"#;
        assert_eq!(Answer::parse(amazon).unwrap().1, expires);
        for wrong in
            [&b"<html>"[..], b"{}", br#"{"accessKeyId":"A","secretAccessKey":"S","expiration":"soon"}"#]
        {
            assert!(Answer::parse(wrong).is_none());
        }
    }

    #[test]
    fn secrets_go_over_tls() {
        let options = Arc::new(SourceOptions::default());
        let limits = HostLimits::new(1);
        for url in ["http://example.com/s3credentials", "ftp://example.com", "nowhere"] {
            assert!(TemporaryCredentials::new(url, &options, &limits).is_err(), "{url}");
        }
        TemporaryCredentials::new("https://example.com/s3credentials", &options, &limits).unwrap();
    }
}
