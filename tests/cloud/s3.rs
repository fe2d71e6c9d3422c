//! S3: who pays, and who says nothing of themselves.

use crate::s3_server::{KEY, Server, secret_of};
use crate::support::{Logs, impatient, part, read, wait};
use futures::TryStreamExt;
use rasteret::io::ByteSources;
use rasteret::schema::{Access, AccessErrorKind, CloudConfig, CloudProvider, DocumentRequest, MergedCloud};

const HREF: &str = "https://data.example.com/archive/d/B 04.tif";

/// A dataset whose hrefs lead to a bucket.
fn dataset(server: &Server, bucket: &str) -> CloudConfig {
    CloudConfig {
        provider: Some(CloudProvider::Aws),
        region: Some("us-west-2".to_owned()),
        endpoint: Some(server.wire.url.clone()),
        url_patterns: [("https://data.example.com/archive/".to_owned(), format!("s3://{bucket}/"))].into(),
        ..CloudConfig::default()
    }
}

#[test]
fn who_reads_pays_where_the_dataset_says_so() {
    let server = Server::start();
    let sources = ByteSources::new(Server::with_key(impatient()));
    let config = CloudConfig { requester_pays: true, ..dataset(&server, "paid") };
    assert_eq!(read(&sources, &config, HREF).unwrap(), part());
    let files: Vec<_> = wait(sources.with_cloud(&config).list("s3://paid/d").try_collect()).unwrap();
    assert_eq!(files.len(), 1);
    wait(sources.with_cloud(&config).fetch(DocumentRequest::get(HREF))).unwrap();
    let requests = server.wire.requests();
    assert_eq!(requests.len(), 3);
    for request in requests {
        assert!(request.contains("\r\nx-amz-request-payer: requester"), "{request}");
        assert!(request.contains("\r\nauthorization: aws4-hmac-sha256"), "{request}");
        assert!(request.contains("/us-west-2/s3/"), "signed for the dataset's region: {request}");
    }
    // Without: denied, and said where it leads.
    let error = read(&sources, &dataset(&server, "paid"), HREF).unwrap_err();
    let text = format!("{error} {error:?}");
    assert_eq!(error.kind(), "access-denied", "{text}");
    assert!(text.contains("opened as s3://paid/d/B 04.tif") && text.contains(HREF), "{text}");
    assert!(!text.contains(KEY) && !text.contains(&secret_of(KEY)), "{text}");
    assert!(server.wire.requests().iter().all(|request| !request.contains("x-amz-request-payer")));
}

#[test]
fn anonymous_requests_say_nothing_of_who_reads() {
    Logs::get();
    let server = Server::start();
    let config = CloudConfig { anonymous: true, ..dataset(&server, "public") };
    let nobody = ByteSources::new(impatient());
    // No key, whether the dataset says that none is needed or not.
    for config in [&config, &dataset(&server, "public")] {
        assert_eq!(read(&nobody, config, HREF).unwrap(), part());
        let files: Vec<_> = wait(nobody.with_cloud(config).list("s3://public/").try_collect()).unwrap();
        assert_eq!(files.len(), 1);
    }
    let requests = server.wire.requests();
    assert_eq!(requests.len(), 4);
    for request in requests {
        for header in ["authorization:", "x-amz-security-token:", "cookie:", "x-amz-signature"] {
            assert!(!request.contains(header), "{request}");
        }
    }
    // The user says otherwise: there is a key.
    let user = ByteSources::new(Server::with_key(impatient()));
    assert_eq!(read(&user, &config, HREF).unwrap(), part());
    assert!(server.wire.requests()[0].contains("\r\nauthorization: aws4-hmac-sha256"));
    let private = CloudConfig { anonymous: true, ..dataset(&server, "private") };
    let error = wait(nobody.with_cloud(&private).fetch(DocumentRequest::get(HREF))).unwrap_err();
    assert_eq!(error.kind, AccessErrorKind::Denied);
    assert_eq!(error.href, HREF);
    Logs::get().assert_without(&[&secret_of(KEY)]);
}

#[test]
fn each_source_of_a_merged_collection_keeps_its_settings() {
    let server = Server::start();
    let sources = ByteSources::new(Server::with_key(impatient()));
    let paid = CloudConfig { requester_pays: true, ..dataset(&server, "paid") };
    let public = CloudConfig {
        url_patterns: [("https://open.example.com/".to_owned(), "s3://public/".to_owned())].into(),
        ..dataset(&server, "public")
    };
    let elsewhere = "https://open.example.com/d/B 04.tif";
    let mut merged = MergedCloud::default();
    merged.add("paid", &paid.clone().into(), HREF).unwrap();
    merged.add("public", &public.clone().into(), elsewhere).unwrap();
    let both = sources.with_clouds(&merged.finish());
    for (href, pays) in [(HREF, true), (elsewhere, false)] {
        assert_eq!(wait(both.open(href, None).unwrap().read(100..200)).unwrap().bytes, part());
        wait(both.fetch(DocumentRequest::get(href))).unwrap();
        let requests = server.wire.requests();
        assert_eq!(requests.len(), 2);
        for request in requests {
            assert_eq!(request.contains("\r\nx-amz-request-payer: requester"), pays, "{request}");
        }
    }
    // Alone, the settings of one lead nowhere for the other.
    assert!(read(&sources, &public, HREF).is_err() && read(&sources, &paid, elsewhere).is_err());
}

#[test]
fn settings_share_what_they_can() {
    let server = Server::start();
    let sources = ByteSources::new(Server::with_key(impatient()));
    for _ in 0..20 {
        assert_eq!(read(&sources, &dataset(&server, "private"), HREF).unwrap(), part());
    }
    assert!(server.wire.connections() <= 2, "{}", server.wire.connections());
}
