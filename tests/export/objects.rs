//! Object stores: nothing is seen before all is there.

use crate::s3_service::serve;
use crate::support::{Made, files, rows};
use rasteret::blocking::Wait;
use rasteret::io::{ByteSources, SourceOptions};
use rasteret::{Collection, Database, Filter};
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s::{S3Result, s3_error};
use s3s_fs::FileSystem;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;

const KEY: &str = "AKIAEXAMPLE";
const SECRET: &str = "TOPSECRET/KEY";

/// Which requests are refused: an operation, and how many of its kind are let through before.
#[derive(Clone, Default)]
struct Gate {
    refused: Arc<Mutex<Option<(&'static str, usize)>>>,
    seen: Arc<Mutex<Vec<String>>>,
}

#[async_trait::async_trait]
impl S3Access for Gate {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        let name = context.s3_op().name().to_owned();
        self.seen.lock().unwrap().push(name.clone());
        if context.credentials().is_none() {
            return Err(s3_error!(AccessDenied));
        }
        match &mut *self.refused.lock().unwrap() {
            Some((operation, 0)) if *operation == name => Err(s3_error!(AccessDenied)),
            Some((operation, left)) if *operation == name => {
                *left -= 1;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

struct Server {
    folder: TempDir,
    _runtime: Runtime,
    endpoint: String,
    gate: Gate,
}

impl Server {
    fn start() -> Server {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("ours")).unwrap();
        let gate = Gate::default();
        let mut builder = S3ServiceBuilder::new(FileSystem::new(folder.path()).unwrap());
        builder.set_auth(SimpleAuth::from_single(KEY, SECRET));
        builder.set_access(gate.clone());
        let (endpoint, runtime) = serve(builder.build());
        Server { folder, _runtime: runtime, endpoint, gate }
    }

    /// The collection, with the key of the server.
    fn with_key(&self, made: &Made, secret: &str) -> Collection {
        let mut options = SourceOptions {
            endpoint: Some(self.endpoint.clone()),
            region: Some("us-west-2".to_owned()),
            allow_http: true,
            retries: 1,
            backoff: Duration::from_millis(10),
            timeout: Duration::from_secs(20),
            ..SourceOptions::default()
        };
        options.store.insert("aws_access_key_id".to_owned(), KEY.to_owned());
        options.store.insert("aws_secret_access_key".to_owned(), secret.to_owned());
        let database = Database::open(made.path("made.rasteret")).unwrap();
        database.with_sources(ByteSources::new(options)).collection("c").unwrap()
    }

    /// The objects of the bucket.
    fn objects(&self) -> Vec<String> {
        let mut objects = files(&self.folder.path().join("ours"));
        objects.retain(|object| !object.rsplit('/').next().unwrap().starts_with('.'));
        objects
    }

    fn refuse(&self, operation: &'static str, after: usize) {
        *self.gate.refused.lock().unwrap() = Some((operation, after));
    }

    fn seen(&self, operation: &str) -> usize {
        self.gate.seen.lock().unwrap().iter().filter(|name| *name == operation).count()
    }
}

#[test]
fn objects_are_the_files_of_a_folder() {
    let (server, made) = (Server::start(), Made::new(200));
    let collection = server.with_key(&made, SECRET);
    let summary = collection.export("s3://ours/a/b").run().wait().unwrap();
    made.collection.export(made.dest("local")).run().wait().unwrap();
    let expected = files(&made.path("local"));
    let objects: Vec<String> = expected.iter().map(|file| format!("a/b/{file}")).collect();
    assert_eq!(server.objects(), objects);
    assert_eq!(
        (summary.files as usize, summary.rows, summary.dest.as_str()),
        (objects.len(), 200, "s3://ours/a/b")
    );
    let mut bytes = 0;
    for (object, file) in objects.iter().zip(&expected) {
        let path = server.folder.path().join("ours").join(object);
        bytes += path.metadata().unwrap().len();
        assert_eq!(rows(&path).columns(), rows(&made.path("local").join(file)).columns());
    }
    assert_eq!(bytes, summary.bytes);

    // A single object; one whose bytes are several parts.
    collection.export("s3://ours/one.parquet").run().wait().unwrap();
    assert_eq!(rows(&server.folder.path().join("ours/one.parquet")).num_rows(), 200);

    // What is there stays, unless it may be replaced; then what is left over goes.
    let some = collection.subset(Filter::new().dates("2024-01").unwrap());
    for dest in ["s3://ours/a/b", "s3://ours/a", "s3://ours", "s3://ours/one.parquet"] {
        let error = some.export(dest).run().wait().unwrap_err();
        assert_eq!(error.kind(), "exists", "{error}");
    }
    some.export("s3://ours/a/b/").overwrite(true).run().wait().unwrap();
    assert_eq!(server.objects(), ["a/b/year=2024/month=1/part-0.parquet", "one.parquet"]);
    std::fs::write(server.folder.path().join("ours/a/b/thesis.tex"), "x").unwrap();
    let error = some.export("s3://ours/a/b").overwrite(true).run().wait().unwrap_err();
    assert!(error.kind() == "exists" && error.to_string().contains("thesis.tex"), "{error}");
}

#[test]
fn what_fails_leaves_nothing() {
    let (server, made) = (Server::start(), Made::new(200));
    let collection = server.with_key(&made, SECRET);
    for (operation, after) in [
        ("CreateMultipartUpload", 0),
        ("CreateMultipartUpload", 3),
        ("UploadPart", 0),
        ("UploadPart", 5),
        ("CompleteMultipartUpload", 0),
        ("CompleteMultipartUpload", 4),
    ] {
        server.refuse(operation, after);
        let error = collection.export("s3://ours/a").run().wait().unwrap_err();
        assert!(error.kind() == "access-denied", "{operation}: {error}");
        let text = format!("{error} {error:?}");
        assert!(text.contains("s3://ours/a") && !text.contains(SECRET), "{text}");
        assert_eq!(server.objects(), [""; 0], "{operation} after {after}");
    }
    let (begun, ended) = (
        server.seen("CreateMultipartUpload"),
        server.seen("AbortMultipartUpload") + server.seen("CompleteMultipartUpload"),
    );
    assert!(begun > 20 && ended >= begun - 2, "{begun} begun, {ended} ended");
    server.refuse("none", 0);
    collection.export("s3://ours/a").run().wait().unwrap();
    assert_eq!(server.objects().len(), 25);
}

#[test]
fn who_may_not_write() {
    let (server, made) = (Server::start(), Made::new(10));
    let error = server.with_key(&made, "another").export("s3://ours/a").run().wait().unwrap_err();
    assert!(error.kind() == "access-denied" && error.to_string().contains("AWS_ACCESS_KEY_ID"), "{error}");
    let error = server.with_key(&made, SECRET).export("s3://theirs/a").run().wait().unwrap_err();
    assert!(["not-found", "io"].contains(&error.kind()), "{error}");
    for (dest, word) in [("https://example.com/a", "HTTP"), ("ftp://example.com/a", "ftp")] {
        let error = made.collection.export(dest).run().wait().unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
    assert!(Path::new(&made.path("made.rasteret")).exists());
}
