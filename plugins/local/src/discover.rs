//! Finding files: folders, globs and single files become a sorted list without duplicates.

use crate::failure::FileError;
use globset::{GlobBuilder, GlobMatcher};
use rasteret_schema::{SourceError, SourceFailure};
use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// A file, and where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LocalFile {
    /// Absolute path. Links among the folders are resolved; a file that is a link keeps its name,
    /// which says what it is, where its target (of git-annex, of a download cache) may not.
    pub(crate) path: PathBuf,
    /// Absolute path by way of which the file was found, with `/` as separator.
    logical: String,
    /// Where in `logical` the part below the given folder starts.
    relative: usize,
    /// Where in `logical` the name of the given folder starts.
    context: usize,
}

impl LocalFile {
    /// A file below `folder`, which is absolute.
    pub(crate) fn below(folder: &Path, relative: &Path, path: PathBuf) -> Result<Self, FileError> {
        let folder = slashes(folder).ok_or(FileError::NotUtf8)?;
        let relative = slashes(relative).ok_or(FileError::NotUtf8)?;
        if path.to_str().is_none() {
            return Err(FileError::NotUtf8);
        }
        let folder = folder.trim_end_matches('/');
        Ok(LocalFile {
            path,
            relative: folder.len() + 1,
            context: folder.rfind('/').map_or(0, |slash| slash + 1),
            logical: format!("{folder}/{relative}"),
        })
    }

    /// A file that was given itself: it is named by its folder and itself.
    fn single(path: PathBuf) -> Result<Self, FileError> {
        let (folder, name) = (path.parent().unwrap_or(Path::new("")), path.file_name().unwrap_or_default());
        let mut file = Self::below(folder, Path::new(name), path.clone())?;
        file.relative = file.context;
        Ok(file)
    }

    /// The whole path by way of which the file was found.
    pub(crate) fn logical(&self) -> &str {
        &self.logical
    }

    /// The path below the given folder.
    pub(crate) fn relative(&self) -> &str {
        &self.logical[self.relative..]
    }

    /// Where in [`logical`](Self::logical) the path below the given folder starts.
    pub(crate) fn relative_start(&self) -> usize {
        self.relative
    }

    /// The path from the given folder's name on, without the file's extension.
    pub(crate) fn context(&self) -> &str {
        let context = &self.logical[self.context..];
        let stem = context.rfind('/').map_or(0, |slash| slash + 1);
        match context[stem..].rfind('.') {
            None | Some(0) => context,
            Some(dot) => &context[..stem + dot],
        }
    }

    /// Where in [`logical`](Self::logical) the given folder's name starts.
    pub(crate) fn context_start(&self) -> usize {
        self.context
    }
}

