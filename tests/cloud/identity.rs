//! Credentials of the places where they usually are: profile files, the machine, the workload.

use crate::s3_server::{KEY, Server, secret_of, token_of};
use crate::scripted::{Scripted, Seen, reply};
use crate::support::{Logs, impatient, part, read, with};
use chrono::{SecondsFormat, Utc};
use rasteret::io::{ByteSources, SourceOptions};
use rasteret::schema::CloudConfig;
use std::net::TcpListener;
use std::time::{Duration, Instant};

const HREF: &str = "s3://private/d/B 04.tif";

fn options(server: &Server, store: &[(&str, &str)]) -> SourceOptions {
    let options = SourceOptions { endpoint: Some(server.wire.url.clone()), ..impatient() };
    with(SourceOptions { region: Some("us-west-2".to_owned()), ..options }, store)
}

fn read_private(options: SourceOptions) -> Result<Vec<u8>, rasteret::Error> {
    read(&ByteSources::new(options), &CloudConfig::default(), HREF)
}

/// Credentials, as the services of Amazon's machines say them.
fn role(server: &Server, key: &str) -> String {
    server.gate.admit(key, Instant::now() + Duration::from_secs(3600));
    serde_json::json!({
        "Code": "Success",
        "AccessKeyId": key,
        "SecretAccessKey": secret_of(key),
        "Token": token_of(key),
        "Expiration": (Utc::now() + Duration::from_secs(3600)).to_rfc3339_opts(SecondsFormat::Secs, true),
    })
    .to_string()
}

#[test]
fn the_profile() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials");
    let text = format!("[archive]\naws_access_key_id = {KEY}\naws_secret_access_key = {}\n", secret_of(KEY));
    std::fs::write(&file, text).unwrap();
    let profile = [("aws_profile", "archive"), ("aws_shared_credentials_file", file.to_str().unwrap())];
    assert_eq!(read_private(options(&server, &profile)).unwrap(), part());
    assert!(server.wire.requests()[0].contains("credential=akiaexample/"));
}

#[test]
fn the_machine() {
    Logs::get();
    let server = Server::start();
    let answer = role(&server, "ASIAMACHINE");
    let metadata = Scripted::start(move |seen: &Seen| {
        let has_token = seen.header("x-aws-ec2-metadata-token") == "TOPSECRET-IMDS";
        match seen.target.as_str() {
            "/latest/api/token" if seen.method == http::Method::PUT => reply(200, &[], "TOPSECRET-IMDS"),
            "/latest/meta-data/iam/security-credentials/" if has_token => reply(200, &[], "role"),
            "/latest/meta-data/iam/security-credentials/role" if has_token => reply(200, &[], answer.clone()),
            _ => reply(404, &[], ""),
        }
    });
    let options = options(&server, &[("aws_metadata_endpoint", &metadata.url)]);
    let sources = ByteSources::new(options);
    for _ in 0..3 {
        assert_eq!(read(&sources, &CloudConfig::default(), HREF).unwrap(), part());
    }
    assert_eq!(metadata.seen().len(), 3, "asked once");
    let requests = server.wire.requests();
    assert!(!requests[0].contains("authorization:"), "anonymous first");
    assert_eq!(requests.len(), 4);
    assert!(requests[1..].iter().all(|request| request.contains("credential=asiamachine/")));
    Logs::get().assert_without(&["TOPSECRET", "TOPTOKEN"]);
}

#[test]
fn the_workload() {
    let server = Server::start();
    let answer = role(&server, "ASIAPOD");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "TOPSECRET-POD").unwrap();
    let agent = Scripted::start(move |seen: &Seen| match seen.header("authorization") {
        "TOPSECRET-POD" => reply(200, &[], answer.clone()),
        _ => reply(401, &[], ""),
    });
    let url = format!("{}/v1/credentials", agent.url);
    let pod = [
        ("aws_container_credentials_full_uri", url.as_str()),
        ("aws_container_authorization_token_file", file.to_str().unwrap()),
    ];
    assert_eq!(read_private(options(&server, &pod)).unwrap(), part());
    assert_eq!(agent.seen().len(), 1);
    assert!(server.wire.requests()[0].contains("credential=asiapod/"));
    std::fs::write(&file, "TOPSECRET-WRONG").unwrap();
    let error = read_private(options(&server, &pod)).unwrap_err();
    let text = format!("{error} {error:?}");
    assert_eq!(error.kind(), "access-denied", "{text}");
    assert!(text.contains("AWS_CONTAINER_CREDENTIALS_FULL_URI") && !text.contains("TOPSECRET"), "{text}");
}

#[test]
fn a_machine_that_does_not_answer_is_waited_for_once() {
    let server = Server::start();
    // Connections are made, and nothing comes.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let options = SourceOptions {
        connect_timeout: Duration::from_millis(300),
        stall_timeout: Duration::from_millis(700),
        ..options(&server, &[("aws_metadata_endpoint", &url)])
    };
    let sources = ByteSources::new(options);
    let start = Instant::now();
    for _ in 0..5 {
        let error = read(&sources, &CloudConfig::default(), HREF).unwrap_err();
        assert_eq!(error.kind(), "access-denied", "{error}");
        assert!(error.to_string().contains("no credentials were found"), "{error}");
    }
    assert!(start.elapsed() < Duration::from_millis(2500), "{:?}", start.elapsed());
}
