//! An S3 server.

use crate::nobody::nobody;
use crate::s3_service::serve;
use crate::support::{bytes, impatient, noise, wait};
use futures::TryStreamExt;
use rasteret::io::{ByteSourceError, ByteSources, SourceOptions};
use rasteret::schema::{Access as _, AccessErrorKind, DocumentRequest, ListedFile};
use rasteret::{Error, Location};
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s::{S3Result, s3_error};
use s3s_fs::FileSystem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const KEY: &str = "AKIAEXAMPLE";
const SECRET: &str = "TOPSECRET/KEY";

/// Who may read: anybody from `public`, who has the key from `private`, who pays from `paid`.
#[derive(Clone, Default)]
struct Access {
    requests: Arc<AtomicU32>,
    signed: Arc<AtomicU32>,
}

#[async_trait::async_trait]
impl S3Access for Access {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        self.requests.fetch_add(1, Relaxed);
        let is_signed = context.credentials().is_some();
        self.signed.fetch_add(u32::from(is_signed), Relaxed);
        let pays = context.headers().get("x-amz-request-payer").is_some_and(|payer| payer == "requester");
        let is_allowed = match context.s3_path().get_bucket_name() {
            Some("public") => true,
            Some("paid") => is_signed && pays,
            _ => is_signed,
        };
        is_allowed.then_some(()).ok_or_else(|| s3_error!(AccessDenied))
    }
}

struct Server {
    folder: TempDir,
    _runtime: Runtime,
    endpoint: String,
    bytes: Vec<u8>,
    access: Access,
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bytes = noise(200_000);
        for bucket in ["public", "private", "paid"] {
            std::fs::create_dir_all(folder.path().join(bucket).join("d")).unwrap();
            std::fs::write(folder.path().join(bucket).join("d/B 04+é.tif"), &bytes).unwrap();
        }
        let access = Access::default();
        let mut builder = S3ServiceBuilder::new(FileSystem::new(folder.path()).unwrap());
        builder.set_auth(SimpleAuth::from_single(KEY, SECRET));
        builder.set_access(access.clone());
        let (endpoint, runtime) = serve(builder.build());
        Server { folder, _runtime: runtime, endpoint, bytes, access }
    }

    fn options(&self) -> SourceOptions {
        SourceOptions {
            endpoint: Some(self.endpoint.clone()),
            region: Some("us-west-2".to_owned()),
            allow_http: true,
            ..impatient()
        }
    }

    fn with_key(&self, secret: &str) -> SourceOptions {
        let mut options = self.options();
        options.store.insert("aws_access_key_id".to_owned(), KEY.to_owned());
        options.store.insert("aws_secret_access_key".to_owned(), secret.to_owned());
        options
    }
}

fn href(bucket: &str) -> String {
    format!("s3://{bucket}/d/B 04+é.tif")
}

#[test]
fn ranges_are_those_of_the_object() {
    let server = Server::start();
    for (bucket, options) in [
        ("public", SourceOptions { anonymous: true, ..server.options() }),
        ("public", server.with_key(SECRET)),
        ("private", server.with_key(SECRET)),
        ("paid", SourceOptions { requester_pays: true, ..server.with_key(SECRET) }),
    ] {
        let source = ByteSources::new(options).open(&href(bucket), None).unwrap();
        let (start, version) = wait(source.read_start(1000)).unwrap();
        assert_eq!((&start.bytes[..], start.requests), (&server.bytes[..1000], 1), "{bucket}");
        assert_eq!(version.size, Some(200_000));
        assert!(version.etag.is_some() && version.last_modified.is_some());
        for range in [0..1, 7..5000, 0..200_000, 199_999..200_000] {
            let part = &server.bytes[range.start as usize..range.end as usize];
            assert_eq!(bytes(wait(source.read(range.clone()))), part, "{bucket} {range:?}");
        }
        let error = wait(source.read(199_999..200_001)).unwrap_err();
        assert!(matches!(error, ByteSourceError::BeyondEnd { size: 200_000, .. }), "{error:?}");
    }
    assert_eq!(server.access.requests.load(Relaxed), 4 * 6);
    assert_eq!(server.access.signed.load(Relaxed), 3 * 6);
}

#[test]
fn another_version_is_noticed() {
    let server = Server::start();
    let sources = ByteSources::new(server.with_key(SECRET));
    let source = sources.open(&href("private"), None).unwrap();
    let (_, version) = wait(source.read_start(10)).unwrap();
    let same = sources.open(&href("private"), Some(&version)).unwrap();
    assert_eq!(bytes(wait(same.read(5..10))), server.bytes[5..10]);
    std::fs::write(server.folder.path().join("private/d/B 04+é.tif"), noise(300_000)).unwrap();
    for source in [source, same] {
        let error = wait(source.read(5..10)).unwrap_err();
        assert!(matches!(error, ByteSourceError::Changed { .. }), "{error:?}");
    }
}

#[test]
fn who_may_not_read() {
    let server = Server::start();
    let anonymous = SourceOptions { anonymous: true, ..server.options() };
    for (bucket, options, words) in [
        ("private", anonymous.clone(), ["AccessDenied", "not signed"]),
        ("private", server.with_key("another"), ["SignatureDoesNotMatch", "AWS_ACCESS_KEY_ID"]),
        ("paid", server.with_key(SECRET), ["AccessDenied", "AWS_ACCESS_KEY_ID"]),
    ] {
        let source = ByteSources::new(options).open(&href(bucket), None).unwrap();
        let before = server.access.requests.load(Relaxed);
        let error = wait(source.read(0..10)).unwrap_err();
        let location = Location { href: href(bucket), ..Default::default() };
        let error = Error::from_byte_source(&location, error);
        let text = format!("{error} {error:?}");
        assert_eq!(error.kind(), "access-denied", "{text}");
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
        assert!(!text.contains(SECRET) && !text.contains(KEY), "{text}");
        assert!(server.access.requests.load(Relaxed) <= before + 1, "it is final");
    }
    let source = ByteSources::new(anonymous).open("s3://public/d/none.tif", None).unwrap();
    assert!(matches!(wait(source.read(0..10)), Err(ByteSourceError::NotFound)));
}

