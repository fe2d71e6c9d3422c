//! Folders as buckets of an S3 server.

use crate::s3_service::serve;
use rasteret::io::{ByteSources, SourceOptions};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use std::path::Path;
use tokio::runtime::Runtime;

/// How the folders below one are reached as buckets, as long as the server's threads are kept.
pub fn buckets(folder: &Path, with: impl FnOnce(&mut S3ServiceBuilder)) -> (ByteSources, Runtime) {
    let (id, secret) = ("reader", "its secret");
    let mut builder = S3ServiceBuilder::new(FileSystem::new(folder).unwrap());
    builder.set_auth(SimpleAuth::from_single(id, secret));
    with(&mut builder);
    let (url, runtime) = serve(builder.build());
    let keys = [("aws_access_key_id", id), ("aws_secret_access_key", secret), ("aws_region", "us-east-1")];
    let options = SourceOptions {
        endpoint: Some(url),
        allow_http: true,
        store: keys.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        ..SourceOptions::default()
    };
    (ByteSources::new(options), runtime)
}
