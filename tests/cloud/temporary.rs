//! Temporary credentials of an endpoint: had once, renewed in time, after a login at the right host.

use crate::s3_server::{Gate, Server, secret_of, token_of};
use crate::scripted::{Scripted, Seen, reply};
use crate::support::{Logs, impatient, part, read, wait};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::future::join_all;
use http::{Method, Response};
use rasteret::io::{ByteSources, SourceOptions};
use rasteret::schema::CloudConfig;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

const TOKEN: &str = "TOPSECRET-BEARER";
const PASSWORD: &str = "TOPSECRET-PASSWORD";
const HREF: &str = "s3://private/d/B 04.tif";

/// Credentials, each time others, that end when they say, and are accepted for so long.
fn credentials(gate: &Gate, number: &AtomicU32, said: Duration, accepted: Duration) -> Response<Bytes> {
    let key = format!("ASIATEMPORARY{}", number.fetch_add(1, Relaxed));
    gate.admit(&key, Instant::now() + accepted);
    let end: DateTime<Utc> = Utc::now() + said;
    let json = serde_json::json!({
        "accessKeyId": key,
        "secretAccessKey": secret_of(&key),
        "sessionToken": token_of(&key),
        "expiration": end.format("%Y-%m-%d %H:%M:%S%.6f+00:00").to_string(),
    });
    // NASA's endpoints call it HTML.
    reply(200, &[("content-type", "text/html")], json.to_string())
}

/// A server, and an endpoint for who has the token.
fn endpoint(said: Duration, accepted: Duration) -> (Server, Scripted) {
    let server = Server::start();
    let (number, shared) = (AtomicU32::new(0), server.gate.clone());
    let endpoint =
        Scripted::start(move |seen| match seen.header("authorization") == format!("Bearer {TOKEN}") {
            true => credentials(&shared, &number, said, accepted),
            false => reply(401, &[], "who are you?"),
        });
    (server, endpoint)
}

fn dataset(server: &Server, endpoint: &Scripted) -> CloudConfig {
    CloudConfig {
        region: Some("us-west-2".to_owned()),
        endpoint: Some(server.wire.url.clone()),
        s3_credentials_url: Some(format!("{}/s3credentials", endpoint.url)),
        ..CloudConfig::default()
    }
}

fn with_token() -> SourceOptions {
    SourceOptions { tokens: [("127.0.0.1".to_owned(), TOKEN.to_owned())].into(), ..impatient() }
}

#[test]
fn they_are_had_once_and_renewed_before_their_end() {
    Logs::get();
    let life = Duration::from_millis(2400);
    let (server, endpoint) = endpoint(life, life);
    let config = dataset(&server, &endpoint);
    let sources = ByteSources::new(with_token());
    assert!(!format!("{sources:?}").contains(TOKEN));
    let dataset = sources.with_cloud(&config);
    let reads = (0..40).map(|_| dataset.open(HREF, None).unwrap());
    let reads: Vec<_> =
        reads.map(|source| async move { source.read(100..200).await.unwrap().bytes }).collect();
    assert!(wait(join_all(reads)).into_iter().all(|bytes| bytes == part()));
    assert_eq!(endpoint.seen().len(), 1, "forty reads wait for one answer");
    let requests = server.wire.requests();
    assert_eq!(requests.len(), 40);
    assert!(requests.iter().all(|request| request.contains("x-amz-security-token: toptoken-asiatemporary0")));
    // In the last quarter of their time others are had, before any request is refused.
    std::thread::sleep(Duration::from_millis(1900));
    assert_eq!(read(&sources, &config, HREF).unwrap(), part());
    assert_eq!(endpoint.seen().len(), 1);
    let requests = server.wire.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert!(requests[0].contains("asiatemporary1"));
    Logs::get().assert_without(&[TOKEN, "TOPSECRET", "TOPTOKEN"]);
}

#[test]
fn such_as_end_too_early_are_replaced_once() {
    // A clock that is wrong: they are accepted for a second of the hour that they claim.
    let (server, endpoint) = endpoint(Duration::from_secs(3600), Duration::from_millis(1200));
    let config = dataset(&server, &endpoint);
    let sources = ByteSources::new(with_token());
    assert_eq!(read(&sources, &config, HREF).unwrap(), part());
    std::thread::sleep(Duration::from_millis(1300));
    assert_eq!(read(&sources, &config, HREF).unwrap(), part());
    assert_eq!((endpoint.seen().len(), server.wire.requests().len()), (2, 3));
    // What may not be read in any case is no reason to ask again and again.
    for _ in 0..5 {
        let error = read(&sources, &config, "s3://forbidden/d/B 04.tif").unwrap_err();
        let text = format!("{error} {error:?}");
        assert_eq!(error.kind(), "access-denied", "{text}");
        assert!(text.contains(&endpoint.url) && text.contains("region"), "{text}");
        assert!(!text.contains("TOPSECRET") && !text.contains("TOPTOKEN"), "{text}");
    }
    assert!(endpoint.seen().len() <= 1);
}

