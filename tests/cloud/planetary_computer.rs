//! Planetary Computer's way: blobs that are private, tokens for whoever asks, for a while.

use crate::azurite::Azurite;
use crate::sas::{self, ACCOUNT};
use crate::scripted::{Scripted, Seen, reply};
use crate::support::{Logs, impatient, noise, part, read, skip, wait};
use chrono::{DateTime, SecondsFormat, Utc};
use futures::future::join_all;
use rasteret::io::{ByteSources, PlanetaryComputer};
use rasteret::schema::CloudConfig;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

const KEY: &str = "TOPSECRET-SUBSCRIPTION";
/// As items have it.
const HREF: &str = "https://devstoreaccount1.blob.core.windows.net/naip/d/B%2004.tif";

/// Blobs, and a server of tokens for them.
struct Archive {
    blobs: Azurite,
    tokens: Scripted,
}

impl Archive {
    /// Tokens that say that they are good for some time, and are good for another.
    fn start(said: Duration, good: Duration, permissions: &'static str) -> Option<Self> {
        let blobs = Azurite::start().map_err(|why| skip(&why)).ok()?;
        blobs.put_container("naip", false);
        blobs.put_blob("naip/d/B%2004.tif", noise());
        let tokens = Scripted::start(move |seen: &Seen| match seen.target.as_str() {
            "/api/sas/v1/token/devstoreaccount1/naip" => {
                let end = DateTime::<Utc>::from(SystemTime::now() + said);
                let json = serde_json::json!({
                    "msft:expiry": end.to_rfc3339_opts(SecondsFormat::Millis, true),
                    "token": sas::of_container("naip", permissions, good),
                });
                reply(200, &[], json.to_string())
            }
            _ => reply(404, &[], r#"{"detail":"no such container"}"#),
        });
        Some(Archive { blobs, tokens })
    }

    fn sources(&self) -> ByteSources {
        let signer = PlanetaryComputer::default()
            .with_tokens(format!("{}/api/sas/v1/token", self.tokens.url))
            .with_blobs(self.blobs.account())
            .with_subscription_key(KEY);
        ByteSources::new(impatient()).with_signer(Arc::new(signer))
    }

    fn dataset(&self) -> CloudConfig {
        let blobs = format!("https://{ACCOUNT}.blob.core.windows.net/");
        CloudConfig {
            url_patterns: [(blobs, format!("{}/", self.blobs.account()))].into(),
            endpoint: Some(self.blobs.account()),
            signer: Some("planetary-computer".to_owned()),
            ..CloudConfig::default()
        }
    }
}

/// What must not be shown: the signature of every token has the same beginning of its name only.
fn assert_no_secrets(text: &str) {
    assert!(!text.contains("sig=") && !text.contains(KEY), "{text}");
}

#[test]
fn a_token_serves_a_container_until_it_is_renewed_in_time() {
    let time = Duration::from_secs(4);
    let Some(archive) = Archive::start(time, time, "rl") else { return };
    Logs::get();
    let (sources, dataset) = (archive.sources(), archive.dataset());
    let of_dataset = sources.with_cloud(&dataset);
    let reads: Vec<_> = (0..40).map(|_| of_dataset.open(HREF, None).unwrap()).collect();
    assert!(reads.iter().all(|source| source.href() == HREF), "what is shown is what is stored");
    let reads = reads.iter().map(|source| async { source.read(100..200).await.unwrap().bytes });
    assert!(wait(join_all(reads)).into_iter().all(|bytes| bytes == part()));
    let asked = archive.tokens.seen();
    assert_eq!(asked.len(), 1, "forty reads wait for one token");
    assert_eq!(asked[0].header("ocp-apim-subscription-key"), KEY);
    let requests = archive.blobs.wire.requests();
    assert_eq!(requests.len(), 40);
    for request in &requests {
        assert!(request.contains("sig=") && !request.contains("authorization:"), "{request}");
        assert!(!request.contains("subscription-key"), "{request}");
    }
    // The same container in the form of the object store.
    assert_eq!(read(&sources, &dataset, "az://naip/d/B 04.tif").unwrap(), part());
    assert!(archive.tokens.seen().is_empty());
    std::thread::sleep(Duration::from_millis(3200));
    archive.blobs.wire.requests();
    assert_eq!(read(&sources, &dataset, HREF).unwrap(), part());
    assert_eq!(
        (archive.tokens.seen().len(), archive.blobs.wire.requests().len()),
        (1, 1),
        "renewed before it ended"
    );
    assert_no_secrets(&format!("{sources:?} {of_dataset:?} {dataset:?}"));
    assert_no_secrets(&serde_json::to_string(&dataset).unwrap());
    Logs::get().assert_without(&["sig=", KEY]);
}

#[test]
fn a_token_that_ends_too_early_is_renewed_once() {
    let hour = Duration::from_secs(3600);
    let Some(archive) = Archive::start(hour, Duration::from_secs(3), "rl") else { return };
    let (sources, dataset) = (archive.sources(), archive.dataset());
    let source = sources.with_cloud(&dataset).open(HREF, None).unwrap();
    assert_eq!(wait(source.read(100..200)).unwrap().bytes, part());
    std::thread::sleep(Duration::from_millis(4100));
    archive.blobs.wire.requests();
    let again = wait(source.read(100..200)).unwrap();
    assert_eq!((again.bytes, again.requests), (part().into(), 1));
    assert_eq!((archive.tokens.seen().len(), archive.blobs.wire.requests().len()), (2, 2));
}

#[test]
fn what_may_not_be_read_is_denied_without_a_secret() {
    // Tokens that permit to write.
    let hour = Duration::from_secs(3600);
    let Some(archive) = Archive::start(hour, hour, "w") else { return };
    Logs::get();
    let (sources, dataset) = (archive.sources(), archive.dataset());
    for _ in 0..5 {
        let error = read(&sources, &dataset, HREF).unwrap_err();
        let text = format!("{error} {error:?}");
        assert_eq!(error.kind(), "access-denied", "{text}");
        assert!(text.contains(HREF) && text.contains("planetary-computer"), "{text}");
        assert_no_secrets(&text);
    }
    assert!(archive.tokens.seen().len() <= 2, "not one for each");
    // A container for which there are no tokens.
    let other = HREF.replace("naip", "other");
    let error = read(&sources, &dataset, &other).unwrap_err();
    let text = format!("{error} {error:?}");
    assert_eq!(error.kind(), "access-denied", "{text}");
    assert!(text.contains("does not exist") && text.contains("token/devstoreaccount1/other"), "{text}");
    assert_no_secrets(&text);
    // A signed href is used as it is, without a token.
    archive.tokens.seen();
    let signature = sas::of_container("naip", "r", hour);
    assert_eq!(read(&sources, &dataset, &format!("{HREF}?{signature}")).unwrap(), part());
    let error = read(&sources, &dataset, &format!("{}?{signature}", HREF.replace("04", "05"))).unwrap_err();
    assert_eq!(error.kind(), "not-found");
    assert_no_secrets(&format!("{error} {error:?}"));
    assert!(archive.tokens.seen().is_empty());
    // Without a signer, nobody may.
    let plain = CloudConfig { signer: None, ..dataset };
    assert!(matches!(read(&sources, &plain, HREF).unwrap_err().kind(), "access-denied" | "not-found"));
    Logs::get().assert_without(&["sig=", KEY]);
}
