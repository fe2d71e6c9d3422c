//! Lists of files.

use super::super::href::local_path;
use super::super::reach::Reached;
use super::super::remote::{error_code, start_of_body};
use super::super::response::{self, Refused};
use super::super::retry::{Attempts, Failure};
use super::super::route::Route;
use super::super::transport::{Ask, Object, Page, Request};
use super::super::{ByteSourceError, ByteSources, SourceOptions, runtime};
use super::failed;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use rasteret_schema::access::plain_href;
use rasteret_schema::{AccessError, ListedFile};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use walkdir::{DirEntry, WalkDir};

/// The files below a folder or prefix.
pub fn list<'a>(sources: &'a ByteSources, folder: &'a str) -> BoxStream<'a, Result<ListedFile, AccessError>> {
    let sources = &*sources.of(folder);
    let opened = sources.rewritten(folder);
    let files = match local_path(&opened) {
        Some(path) => {
            let allowed = sources.local_files().clone();
            let files = runtime::run_blocking(move || {
                allowed.check(&path)?;
                walk(&path)
            });
            let files = stream::once(files).map_ok(|files| stream::iter(files.into_iter().map(Ok)));
            files.try_flatten().boxed()
        }
        None => match Prefix::new(sources, &opened) {
            Ok(prefix) => Arc::new(prefix).files(),
            Err(error) => stream::once(async { Err(error) }).boxed(),
        },
    };
    files.map_err(|error| failed(plain_href(folder), error)).boxed()
}

/// The files below a folder, sorted. Hidden ones are left out. A folder is entered once, by its own name if
/// it lies below: links may form loops, or lead to one place in many ways.
fn walk(root: &Path) -> Result<Vec<ListedFile>, ByteSourceError> {
    let real_root = root.canonicalize()?;
    if !real_root.is_dir() {
        return Err(ByteSourceError::Invalid("it is a file, not a folder".to_owned()));
    }
    let mut entered: HashSet<PathBuf> = HashSet::new();
    let mut is_wanted = |entry: &DirEntry| {
        if entry.depth() == 0 {
            return true;
        }
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            return false;
        }
        if !entry.file_type().is_dir() {
            return true;
        }
        let Ok(folder) = entry.path().canonicalize() else { return true };
        let has_own_name = !entry.path_is_symlink() || !folder.starts_with(&real_root);
        has_own_name && entered.insert(folder)
    };
    let mut files = Vec::new();
    for entry in WalkDir::new(root).follow_links(true).into_iter().filter_entry(|entry| is_wanted(entry)) {
        let entry = match entry {
            Ok(entry) => entry,
            // A link to nowhere, or to a folder that it lies in.
            Err(error) if error.depth() > 0 && is_lost_link(&error) => continue,
            Err(error) => return Err(std::io::Error::from(error).into()),
        };
        if !entry.file_type().is_file() {
            continue;
        }
        let size = entry.metadata().map_err(std::io::Error::from)?.len();
        let href = entry.path().to_str().ok_or_else(|| {
            ByteSourceError::Invalid(format!("{} has a name that is not UTF-8", entry.path().display()))
        })?;
        files.push(ListedFile { href: href.to_owned(), size });
    }
    files.sort_unstable_by(|a, b| a.href.cmp(&b.href));
    Ok(files)
}

fn is_lost_link(error: &walkdir::Error) -> bool {
    let is_nowhere = error.io_error().is_some_and(|error| error.kind() == std::io::ErrorKind::NotFound);
    error.loop_ancestor().is_some() || is_nowhere
}

/// Which page is the next.
enum Turn {
    First,
    After(String),
}

/// The objects of a bucket whose names begin in one way.
struct Prefix {
    reached: Reached,
    options: Arc<SourceOptions>,
    /// What an object's name follows in its href.
    base: String,
}

impl Prefix {
    fn new(sources: &ByteSources, folder: &str) -> Result<Self, ByteSourceError> {
        let (bucket, mut prefix) = Route::of_folder(folder)?;
        let base = folder.strip_suffix(prefix.as_str()).unwrap_or(folder).trim_end_matches('/');
        let base = format!("{base}/");
        // A folder's name may be the beginning of another's.
        if !prefix.is_empty() && !prefix.ends_with('/') {
            prefix.push('/');
        }
        let reached = sources.reach_bucket(&bucket, prefix)?;
        Ok(Prefix { reached, options: Arc::clone(sources.shared_options()), base })
    }