#[test]
fn who_has_no_login_is_told_where_one_was_looked_for() {
    let (server, endpoint) = endpoint(Duration::from_secs(3600), Duration::from_secs(3600));
    let sources = ByteSources::new(impatient());
    let error = read(&sources, &dataset(&server, &endpoint), HREF).unwrap_err();
    let text = error.to_string();
    assert_eq!(error.kind(), "access-denied", "{text}");
    for word in [endpoint.url.as_str(), "401", "EARTHDATA_TOKEN", "/nowhere", "127.0.0.1"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(server.wire.requests().is_empty());
    // The user's own key comes first.
    let sources = ByteSources::new(Server::with_key(impatient()));
    endpoint.seen();
    assert_eq!(read(&sources, &dataset(&server, &endpoint), HREF).unwrap(), part());
    assert!(endpoint.seen().is_empty());
}

#[test]
fn an_endpoint_that_is_busy_is_asked_again() {
    let server = Server::start();
    let (number, turn, shared) = (AtomicU32::new(0), AtomicU32::new(0), server.gate.clone());
    let hour = Duration::from_secs(3600);
    let endpoint = Scripted::start(move |_| match turn.fetch_add(1, Relaxed) {
        0 => reply(429, &[("retry-after", "1")], ""),
        1 => reply(503, &[], ""),
        _ => credentials(&shared, &number, hour, hour),
    });
    let sources = ByteSources::new(impatient());
    assert_eq!(read(&sources, &dataset(&server, &endpoint), HREF).unwrap(), part());
    assert_eq!(endpoint.seen().len(), 3);
    let broken = Scripted::start(|_| reply(503, &[], ""));
    let error = read(&sources, &dataset(&server, &broken), HREF).unwrap_err();
    assert_eq!(error.kind(), "unreachable", "{error}");
    assert_eq!(broken.seen().len(), 4, "not four times four");
    let wrong = Scripted::start(|_| reply(200, &[], "<html>TOPSECRET</html>"));
    let error = read(&sources, &dataset(&server, &wrong), HREF).unwrap_err();
    assert!(
        error.to_string().contains("accessKeyId") && !format!("{error:?}").contains("TOPSECRET"),
        "{error}"
    );
}

/// An archive behind a login: its endpoint leads to another host, which leads back with a code, for which there is
/// a cookie, with which there are credentials.
struct Archive {
    server: Server,
    endpoint: Scripted,
    login: Scripted,
}

impl Archive {
    fn start() -> Self {
        let server = Server::start();
        let hour = Duration::from_secs(3600);
        let expected = format!("Basic {}", STANDARD.encode(format!("me:{PASSWORD}")));
        let login = Scripted::start(move |seen: &Seen| {
            let back = seen.target.split_once("back=").unwrap().1;
            match seen.header("authorization") == expected {
                true => reply(
                    302,
                    &[
                        ("location", &format!("{back}/login?code=TOPSECRET-CODE")),
                        ("set-cookie", "urs=1; Secure"),
                    ],
                    "",
                ),
                false => reply(401, &[], "HTTP Basic: Access denied."),
            }
        });
        // Another host, as far as names go.
        let login_url = login.url.replace("127.0.0.1", "localhost");
        let (number, shared) = (AtomicU32::new(0), server.gate.clone());
        let endpoint = Scripted::start(move |seen: &Seen| {
            let here = format!("http://{}", seen.header("host"));
            match seen.target.as_str() {
                "/login?code=TOPSECRET-CODE" => reply(
                    307,
                    &[
                        ("set-cookie", "session=TOPSECRET-COOKIE; Path=/; HttpOnly"),
                        ("location", "/s3credentials"),
                    ],
                    "",
                ),
                _ if seen.header("cookie").contains("session=TOPSECRET-COOKIE") => {
                    credentials(&shared, &number, hour, hour)
                }
                _ => reply(
                    302,
                    &[("location", &format!("{login_url}/oauth/authorize?client_id=1&back={here}"))],
                    "",
                ),
            }
        });
        Archive { server, endpoint, login }
    }
}

#[test]
fn a_name_and_a_password_go_to_their_host_only() {
    Logs::get();
    let archive = Archive::start();
    let folder = tempfile::tempdir().unwrap();
    let netrc = folder.path().join("netrc");
    let config = dataset(&archive.server, &archive.endpoint);
    std::fs::write(
        &netrc,
        format!("default login other password {PASSWORD}2\nmachine localhost login me password {PASSWORD}\n"),
    )
    .unwrap();
    let sources = ByteSources::new(SourceOptions { netrc: Some(netrc.clone()), ..impatient() });
    assert_eq!(read(&sources, &config, HREF).unwrap(), part());
    let (asked, logged_in) = (archive.endpoint.seen(), archive.login.seen());
    assert_eq!((asked.len(), logged_in.len()), (3, 1));
    assert!(asked.iter().all(|seen| seen.header("authorization").is_empty()), "{asked:?}");
    assert!(asked.iter().chain(&logged_in).all(|seen| seen.method == Method::GET && seen.body.is_empty()));
    assert!(logged_in[0].header("cookie").is_empty());
    assert_eq!(asked[2].header("cookie"), "session=TOPSECRET-COOKIE");
    // A wrong password is said, and not shown.
    std::fs::write(&netrc, "machine localhost login me password WRONGPASSWORD").unwrap();
    let sources = ByteSources::new(SourceOptions { netrc: Some(netrc), ..impatient() });
    let error = read(&sources, &config, HREF).unwrap_err();
    let text = format!("{error} {error:?}");
    assert_eq!(error.kind(), "access-denied", "{text}");
    assert!(text.contains("localhost") && text.contains("netrc"), "{text}");
    assert!(!text.contains("WRONGPASSWORD") && !text.contains("TOPSECRET"), "{text}");
    Logs::get().assert_without(&["TOPSECRET", "WRONGPASSWORD"]);
}