/// The text of a path with `/` between its components; `None` if it is not UTF-8.
pub(crate) fn slashes(path: &Path) -> Option<String> {
    let text = path.to_str()?;
    Some(if std::path::MAIN_SEPARATOR == '/' {
        text.to_owned()
    } else {
        text.replace(std::path::MAIN_SEPARATOR, "/")
    })
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Discovered {
    /// Sorted by path, each once.
    pub(crate) files: Vec<LocalFile>,
    /// Folders and files that cannot be looked at.
    pub(crate) failures: Vec<SourceFailure>,
}

/// Finds the files with one of the extensions (in any case) in all of `inputs`.
///
/// # Errors
///
/// If an input does not exist, is a malformed glob, or holds no such file.
pub(crate) fn discover(inputs: &[PathBuf], extensions: &[String]) -> Result<Discovered, SourceError> {
    let mut found = Discovered::default();
    for input in inputs {
        let before = (found.files.len(), found.failures.len());
        let display = input.display();
        match input.metadata() {
            Ok(metadata) if metadata.is_dir() => walk(&canonical(input)?, extensions, None, &mut found),
            Ok(_) => {
                let path = resolve_folder(input).map_err(|error| read_error(input, error))?;
                found.add(LocalFile::single(path.clone()), &path);
            }
            Err(error) => match split_glob(input) {
                Some((folder, pattern)) if folder.is_dir() => {
                    let glob = GlobBuilder::new(&pattern)
                        .literal_separator(true)
                        .build()
                        .map_err(|error| SourceError::Invalid(format!("{display}: {error}")))?;
                    walk(&canonical(&folder)?, extensions, Some(&glob.compile_matcher()), &mut found);
                }
                _ if error.kind() == std::io::ErrorKind::NotFound => {
                    return Err(SourceError::NotFound(display.to_string()));
                }
                _ => return Err(read_error(input, error)),
            },
        }
        if before == (found.files.len(), found.failures.len()) {
            let extensions = extensions.iter().map(|e| format!(".{e}")).collect::<Vec<_>>().join(", ");
            return Err(SourceError::Invalid(format!("{display}: there is no file ({extensions}) in it")));
        }
    }
    found.files.sort_by(|a, b| a.path.cmp(&b.path));
    found.files.dedup_by(|later, first| later.path == first.path);
    Ok(found)
}

impl Discovered {
    fn add(&mut self, file: Result<LocalFile, FileError>, path: &Path) {
        match file {
            Ok(file) => self.files.push(file),
            Err(error) => self.failures.push(error.at(path)),
        }
    }
}

/// Walks a folder, hidden entries left out. Each folder is entered once, by its own name if it lies
/// below `root`: links may form loops, or lead to one place in many ways.
fn walk(root: &Path, extensions: &[String], glob: Option<&GlobMatcher>, found: &mut Discovered) {
    let mut entered: HashSet<PathBuf> = HashSet::new();
    let mut enter = |entry: &DirEntry| {
        if entry.depth() == 0 || !entry.file_type().is_dir() {
            return true;
        }
        let Ok(folder) = entry.path().canonicalize() else { return true };
        let has_own_name = !entry.path_is_symlink() || !folder.starts_with(root);
        has_own_name && entered.insert(folder)
    };
    let is_hidden =
        |entry: &DirEntry| entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".");
    let has_extension = |path: &Path| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|found| extensions.iter().any(|wanted| found.eq_ignore_ascii_case(wanted)))
    };
    let is_asked_for = |relative: &Path| match glob {
        Some(glob) => relative.ancestors().any(|path| glob.is_match(path)),
        None => true,
    };
    // A folder's files come one after another.
    let mut folder = (PathBuf::new(), PathBuf::new());
    let mut resolve = |path: &Path| {
        let (given, name) = (path.parent().unwrap_or(root), path.file_name().unwrap_or_default());
        if folder.0 != given {
            folder = (given.to_owned(), given.canonicalize().unwrap_or_else(|_| given.to_owned()));
        }
        folder.1.join(name)
    };
    let entries = WalkDir::new(root).follow_links(true).sort_by_file_name();
    for entry in entries.into_iter().filter_entry(|entry| !is_hidden(entry) && enter(entry)) {
        match entry {
            Ok(entry) if entry.file_type().is_dir() || !has_extension(entry.path()) => {}
            Ok(entry) => {
                let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
                if is_asked_for(relative) {
                    found.add(LocalFile::below(root, relative, resolve(entry.path())), entry.path());
                }
            }
            Err(error) if error.loop_ancestor().is_some() => {}
            Err(error) => {
                let path = error.path().unwrap_or(root).to_owned();
                let relative = path.strip_prefix(root).unwrap_or(&path);
                // A dangling link counts where its name says that it was a raster.
                let is_folder = path.is_dir();
                if is_folder || (has_extension(&path) && is_asked_for(relative)) {
                    let error = error.into_io_error().unwrap_or_else(|| std::io::Error::other("unreadable"));
                    found.failures.push(FileError::Io(error).at(&path));
                }
            }
        }
    }
}

/// The path with the links among its folders resolved.
fn resolve_folder(path: &Path) -> std::io::Result<PathBuf> {
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            Ok(folder.canonicalize()?.join(name))
        }
        _ => path.canonicalize(),
    }
}

/// The folder in front of the first component with a wildcard, and the pattern below it; `None` if
/// there is no wildcard.
fn split_glob(input: &Path) -> Option<(PathBuf, String)> {
    let is_literal =
        |component: &Component<'_>| !component.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']);
    let mut components = input.components();
    let mut folder = PathBuf::new();
    let rest = loop {
        let rest = components.as_path();
        match components.next()? {
            component if is_literal(&component) => folder.push(component),
            _ => break rest,
        }
    };
    if folder.as_os_str().is_empty() {
        folder.push(".");
    }
    Some((folder, slashes(rest)?))
}

/// The folder's absolute path without links.
pub(crate) fn canonical(folder: &Path) -> Result<PathBuf, SourceError> {
    folder.canonicalize().map_err(|error| read_error(folder, error))
}

