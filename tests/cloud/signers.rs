//! Signers that users add.

use crate::scripted::{Scripted, Seen, reply};
use crate::support::{Logs, impatient, noise, part, read};
use futures::future::BoxFuture;
use rasteret::Database;
use rasteret::io::{ByteSources, Signature, UrlSigner};
use rasteret::schema::{Access, AccessError, CloudConfig, DocumentRequest};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Signs what is below a URL, with keys of a server.
#[derive(Debug)]
struct Ours {
    archive: String,
    keys: String,
}

impl UrlSigner for Ours {
    fn name(&self) -> &str {
        "ours"
    }

    fn scope(&self, url: &str) -> Option<String> {
        let rest = url.strip_prefix(&self.archive)?.strip_prefix("/private/")?;
        Some(rest.split('/').next()?.to_owned())
    }

    fn sign<'a>(
        &'a self,
        scope: &'a str,
        access: &'a dyn Access,
    ) -> BoxFuture<'a, Result<Signature, AccessError>> {
        Box::pin(async move {
            let key = access.fetch(DocumentRequest::get(format!("{}/{scope}", self.keys))).await?;
            let expires = Some(SystemTime::now() + Duration::from_secs(900));
            Ok(Signature { query: format!("ours={}", String::from_utf8_lossy(&key.bytes)), expires })
        })
    }
}

/// An archive that sends what has the key of its folder, and what is public.
fn archive() -> Scripted {
    Scripted::start(|seen: &Seen| {
        let is_open = seen.target.starts_with("/public/");
        match is_open
            || seen.target.ends_with("?ours=TOPSECRET-a")
            || seen.target.ends_with("?v=1&ours=TOPSECRET-a")
        {
            true => reply(206, &[("content-range", "bytes 100-199/200000")], noise()[100..200].to_vec()),
            false => reply(403, &[], ""),
        }
    })
}

#[test]
fn urls_in_their_scope_are_signed() {
    Logs::get();
    let archive = archive();
    let keys = Scripted::start(|seen| match seen.target.as_str() {
        "/a" => reply(200, &[], "TOPSECRET-a"),
        _ => reply(404, &[], "no such folder"),
    });
    let signer = Arc::new(Ours { archive: archive.url.clone(), keys: keys.url.clone() });
    let config = CloudConfig { signer: Some("ours".to_owned()), ..CloudConfig::default() };
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open_writable(folder.path().join("db.rasteret")).unwrap();
    let database = database.with_sources(ByteSources::new(impatient())).with_signer(signer.clone());
    let sources = database.sources();
    for path in ["public/x.tif", "private/a/1.tif", "private/a/2.tif?v=1"] {
        assert_eq!(read(sources, &config, &format!("{}/{path}", archive.url)).unwrap(), part(), "{path}");
    }
    let targets: Vec<String> = archive.seen().into_iter().map(|seen| seen.target).collect();
    assert_eq!(
        targets,
        ["/public/x.tif", "/private/a/1.tif?ours=TOPSECRET-a", "/private/a/2.tif?v=1&ours=TOPSECRET-a"]
    );
    assert_eq!(keys.seen().len(), 1);
    // One that is signed already is used as it is.
    let signed = format!("{}/private/a/3.tif?sig=abc", archive.url);
    assert_eq!(read(sources, &config, &signed).unwrap_err().kind(), "access-denied");
    assert_eq!(archive.seen()[0].target, "/private/a/3.tif?sig=abc");
    // Without a key there is no request.
    let error = read(sources, &config, &format!("{}/private/b/1.tif", archive.url)).unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains("ours") && text.contains(&format!("{}/b", keys.url)), "{text}");
    assert!(archive.seen().is_empty());
    // Another dataset has nothing to do with it.
    let error =
        read(sources, &CloudConfig::default(), &format!("{}/private/a/1.tif", archive.url)).unwrap_err();
    assert_eq!(error.kind(), "access-denied");
    Logs::get().assert_without(&["TOPSECRET"]);
}

#[test]
fn an_unknown_signer_lists_those_that_there_are() {
    let signer = Ours { archive: String::new(), keys: String::new() };
    let sources = ByteSources::new(impatient()).with_signer(Arc::new(signer));
    let config = CloudConfig { signer: Some("theirs".to_owned()), ..CloudConfig::default() };
    let error = read(&sources, &config, "https://example.com/a.tif").unwrap_err();
    assert!(error.to_string().contains("ours, planetary-computer"), "{error}");
}
