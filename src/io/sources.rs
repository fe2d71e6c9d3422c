//! Opens byte sources by href.

use super::href::{local_path, scheme, without_secrets};
use super::local::LocalFile;
use super::source::ByteSource;
use super::{ByteSourceError, SourceOptions, version};
use rasteret_schema::ObjectVersion;
use std::sync::Arc;

/// Hands out byte sources. Cheap to clone; keeps one client a host, alive between reads.
#[derive(Debug, Clone, Default)]
pub struct ByteSources {
    options: Arc<SourceOptions>,
}

impl ByteSources {
    /// Sources with other options than the default ones.
    pub fn new(options: SourceOptions) -> Self {
        ByteSources { options: Arc::new(options) }
    }

    /// What the sources are opened with.
    pub fn options(&self) -> &SourceOptions {
        &self.options
    }

    /// Opens a file or an object, of which a version may be expected.
    ///
    /// No request is made for a remote object: what is not there is noticed when it is read. A local
    /// file is mapped, and compared with the version.
    ///
    /// # Errors
    ///
    /// If a local file cannot be opened or is another version, or nothing here can read such an href.
    pub fn open(&self, href: &str, version: Option<&ObjectVersion>) -> Result<ByteSource, ByteSourceError> {
        let Some(path) = local_path(href) else {
            let scheme = scheme(href).unwrap_or_default().to_owned();
            return Err(ByteSourceError::UnsupportedScheme { scheme });
        };
        let file = LocalFile::map(&path)?;
        if let Some(difference) = version.and_then(|version| version::difference(version, &file.version())) {
            return Err(ByteSourceError::Changed { difference });
        }
        Ok(ByteSource::local(without_secrets(href), file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;

    #[test]
    fn local_bytes_are_parts_of_the_map() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tif");
        std::fs::write(&path, b"0123456789").unwrap();
        let sources = ByteSources::default();
        let source = sources.open(path.to_str().unwrap(), None).unwrap();
        let fetched = block_on(source.read(2..5)).unwrap();
        assert_eq!((&fetched.bytes[..], fetched.requests), (&b"234"[..], 0));
        let (start, version) = block_on(source.read_start(100)).unwrap();
        assert_eq!(&start.bytes[..], b"0123456789");
        assert_eq!(start.bytes[2..5].as_ptr(), fetched.bytes.as_ptr(), "nothing is copied");
        assert_eq!(version.size, Some(10));
        sources.open(path.to_str().unwrap(), Some(&version)).unwrap();
        for range in [5..11, 10..20, 0..u64::MAX] {
            let error = block_on(source.read(range)).unwrap_err();
            assert!(matches!(error, ByteSourceError::BeyondEnd { size: 10, .. }), "{error}");
        }
    }

    #[test]
    fn another_version_of_a_local_file_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tif");
        std::fs::write(&path, b"0123456789").unwrap();
        let version = ObjectVersion { size: Some(9), ..Default::default() };
        let error = ByteSources::default().open(path.to_str().unwrap(), Some(&version)).unwrap_err();
        assert_eq!(error.to_string(), "the file changed: it had 9 bytes and has 10 now");
    }

    #[test]
    fn what_cannot_be_opened() {
        let open = |href: &str| ByteSources::default().open(href, None).unwrap_err();
        assert!(matches!(open("/no/such/file.tif"), ByteSourceError::NotFound));
        assert!(
            matches!(open("ftp://host/a.tif"), ByteSourceError::UnsupportedScheme { scheme } if scheme == "ftp")
        );
    }
}