fn read_error(path: &Path, error: std::io::Error) -> SourceError {
    match error.kind() {
        std::io::ErrorKind::NotFound => SourceError::NotFound(path.display().to_string()),
        _ => SourceError::Read { what: path.display().to_string(), source: error.into() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"").unwrap();
        }
        root
    }

    fn found(inputs: &[PathBuf]) -> Discovered {
        discover(inputs, &["tif".to_owned(), "tiff".to_owned()]).unwrap()
    }

    fn relative(found: &Discovered) -> Vec<&str> {
        found.files.iter().map(LocalFile::relative).collect()
    }

    #[test]
    fn folders_are_walked() {
        let files = ["b.TIF", "a/x.tiff", "a/b/c.Tif", "a/readme.txt", "a/tif", ".hidden/x.tif", "a/._x.tif"];
        let root = tree(&files);
        let found = found(&[root.path().to_owned()]);
        assert_eq!(relative(&found), ["a/b/c.Tif", "a/x.tiff", "b.TIF"]);
        assert_eq!(found.failures, []);
        let root = root.path().canonicalize().unwrap();
        assert_eq!(found.files[1].path, root.join("a/x.tiff"));
        let name = root.file_name().unwrap().to_str().unwrap();
        assert_eq!(found.files[1].context(), format!("{name}/a/x"));
        assert_eq!(found.files[1].logical(), root.join("a/x.tiff").to_str().unwrap());
    }

    #[test]
    fn globs_find_files_and_folders() {
        let root = tree(&["s1/B04.tif", "s1/B08.tif", "s2/B04.tif", "s2/deep/B04.tif", "s2/B04.txt"]);
        let glob = |pattern: &str| found(&[root.path().join(pattern)]);
        assert_eq!(relative(&glob("*/B04.tif")), ["s1/B04.tif", "s2/B04.tif"]);
        assert_eq!(relative(&glob("**/B04.*")), ["s1/B04.tif", "s2/B04.tif", "s2/deep/B04.tif"]);
        assert_eq!(relative(&glob("s?/B0[4-7].tif")), ["s1/B04.tif", "s2/B04.tif"]);
        assert_eq!(relative(&glob("s2/{deep,shallow}/*")), ["deep/B04.tif"]);
        assert_eq!(relative(&glob("s[2-9]")), ["s2/B04.tif", "s2/deep/B04.tif"]);
    }

    #[test]
    fn a_path_with_wildcards_in_its_name_is_itself() {
        let root = tree(&["a[1].tif", "a1.tif"]);
        let found = found(&[root.path().join("a[1].tif")]);
        assert_eq!(found.files.len(), 1);
        assert!(found.files[0].relative().ends_with("/a[1].tif"), "{found:?}");
    }

    #[test]
    fn a_single_file_is_named_by_its_folder_and_itself() {
        let root = tree(&["s1/raster.dat"]);
        let found = found(&[root.path().join("s1/raster.dat")]);
        assert_eq!(relative(&found), ["s1/raster.dat"]);
        assert_eq!(found.files[0].context(), "s1/raster");
    }

    #[test]
    fn each_file_is_found_once() {
        let root = tree(&["a/x.tif", "a/y.tif"]);
        let inputs = ["", "a", "a/x.tif", "a/*.tif"].map(|input| root.path().join(input));
        assert_eq!(relative(&found(&inputs)), ["a/x.tif", "a/y.tif"]);
    }

    #[test]
    fn what_is_not_there_is_named() {
        let root = tree(&["a/readme.txt"]);
        let error = |input: &str| {
            let error = discover(&[root.path().join(input)], &["tif".to_owned()]).unwrap_err();
            assert!(error.to_string().contains(input), "{error}");
            error
        };
        assert!(matches!(error("nowhere"), SourceError::NotFound(_)));
        assert!(matches!(error("nowhere/*.tif"), SourceError::NotFound(_)));
        assert!(matches!(error("a/[.tif"), SourceError::Invalid(_)));
        assert!(matches!(error("a/*.tif"), SourceError::Invalid(_)));
        assert!(error("a").to_string().contains("(.tif)"));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_once() {
        use std::os::unix::fs::symlink;
        let root = tree(&["in/z/x.tif", "out/y.tif", "out/w.tif"]);
        let (inside, outside) = (root.path().join("in"), root.path().join("out"));
        symlink(&inside, inside.join("loop")).unwrap();
        symlink(inside.join("z"), inside.join("alias")).unwrap();
        symlink(&outside, inside.join("link")).unwrap();
        symlink(&outside, inside.join("link2")).unwrap();
        symlink(&outside, outside.join("loop")).unwrap();
        symlink(outside.join("w.tif"), inside.join("file.tif")).unwrap();
        symlink("/nowhere", inside.join("dangling.tif")).unwrap();
        symlink("/nowhere", inside.join("dangling.txt")).unwrap();
        let found = found(&[inside]);
        let mut names = relative(&found);
        names.sort_unstable();
        assert_eq!(names, ["file.tif", "link/w.tif", "link/y.tif", "z/x.tif"]);
        assert_eq!(found.failures.len(), 1);
        assert!(found.failures[0].href.ends_with("dangling.tif"), "{:?}", found.failures);
        let link = found.files.iter().find(|file| file.relative() == "link/y.tif").unwrap();
        assert_eq!(link.path, outside.canonicalize().unwrap().join("y.tif"));
        let file = found.files.iter().find(|file| file.relative() == "file.tif").unwrap();
        assert!(file.path.ends_with("in/file.tif"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_name_that_is_not_utf8_is_reported() {
        use std::os::unix::ffi::OsStrExt;
        let root = tree(&["x.tif"]);
        fs::write(root.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9.tif")), b"").unwrap();
        let found = found(&[root.path().to_owned()]);
        assert_eq!(relative(&found), ["x.tif"]);
        assert_eq!(found.failures[0].kind, "invalid-path");
    }
}