#[test]
fn without_credentials_public_buckets_are_read() {
    let server = Server::start();
    let mut options = server.options();
    // Not the credentials of whoever runs the test, and no metadata service.
    options.store.extend(nobody());
    let sources = ByteSources::new(options);
    let source = sources.open(&href("public"), None).unwrap();
    assert_eq!(bytes(wait(source.read(5..10))), server.bytes[5..10]);
    let error = wait(sources.open(&href("private"), None).unwrap().read(5..10)).unwrap_err();
    let ByteSourceError::AccessDenied { reason } = &error else { panic!("{error:?}") };
    assert!(reason.contains("no credentials were found") && reason.contains("AWS_ACCESS_KEY_ID"), "{reason}");
}

#[test]
fn adapters_read_objects_and_lists() {
    let server = Server::start();
    // More than a page of a list has.
    for bucket in ["public", "private"] {
        std::fs::create_dir_all(server.folder.path().join(bucket).join("items/deep")).unwrap();
        for i in 0..1200 {
            let name = format!("{bucket}/items/deep/{i:04}.json");
            std::fs::write(server.folder.path().join(name), format!("{{\"n\":{i}}}")).unwrap();
        }
        std::fs::create_dir_all(server.folder.path().join(bucket).join("items-not")).unwrap();
        std::fs::write(server.folder.path().join(bucket).join("items-not/x.json"), "{}").unwrap();
    }
    let anonymous = SourceOptions { anonymous: true, ..server.options() };
    for (bucket, options) in [("public", anonymous.clone()), ("private", server.with_key(SECRET))] {
        let sources = ByteSources::new(options);
        for folder in [format!("s3://{bucket}/items"), format!("s3://{bucket}/items/")] {
            let files: Vec<ListedFile> = wait(sources.list(&folder).try_collect()).unwrap();
            assert_eq!(files.len(), 1200, "{bucket}");
            assert!(files.is_sorted_by_key(|file| file.href.clone()));
            assert_eq!(files[7].href, format!("s3://{bucket}/items/deep/0007.json"));
            assert_eq!(files[7].size, 7);
        }
        let document = format!("s3://{bucket}/items/deep/0007.json");
        let document = wait(sources.fetch(DocumentRequest::get(document))).unwrap();
        assert_eq!(&document.bytes[..], br#"{"n":7}"#);
        let mut request = DocumentRequest::get(href(bucket));
        request.max_bytes = 199_999;
        let error = wait(sources.fetch(request)).unwrap_err();
        assert_eq!(error.kind, AccessErrorKind::TooLarge, "{error}");
        let whole: Vec<ListedFile> = wait(sources.list(&format!("s3://{bucket}")).try_collect()).unwrap();
        assert_eq!(whole.len(), 1202, "{bucket}");
        // Size and end in one request; what lies before it in another.
        let before = server.access.requests.load(Relaxed);
        let name = href(bucket);
        let file = wait(rasteret::schema::Access::open(&sources, &name)).unwrap();
        assert_eq!(file.size(), 200_000);
        assert!(file.version().etag.is_some());
        assert_eq!(wait(file.read(150_000..200_000)).unwrap(), server.bytes[150_000..]);
        assert_eq!(server.access.requests.load(Relaxed), before + 1);
        assert_eq!(wait(file.read(0..150_000)).unwrap(), server.bytes[..150_000]);
        assert_eq!(server.access.requests.load(Relaxed), before + 2);
    }
    let sources = ByteSources::new(anonymous);
    let denied = [
        wait(sources.fetch(DocumentRequest::get("s3://private/items/deep/0007.json"))).unwrap_err(),
        wait(sources.list("s3://private/items").try_collect::<Vec<_>>()).unwrap_err(),
        wait(rasteret::schema::Access::open(&sources, "s3://private/items/deep/0007.json")).unwrap_err(),
    ];
    for error in denied {
        assert_eq!(error.kind, AccessErrorKind::Denied, "{error}");
        assert!(error.message.contains("AccessDenied") && error.message.contains("not signed"), "{error}");
    }
    let error = wait(sources.fetch(DocumentRequest::get("s3://public/no.json"))).unwrap_err();
    assert_eq!(error.kind, AccessErrorKind::NotFound);
    let error = wait(sources.fetch(DocumentRequest::post("s3://public/no.json", "{}"))).unwrap_err();
    assert_eq!(error.kind, AccessErrorKind::Invalid);
}

#[test]
fn without_tls_only_where_that_is_allowed() {
    let server = Server::start();
    let options = SourceOptions { allow_http: false, ..server.with_key(SECRET) };
    let error = ByteSources::new(options).open(&href("private"), None).unwrap_err();
    assert!(error.to_string().contains("allow_http"), "{error}");
}

#[test]
fn options_that_do_not_exist() {
    let mut options = impatient();
    options.store.insert("aws_secret_acess_key".to_owned(), SECRET.to_owned());
    let error = ByteSources::new(options).open("s3://b/k", None).unwrap_err();
    assert!(error.to_string().contains("aws_secret_acess_key"), "{error}");
}
