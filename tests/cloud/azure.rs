//! Azure: shared keys, shared access signatures, and nothing.

use crate::azurite::Azurite;
use crate::sas::{self, ACCOUNT, KEY};
use crate::support::{Logs, impatient, noise, part, read, skip, wait, with};
use futures::TryStreamExt;
use rasteret::io::{ByteSources, SourceOptions};
use rasteret::schema::{Access, AccessErrorKind, CloudConfig, CloudProvider, DocumentRequest};
use std::process::Command;
use std::time::Duration;

/// A server with a public and a private container.
fn server() -> Option<Azurite> {
    let server = Azurite::start().map_err(|why| skip(&why)).ok()?;
    for (container, is_public) in [("public", true), ("private", false)] {
        server.put_container(container, is_public);
        server.put_blob(&format!("{container}/d/B%2004.tif"), noise());
        server.put_blob(&format!("{container}/d/item.json"), b"{}".to_vec());
    }
    Some(server)
}

pub fn options(account: &str, store: &[(&str, &str)]) -> SourceOptions {
    let options = with(impatient(), &[("azure_storage_account_name", ACCOUNT)]);
    with(SourceOptions { endpoint: Some(account.to_owned()), ..options }, store)
}

fn dataset() -> CloudConfig {
    CloudConfig { provider: Some(CloudProvider::Azure), ..CloudConfig::default() }
}

/// The forms in which hrefs come.
fn hrefs(account: &str, container: &str) -> [String; 3] {
    [
        format!("az://{container}/d/B 04.tif"),
        format!("abfss://{container}@{ACCOUNT}.dfs.core.windows.net/d/B 04.tif"),
        format!("{account}/{container}/d/B%2004.tif"),
    ]
}

#[test]
fn keys_and_signatures_of_the_user() {
    let Some(server) = server() else { return };
    Logs::get();
    let account = server.account();
    let signature = sas::of_container("private", "rl", Duration::from_secs(600));
    let secret = signature.rsplit("sig=").next().unwrap().to_owned();
    for (store, carries) in [
        ([("azure_storage_account_key", KEY)], "\r\nauthorization: sharedkey devstoreaccount1:"),
        ([("azure_storage_sas_token", signature.as_str())], "sig="),
    ] {
        let sources = ByteSources::new(options(&account, &store));
        assert!(!format!("{sources:?}").contains(KEY) && !format!("{sources:?}").contains(&secret));
        for href in hrefs(&account, "private") {
            assert_eq!(read(&sources, &dataset(), &href).unwrap(), part(), "{href}");
        }
        let requests = server.wire.requests();
        assert_eq!(requests.len(), 3);
        assert!(requests.iter().all(|request| request.contains(carries)), "{requests:?}");
        let files: Vec<_> = wait(sources.list("az://private/d").try_collect()).unwrap();
        let names: Vec<&str> = files.iter().map(|file| file.href.as_str()).collect();
        assert_eq!(names, ["az://private/d/B 04.tif", "az://private/d/item.json"]);
        assert_eq!(
            wait(sources.fetch(DocumentRequest::get("az://private/d/item.json"))).unwrap().bytes,
            "{}"
        );
        // Azure cannot be asked for the end of a blob.
        let file = wait(Access::open(&sources, "az://private/d/B 04.tif")).unwrap();
        assert_eq!(
            (file.size(), &wait(file.read(150_000..200_000)).unwrap()[..]),
            (200_000, &noise()[150_000..])
        );
        server.wire.requests();
    }
    // A wrong key is said, and not shown.
    let wrong = options(&account, &[("azure_storage_account_key", "VE9QU0VDUkVU")]);
    let error = read(&ByteSources::new(wrong), &dataset(), "az://private/d/B 04.tif").unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(
        error.kind() == "access-denied" && text.contains("AuthenticationFailed")
            || text.contains("AuthorizationFailure"),
        "{text}"
    );
    assert!(!text.contains("VE9QU0VDUkVU"), "{text}");
    Logs::get().assert_without(&[KEY, &secret, "VE9QU0VDUkVU"]);
}

#[test]
fn public_containers_need_nothing() {
    let Some(server) = server() else { return };
    let account = server.account();
    let sources = ByteSources::new(options(&account, &[]));
    let config = CloudConfig { anonymous: true, ..dataset() };
    for href in hrefs(&account, "public") {
        assert_eq!(read(&sources, &config, &href).unwrap(), part(), "{href}");
    }
    let plain = ByteSources::new(impatient());
    assert_eq!(read(&plain, &config, &hrefs(&account, "public")[2]).unwrap(), part());
    for request in server.wire.requests() {
        assert!(!request.contains("authorization:") && !request.contains("sig="), "{request}");
    }
    let private = DocumentRequest::get("az://private/d/item.json");
    let error = wait(sources.with_cloud(&config).fetch(private)).unwrap_err();
    assert!(matches!(error.kind, AccessErrorKind::Denied | AccessErrorKind::NotFound), "{error}");
}

#[test]
fn keys_of_the_environment() {
    let Some(server) = server() else { return };
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "azure::reads_with_the_environment", "--ignored", "--nocapture"])
        .env("AZURE_STORAGE_ACCOUNT", ACCOUNT)
        .env("AZURE_STORAGE_KEY", KEY)
        .env("AZURE_STORAGE_ENDPOINT", server.account())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    let requests = server.wire.requests();
    assert_eq!(requests.len(), 1);
    assert!(requests[0].contains("\r\nauthorization: sharedkey devstoreaccount1:"), "{requests:?}");
}

#[test]
#[ignore = "run by keys_of_the_environment, with an environment of its own"]
fn reads_with_the_environment() {
    let sources = ByteSources::new(impatient());
    assert_eq!(read(&sources, &CloudConfig::default(), "az://private/d/B 04.tif").unwrap(), part());
}