    /// All of them, page by page.
    fn files(self: Arc<Self>) -> BoxStream<'static, Result<ListedFile, ByteSourceError>> {
        let pages = stream::try_unfold(Some(Turn::First), move |turn| {
            let prefix = Arc::clone(&self);
            async move {
                let token = match turn {
                    None => return Ok::<_, ByteSourceError>(None),
                    Some(Turn::First) => None,
                    Some(Turn::After(token)) => Some(token),
                };
                let asked = Arc::clone(&prefix);
                let page = runtime::run(async move { asked.page(token).await }).await?;
                // A name that ends like this is that of a folder, where a tool has made it an object.
                let files = page.objects.into_iter().filter(|(name, _)| !name.ends_with('/'));
                let files: Vec<_> = files
                    .map(|(name, size)| Ok(ListedFile { href: format!("{}{name}", prefix.base), size }))
                    .collect();
                Ok(Some((stream::iter(files), page.next.map(Turn::After))))
            }
        });
        pages.try_flatten().boxed()
    }

    async fn page(&self, token: Option<String>) -> Result<Page, ByteSourceError> {
        let object = Arc::new(Object { url: self.base.clone(), key: self.reached.key.clone() });
        let mut attempts = Attempts::new(&self.options, &self.reached.turns);
        loop {
            if let Some(page) = attempts.make(self.attempt(&object, &token)).await? {
                return Ok(page);
            }
        }
    }

    async fn attempt(&self, object: &Arc<Object>, token: &Option<String>) -> Result<Page, Failure> {
        let ask = Ask::List(token.clone());
        let request = Request { object: Arc::clone(object), ask, if_match: None, message: None };
        let response = self.reached.transport.send(request).await?;
        if let Some(page) = response.page {
            return Ok(page);
        }
        match response::refusal(response.status, &response.headers) {
            Refused::Transient(cause, pause) => Err(Failure::Transient(cause, pause)),
            Refused::Final(error) => Err(Failure::Final(error)),
            Refused::Denied(status) => {
                let body = start_of_body(response.body, self.options.stall_timeout).await;
                let code = error_code(&body).map_or(String::new(), |code| format!(" ({code})"));
                let credentials = self.reached.transport.credentials();
                let reason = format!("{}{code}; {credentials}", response::describe(status));
                Err(Failure::Final(ByteSourceError::AccessDenied { reason }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;
    use rasteret_schema::{Access, AccessErrorKind};

    fn names(folder: &Path) -> Result<Vec<String>, AccessError> {
        let sources = ByteSources::default();
        let files: Vec<ListedFile> = block_on(sources.list(folder.to_str().unwrap()).try_collect())?;
        let prefix = format!("{}/", folder.display());
        Ok(files.into_iter().map(|file| file.href.strip_prefix(&prefix).unwrap().to_owned()).collect())
    }

    #[test]
    fn folders_are_listed_at_any_depth_and_sorted() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b/x.json", "a/deep/er/y.json", "a.json", ".hidden", ".git/config", "a/.tmp", "z"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, name).unwrap();
        }
        let expected = ["a.json", "a/deep/er/y.json", "b/x.json", "z"];
        assert_eq!(names(folder.path()).unwrap(), expected);
    }

    #[cfg(unix)]
    #[test]
    fn links_lead_to_each_place_once() {
        use std::os::unix::fs::symlink;
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::create_dir(folder.path().join("a")).unwrap();
        std::fs::write(folder.path().join("a/1.json"), "1").unwrap();
        std::fs::write(other.path().join("2.json"), "2").unwrap();
        symlink(folder.path(), folder.path().join("a/loop")).unwrap();
        symlink(folder.path().join("a"), folder.path().join("again")).unwrap();
        symlink(other.path(), folder.path().join("other")).unwrap();
        symlink(other.path(), folder.path().join("p")).unwrap();
        symlink("/no/such/place", folder.path().join("nowhere")).unwrap();
        let found = names(folder.path()).unwrap();
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[0], "a/1.json");
        assert!(found[1].ends_with("/2.json"), "{found:?}");
    }

    #[test]
    fn what_has_no_list() {
        let error = names(Path::new("/no/such/folder")).unwrap_err();
        assert_eq!(error.kind, AccessErrorKind::NotFound);
        for (href, word) in [
            ("https://example.com/catalog/", "no lists of their files"),
            ("https://b.s3.us-west-2.amazonaws.com/catalog/", "s3://b/catalog/"),
            ("ftp://example.com/", "ftp"),
        ] {
            let listed = block_on(ByteSources::default().list(href).try_collect::<Vec<_>>());
            let error = listed.unwrap_err();
            assert!(error.message.contains(word), "{error}");
        }
    }
}
