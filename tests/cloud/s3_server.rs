//! An S3 server, whose clients may have temporary credentials.

use crate::s3_service::serve;
use crate::support::noise;
use crate::wire::Wire;
use rasteret::io::SourceOptions;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::service::S3ServiceBuilder;
use s3s::{S3Result, s3_error};
use s3s_fs::FileSystem;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The key that is no temporary one.
pub const KEY: &str = "AKIAEXAMPLE";

/// The secret of a key.
pub fn secret_of(key: &str) -> String {
    format!("TOPSECRET-{key}")
}

/// The session token of a temporary key.
pub fn token_of(key: &str) -> String {
    format!("TOPTOKEN-{key}")
}

/// Who may read: anybody from `public`; who signs, and says that they pay, from `paid`; who signs from others, with a
/// key that is [`KEY`] or a temporary one that has not ended.
#[derive(Clone, Default)]
pub struct Gate {
    ends: Arc<Mutex<HashMap<String, Instant>>>,
}

impl Gate {
    /// Lets a temporary key in until its end.
    pub fn admit(&self, key: &str, end: Instant) {
        self.ends.lock().unwrap().insert(key.to_owned(), end);
    }
}

#[async_trait::async_trait]
impl S3Auth for Gate {
    async fn get_secret_key(&self, key: &str) -> S3Result<SecretKey> {
        Ok(SecretKey::from(secret_of(key)))
    }
}

#[async_trait::async_trait]
impl S3Access for Gate {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        let header = |name| context.headers().get(name).map_or("", |value| value.to_str().unwrap());
        let bucket = context.s3_path().get_bucket_name();
        let Some(credentials) = context.credentials() else {
            return if bucket == Some("public") { Ok(()) } else { Err(s3_error!(AccessDenied)) };
        };
        let key = credentials.access_key.clone();
        if key != KEY {
            if header("x-amz-security-token") != token_of(&key) {
                return Err(s3_error!(InvalidToken));
            }
            match self.ends.lock().unwrap().get(&key) {
                Some(end) if *end > Instant::now() => {}
                Some(_) => return Err(s3_error!(ExpiredToken)),
                None => return Err(s3_error!(InvalidAccessKeyId)),
            }
        }
        match bucket {
            Some("paid") if header("x-amz-request-payer") != "requester" => Err(s3_error!(AccessDenied)),
            Some("forbidden") => Err(s3_error!(AccessDenied)),
            _ => Ok(()),
        }
    }
}

/// A server, and a wire to it.
pub struct Server {
    pub wire: Wire,
    pub gate: Gate,
    _folder: TempDir,
    _runtime: Runtime,
}

impl Server {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for bucket in ["public", "private", "paid", "forbidden"] {
            std::fs::create_dir_all(folder.path().join(bucket).join("d")).unwrap();
            std::fs::write(folder.path().join(bucket).join("d/B 04.tif"), noise()).unwrap();
        }
        let gate = Gate::default();
        let mut builder = S3ServiceBuilder::new(FileSystem::new(folder.path()).unwrap());
        builder.set_auth(gate.clone());
        builder.set_access(gate.clone());
        let (url, runtime) = serve(builder.build());
        Server { wire: Wire::to(&url), gate, _folder: folder, _runtime: runtime }
    }

    /// Options with the key that is no temporary one.
    pub fn with_key(options: SourceOptions) -> SourceOptions {
        let secret = secret_of(KEY);
        crate::support::with(options, &[("aws_access_key_id", KEY), ("aws_secret_access_key", &secret)])
    }
}
