//! What is secret is used, and not shown.

use crate::support::{Fixture, bytes, impatient, wait};
use rasteret::io::{ByteSources, SourceOptions};
use rasteret::{Error, Location};
use rasteret_serve::Fault;

const SECRET: &str = "TOPSECRET";

#[test]
fn signed_urls() {
    let fixture = Fixture::new(5000);
    let href = format!("{}?X-Amz-Signature={SECRET}&se=2030", fixture.url());
    let href = href.replace("http://", &format!("http://user:{SECRET}@"));
    let sources = ByteSources::new(impatient());
    let source = sources.open(&href, None).unwrap();
    assert_eq!(bytes(wait(source.read(0..10))), fixture.part(0..10));
    assert_eq!(source.href(), fixture.url());
    assert!(!format!("{source:?}{sources:?}").contains(SECRET));
    let location = Location { href: href.clone(), record: "r".to_owned(), band: "B04".to_owned() };
    let redirect = Fault::Redirect(format!("http://127.0.0.1:1/{SECRET}?{SECRET}"));
    for fault in [
        Fault::Status(403),
        Fault::Status(404),
        Fault::Status(500),
        Fault::Status(400),
        Fault::OtherEtag,
        Fault::WrongRange,
        Fault::IgnoreRange,
        Fault::Reset { after: 3 },
        Fault::Stall { after: Some(1) },
        Fault::Stall { after: None },
        redirect,
    ] {
        fixture.server.set_faults((0..10).map(|_| Some(fault.clone())));
        let error = wait(source.read(0..10)).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(!text.contains(SECRET), "{fault:?}: {text}");
        let error = Error::from_byte_source(&location, error);
        let text = format!("{error} {error:?}");
        assert!(!text.contains(SECRET) && text.contains(&fixture.url()), "{fault:?}: {text}");
    }
}

#[test]
fn options() {
    let mut options =
        SourceOptions { endpoint: Some(format!("https://u:{SECRET}@host/?{SECRET}")), ..impatient() };
    options.store.insert("aws_secret_access_key".to_owned(), SECRET.to_owned());
    options.store.insert("aws_access_key_id".to_owned(), SECRET.to_owned());
    let sources = ByteSources::new(options.clone());
    let source = sources.open("s3://bucket/key", None).unwrap();
    let text = format!("{options:?} {sources:?} {source:?}");
    assert!(!text.contains(SECRET), "{text}");
    assert!(text.contains("aws_secret_access_key"), "the names may be shown: {text}");
}

#[test]
fn hrefs_that_cannot_be_opened() {
    let sources = ByteSources::new(impatient());
    for href in [format!("ftp://u:{SECRET}@h/a?{SECRET}"), format!("https://u:{SECRET}@/?{SECRET}")] {
        let location = Location { href: href.clone(), ..Default::default() };
        let error = Error::from_byte_source(&location, sources.open(&href, None).unwrap_err());
        let text = format!("{error} {error:?}");
        assert!(!text.contains(SECRET), "{text}");
    }
}
