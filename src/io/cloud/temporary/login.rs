//! Logs in where a server asks for it, as a browser would: redirections, cookies, and a name and a password at the
//! host that they are for.
//!
//! Source: <https://urs.earthdata.nasa.gov/documentation/for_users/data_access/curl_and_wget>.

use super::super::super::http::{cause, client, no_answer};
use super::super::super::remote::{error_code, start_of_body};
use super::super::super::response::{self, Refused};
use super::super::super::retry::Failure;
use super::super::super::transport::TransportError;
use super::super::super::{ByteSourceError, SourceOptions};
use super::netrc;
use futures::{StreamExt, TryStreamExt};
use http::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::timeout;
use url::Url;

/// How many requests a login takes at most.
const MAX_STEPS: usize = 12;
/// What a server hands out has a few kB.
const MAX_BYTES: usize = 256 << 10;
/// Hosts that the token in the environment is for: those of NASA's archives.
const EARTHDATA_HOSTS: [&str; 3] = ["earthdata.nasa.gov", "earthdatacloud.nasa.gov", "asf.alaska.edu"];
/// Where the environment has it.
const EARTHDATA_TOKEN: &str = "EARTHDATA_TOKEN";

/// Who logs in, and how.
pub struct Login {
    client: reqwest::Client,
    tokens: BTreeMap<String, String>,
    netrc: Option<PathBuf>,
    allow_http: bool,
    patience: Duration,
}

/// Cookies, by the host that has set them and that they go back to.
#[derive(Default)]
struct Cookies(BTreeMap<String, BTreeMap<String, String>>);

impl Cookies {
    fn take(&mut self, host: &str, headers: &http::HeaderMap) {
        for cookie in headers.get_all(SET_COOKIE) {
            let pair = cookie.to_str().ok().and_then(|cookie| cookie.split(';').next()?.split_once('='));
            if let Some((name, value)) = pair {
                let of_host = self.0.entry(host.to_owned()).or_default();
                of_host.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
    }

    fn header(&self, host: &str) -> Option<String> {
        let pairs = self.0.get(host)?.iter().map(|(name, value)| format!("{name}={value}"));
        Some(pairs.collect::<Vec<_>>().join("; "))
    }
}

impl Login {
    /// As the options, the environment and the `netrc` file say.
    pub fn new(options: &SourceOptions) -> Result<Self, ByteSourceError> {
        Ok(Login {
            client: client(options, Policy::none())?,
            tokens: options.tokens.clone(),
            netrc: netrc::path(options.netrc.as_deref()),
            allow_http: options.allow_http,
            patience: options.connect_timeout.saturating_add(options.stall_timeout),
        })
    }

    /// The token for a host.
    fn token(&self, host: &str) -> Option<String> {
        let is_earthdata = || {
            let mut hosts = EARTHDATA_HOSTS.iter();
            hosts.any(|domain| host.strip_suffix(domain).is_some_and(|name| name.ends_with('.')))
        };
        let given = self.tokens.get(host).cloned();
        given.or_else(|| {
            std::env::var(EARTHDATA_TOKEN).ok().filter(|token| !token.is_empty() && is_earthdata())
        })
    }

    /// Gets what a URL leads to, once `is_it` says that it is that. A server that has led through a login may
    /// end at another page; then it is asked once more, with the cookies that it has set.
    pub async fn get(&self, url: &Url, is_it: fn(&[u8]) -> bool) -> Result<Vec<u8>, Failure> {
        let mut cookies = Cookies::default();
        let body = self.follow(url, &mut cookies).await?;
        if is_it(&body) || cookies.0.is_empty() {
            return Ok(body);
        }
        self.follow(url, &mut cookies).await
    }

    async fn follow(&self, url: &Url, cookies: &mut Cookies) -> Result<Vec<u8>, Failure> {
        let mut at = url.clone();
        for _ in 0..MAX_STEPS {
            let host = at.host_str().unwrap_or_default().to_owned();
            let mut request = self.client.get(at.clone());
            // A token is for the endpoint, a name and a password for the host that they are kept for.
            if let Some(token) = self.token(&host).filter(|_| at.origin() == url.origin()) {
                request = request.bearer_auth(token);
            } else if let Some(account) = self.netrc.as_ref().and_then(|path| netrc::account(path, &host)) {
                request = request.basic_auth(account.login, Some(account.password));
            }
            if let Some(header) = cookies.header(&host) {
                request = request.header(COOKIE, header);
            }
            let sent = timeout(self.patience, request.send()).await.map_err(|_| no_answer(self.patience))?;
            let response = sent.map_err(|error| TransportError::Transient(cause(&error.without_url())))?;
            cookies.take(&host, response.headers());
            let status = response.status();
            if status.is_success() {
                return self.receive(response).await;
            }
            let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            match to.and_then(|to| at.join(to).ok()).filter(|_| status.is_redirection()) {
                Some(to) if to.scheme() == "https" || (to.scheme() == "http" && self.allow_http) => at = to,
                Some(_) => return Err(wrong("the login leads away from https")),
                None => return Err(self.refusal(&host, response).await),
            }
        }
        Err(wrong("the login leads in circles"))
    }

    async fn receive(&self, response: reqwest::Response) -> Result<Vec<u8>, Failure> {
        let mut body = response.bytes_stream();
        let mut received = Vec::new();
        while let Some(chunk) =
            timeout(self.patience, body.next()).await.map_err(|_| no_answer(self.patience))?
        {
            let chunk = chunk.map_err(|error| TransportError::Transient(cause(&error.without_url())))?;
            received.extend_from_slice(&chunk);
            if received.len() > MAX_BYTES {
                return Err(wrong("the answer is too long"));
            }
        }
        Ok(received)
    }

    async fn refusal(&self, host: &str, response: reqwest::Response) -> Failure {
        let refused = response::refusal(response.status(), response.headers());
        let body = response.bytes_stream().map_err(|error| TransportError::Transient(cause(&error)));
        let code = error_code(&start_of_body(body.boxed(), self.patience).await);
        let code = code.map_or(String::new(), |code| format!(" ({code})"));
        match refused {
            Refused::Transient(cause, pause) => Failure::Transient(cause, pause),
            Refused::Final(error) => Failure::Final(error),
            Refused::Denied(status) => {
                let netrc = self.netrc.as_ref().map_or_else(
                    || "no netrc file".to_owned(),
                    |path| format!("the entry of {host} in {}", path.display()),
                );
                let reason = format!(
                    "{}{code} from {}; a login was looked for in the option `tokens`, {EARTHDATA_TOKEN}, and {netrc}",
                    response::describe(status),
                    host,
                );
                Failure::Final(ByteSourceError::AccessDenied { reason })
            }
        }
    }
}

fn wrong(what: &str) -> Failure {
    Failure::Final(ByteSourceError::WrongResponse(what.to_owned()))
}
