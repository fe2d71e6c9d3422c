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
        let folder = path.parent().unwrap_or(Path::new(""));
        let name = path.strip_prefix(folder).unwrap_or(&path).to_owned();
        let mut file = Self::below(&folder.to_owned(), &name, path)?;
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
    let is_hidden = |entry: &DirEntry| {
        entry.depth() > 0 && entry.file_name().to_str().is_some_and(|name| name.starts_with('.'))
    };
    let has_extension = |path: &Path| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|found| extensions.iter().any(|wanted| found.eq_ignore_ascii_case(wanted)))
    };
    let is_asked_for = |relative: &Path| match glob {
        Some(glob) => relative.ancestors().any(|path| glob.is_match(path)),
        None => true,
    };
    let entries = WalkDir::new(root).follow_links(true).sort_by_file_name();
    for entry in entries.into_iter().filter_entry(|entry| !is_hidden(entry) && enter(entry)) {
        match entry {
            Ok(entry) if entry.file_type().is_dir() || !has_extension(entry.path()) => {}
            Ok(entry) => {
                let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
                if is_asked_for(relative) {
                    let path = resolve_folder(entry.path()).unwrap_or_else(|_| entry.path().to_owned());
                    found.add(LocalFile::below(root, relative, path), entry.path());
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
