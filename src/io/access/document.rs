//! Documents: read whole, and not longer than they may be.

use super::super::href::local_path;
use super::super::reach::Reached;
use super::super::remote::{error_code, start_of_body};
use super::super::response::{self, Refused};
use super::super::retry::{Attempts, Failure};
use super::super::transport::{Ask, Message, Object, Request, Response};
use super::super::{ByteSourceError, ByteSources, SourceOptions, runtime};
use super::encoding::Decoder;
use super::message::{Secrets, said};
use futures::StreamExt;
use http::{HeaderMap, HeaderName, HeaderValue};
use rasteret_schema::access::plain_href;
use rasteret_schema::{Document, DocumentRequest};
use std::fs::File;
use std::io::Read;
use std::sync::Arc;
use tokio::time::timeout;

/// Reads a document.
pub async fn fetch(sources: &ByteSources, request: DocumentRequest) -> Result<Document, ByteSourceError> {
    let has_message = request.json.is_some() || !request.headers.is_empty();
    let sources = &*sources.of(&request.href);
    let opened = sources.rewritten(&request.href);
    if let Some(path) = local_path(&opened) {
        if request.json.is_some() {
            return Err(ByteSourceError::Invalid("JSON can be sent to servers only".to_owned()));
        }
        let files = sources.local_files().clone();
        return runtime::run_blocking(move || {
            let bytes = read_file(&files.open(&path)?, request.max_bytes)?.into();
            Ok(Document { href: request.href, bytes })
        })
        .await;
    }
    let reached = sources.reach(&opened, has_message)?;
    let options = Arc::clone(sources.shared_options());
    let secrets = Secrets::of(&request);
    let message = match has_message {
        true => Some(Arc::new(Message { json: request.json, headers: headers(&request.headers)? })),
        false => None,
    };
    let fetch =
        Fetch { reached, options, secrets, message, max_bytes: request.max_bytes, href: request.href };
    runtime::run(async move { fetch.run().await }).await
}

/// A file that may have so many bytes. It may grow while it is read.
fn read_file(file: &File, max_bytes: u64) -> Result<Vec<u8>, ByteSourceError> {
    let size = file.metadata()?.len();
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(max_bytes)).unwrap_or_default());
    file.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_bytes {
        return Err(ByteSourceError::TooLarge { max_bytes });
    }
    Ok(bytes)
}

fn headers(pairs: &[(String, String)]) -> Result<HeaderMap, ByteSourceError> {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let invalid = || ByteSourceError::Invalid(format!("{name:?} cannot be a header with this value"));
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?;
        let mut value = HeaderValue::from_str(value).map_err(|_| invalid())?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

/// A document of a server or a bucket.
struct Fetch {
    reached: Reached,
    options: Arc<SourceOptions>,
    message: Option<Arc<Message>>,
    secrets: Secrets,
    max_bytes: u64,
    href: String,
}

impl Fetch {
    async fn run(self) -> Result<Document, ByteSourceError> {
        let object = Arc::new(Object { url: self.reached.url.clone(), key: self.reached.key.clone() });
        let mut attempts = Attempts::new(&self.options, &self.reached.turns);
        loop {
            if let Some(document) = attempts.make(self.attempt(&object)).await? {
                return Ok(document);
            }
        }
    }

    async fn attempt(&self, object: &Arc<Object>) -> Result<Document, Failure> {
        let request = Request {
            object: Arc::clone(object),
            ask: Ask::Whole,
            if_match: None,
            message: self.message.clone(),
        };
        let response = self.reached.transport.send(request).await?;
        if response.status != http::StatusCode::OK {
            return Err(self.refusal(response).await);
        }
        let href = match &response.redirected {
            Some(url) => plain_href(url.as_str()),
            None => self.href.clone(),
        };
        Ok(Document { href, bytes: self.receive(response).await?.into() })
    }

    async fn receive(&self, response: Response) -> Result<Vec<u8>, Failure> {
        let mut decoder = Decoder::new(&response.headers, self.max_bytes).map_err(Failure::Final)?;
        let mut body = response.body;
        let stall = self.options.stall_timeout;
        loop {
            match timeout(stall, body.next()).await {
                Err(_) => return Err(Failure::Transient(format!("nothing came for {stall:?}"), None)),
                Ok(Some(chunk)) => decoder.add(&chunk?)?,
                Ok(None) => return decoder.finish(),
            }
        }
    }

    /// Why there is no document, with what the server said.
    async fn refusal(&self, response: Response) -> Failure {
        let refused = response::refusal(response.status, &response.headers);
        let body = start_of_body(response.body, self.options.stall_timeout).await;
        let said = error_code(&body).or_else(|| said(&body)).map(|said| self.secrets.removed_from(&said));
        let with = |what: String| match &said {
            Some(said) => format!("{what}: {said}"),
            None => what,
        };
        match refused {
            Refused::Transient(cause, pause) => Failure::Transient(with(cause), pause),
            Refused::Denied(status) => {
                let credentials = match &self.message {
                    Some(_) => "the request had the headers that were given".to_owned(),
                    None => self.reached.transport.credentials(),
                };
                let reason = format!("{}; {credentials}", with(response::describe(status)));
                Failure::Final(ByteSourceError::AccessDenied { reason })
            }
            Refused::Final(ByteSourceError::WrongResponse(what)) => {
                Failure::Final(ByteSourceError::WrongResponse(with(what)))
            }
            Refused::Final(error) => Failure::Final(error),
        }
    }
}
