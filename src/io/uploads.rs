//! Objects that are written together: they appear when all of them are whole, or none does.
//!
//! Each object is a multipart upload, of which an object store shows nothing until it is completed. That is done
//! for all objects at the end. A process that is killed before leaves parts that nobody sees, which the lifecycle
//! rules of a bucket can remove.

use super::href::scrubbed;
use super::http::cause;
use super::route::Route;
use super::{ByteSourceError, ByteSources, SourceOptions, cloud, runtime};
use bytes::{Bytes, BytesMut};
use futures::future::{join_all, try_join_all};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{Error as StoreError, MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Bytes of a part. Stores take at most 10,000 parts of an object.
const PART: usize = 16 << 20;
/// Parts that are sent at once.
const PARTS: usize = 4;
/// Objects that are completed at once.
const CONCURRENT: usize = 16;

/// Objects below one prefix, or a single one. Dropped before they are published, they are given up.
pub(crate) struct Uploads {
    store: Arc<dyn ObjectStore>,
    place: Path,
    patience: Duration,
    credentials: String,
    begun: Vec<Upload>,
    buffer: BytesMut,
}

/// An object in the making.
struct Upload {
    path: Path,
    upload: Box<dyn MultipartUpload>,
}

impl fmt::Debug for Uploads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uploads").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Uploads {
    /// Makes ready to write below an href, or under it.
    pub async fn new(sources: &ByteSources, href: &str) -> Result<Uploads, ByteSourceError> {
        let (bucket, key) = Route::of_folder(href)?;
        let place = Path::parse(key.trim_end_matches('/'))
            .map_err(|error| ByteSourceError::Invalid(error.to_string()))?;
        let (client, options) = (sources.client()?.clone(), SourceOptions::clone(sources.options()));
        let patience = options.timeout;
        let (store, credentials) =
            runtime::run(async move { cloud::for_writing(&bucket, &options, &client).await }).await?;
        Ok(Uploads { store, place, patience, credentials, begun: Vec::new(), buffer: BytesMut::new() })
    }

    /// Whether the single object is there.
    pub async fn is_there(&self) -> Result<bool, ByteSourceError> {
        let (store, place) = (Arc::clone(&self.store), self.place.clone());
        let found = self.within(async move {
            match store.head(&place).await {
                Ok(_) => Ok(true),
                Err(StoreError::NotFound { .. }) => Ok(false),
                Err(error) => Err(error),
            }
        });
        found.await
    }

    /// The names of the objects below the prefix.
    pub async fn existing(&self) -> Result<Vec<String>, ByteSourceError> {
        let (store, place) = (Arc::clone(&self.store), self.place.clone());
        let found = self.within(async move {
            let below: Vec<Path> =
                store.list(Some(&place)).map_ok(|object| object.location).try_collect().await?;
            let name = |path: &Path| {
                let parts = path.prefix_match(&place)?.map(|part| part.as_ref().to_owned());
                Some(parts.collect::<Vec<_>>().join("/"))
            };
            Ok(below.iter().filter_map(name).collect())
        });
        found.await
    }

    /// Begins an object of this name below the prefix; of an empty name, the single one.
    pub async fn begin(&mut self, name: &str) -> Result<(), ByteSourceError> {
        let path = self.path(name)?;
        let (store, at) = (Arc::clone(&self.store), path.clone());
        let upload = self.within(async move { store.put_multipart(&at).await }).await?;
        self.begun.push(Upload { path, upload });
        Ok(())
    }

    /// Adds bytes to the object that was begun last.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), ByteSourceError> {
        self.buffer.extend_from_slice(bytes);
        while self.buffer.len() >= PART * PARTS {
            let parts = (0..PARTS).map(|_| self.buffer.split_to(PART).freeze()).collect();
            self.send(parts).await?;
        }
        Ok(())
    }

    /// Ends the object that was begun last; it is not seen yet.
    pub async fn end(&mut self) -> Result<(), ByteSourceError> {
        let mut rest = self.buffer.split().freeze();
        let mut parts = Vec::new();
        while !rest.is_empty() {
            parts.push(rest.split_to(PART.min(rest.len())));
        }
        self.send(parts).await
    }

    async fn send(&mut self, parts: Vec<Bytes>) -> Result<(), ByteSourceError> {
        let Some(Upload { upload, .. }) = self.begun.last_mut() else {
            return Err(ByteSourceError::Invalid("no object was begun".to_owned()));
        };
        let parts: Vec<_> = parts.into_iter().map(|part| upload.put_part(PutPayload::from(part))).collect();
        try_join_all(parts.into_iter().map(|part| self.within(part))).await?;
        Ok(())
    }

    /// Lets all objects be seen, and then removes others, by their names.
    ///
    /// # Errors
    ///
    /// If an object cannot be completed: those that were before it are removed again, unless there were others.
    pub async fn publish(mut self, others: &[String]) -> Result<(), ByteSourceError> {
        let others = others.iter().map(|name| self.path(name)).collect::<Result<Vec<_>, _>>()?;
        let mut written: Vec<Path> = Vec::with_capacity(self.begun.len());
        while !self.begun.is_empty() {
            let next = self.begun.split_off(self.begun.len().saturating_sub(CONCURRENT));
            let completed = next.into_iter().map(|Upload { path, mut upload }| {
                self.within(async move {
                    if let Err(error) = upload.complete().await {
                        // The first error is the one to report.
                        let _ = upload.abort().await;
                        return Err(error);
                    }
                    Ok(path)
                })
            });
            let (mut paths, mut failed) = (Vec::new(), None);
            for completed in join_all(completed).await {
                match completed {
                    Ok(path) => paths.push(path),
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
            written.append(&mut paths);
            if let Some(error) = failed {
                // Some of what was there may be replaced already: that must not go as well.
                if others.is_empty() {
                    let _ = self.remove(written).await;
                }
                self.give_up().await;
                return Err(error);
            }
        }
        self.remove(others.into_iter().filter(|other| !written.contains(other)).collect()).await
    }

    /// Leaves nothing of what was begun.
    pub async fn give_up(&mut self) {
        let aborted =
            self.begun.drain(..).map(|Upload { mut upload, .. }| async move { upload.abort().await });
        let aborted: Vec<_> = aborted.collect();
        for error in join_all(aborted.into_iter().map(|abort| self.within(abort))).await {
            if let Err(error) = error {
                tracing::warn!("an upload below {} could not be aborted: {error}", self.place);
            }
        }
    }

    async fn remove(&self, objects: Vec<Path>) -> Result<(), ByteSourceError> {
        let store = Arc::clone(&self.store);
        self.within(async move {
            let objects = stream::iter(objects).map(Ok).boxed();
            store.delete_stream(objects).try_collect::<Vec<_>>().await.map(|_| ())
        })
        .await
    }

    fn path(&self, name: &str) -> Result<Path, ByteSourceError> {
        let place = self.place.as_ref();
        let path = if place.is_empty() || name.is_empty() {
            format!("{place}{name}")
        } else {
            format!("{place}/{name}")
        };
        Path::parse(path).map_err(|error| ByteSourceError::Invalid(error.to_string()))
    }

    /// Runs what talks to the store, on the library's runtime.
    async fn within<T: Send + 'static>(
        &self,
        work: impl Future<Output = object_store::Result<T>> + Send + 'static,
    ) -> Result<T, ByteSourceError> {
        let (patience, credentials) = (self.patience, self.credentials.clone());
        runtime::run(async move {
            match timeout(patience, work).await {
                Ok(Ok(done)) => Ok(done),
                Ok(Err(StoreError::NotFound { .. })) => Err(ByteSourceError::NotFound),
                Ok(Err(error)) if is_denied(&error) => {
                    let reason = format!("{}; {credentials}", scrubbed(&cause(&error)));
                    Err(ByteSourceError::AccessDenied { reason })
                }
                Ok(Err(error)) => Err(ByteSourceError::NotWritten(scrubbed(&cause(&error)))),
                Err(_) => Err(ByteSourceError::NotWritten(format!("it is not done after {patience:?}"))),
            }
        })
        .await
    }
}

/// Whether a store does not let us in. Of some requests `object_store` tells that in words only.
fn is_denied(error: &StoreError) -> bool {
    let cause = cause(error);
    // Of a request by itself; of one of several in a batch, by Azure and by S3.
    let says = |status: &str| {
        cause.contains(&format!("status code: {status} ")) || cause.contains(&format!("(code: {status})"))
    };
    matches!(error, StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. })
        || ["401", "403", "AccessDenied"].into_iter().any(says)
}

impl Drop for Uploads {
    fn drop(&mut self) {
        for Upload { mut upload, .. } in self.begun.drain(..) {
            runtime::spawn(async move {
                // Nobody is there to hear of it.
                let _ = upload.abort().await;
            });
        }
    }
}
