//! What a file's path says: scene, band and time.
//!
//! The user's regexes come first and are strict: a file that they do not match is reported, not
//! guessed at. What they leave open is read by the table of [`conventions`].

mod conventions;
mod datetime;

use crate::discover::LocalFile;
use crate::failure::FileError;
use conventions::{Conventional, Scope};
use rasteret_schema::SourceError;
use regex::{Captures, Regex};
use std::ops::Range;

/// Separates the words of a name.
const SEPARATORS: [char; 4] = ['_', '-', '.', ' '];

/// The parts of the user's naming rules, as text: see [`Naming`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    pub(crate) id: Option<String>,
    pub(crate) band: Option<String>,
    pub(crate) datetime: Option<String>,
}

/// How files are named.
#[derive(Debug)]
pub(crate) struct Naming {
    id: Option<Rule>,
    band: Option<Rule>,
    datetime: Option<Rule>,
}

/// What a path says of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    /// Which scene the file belongs to.
    pub(crate) scene: SceneName,
    /// The band, where the path says it.
    pub(crate) band: Option<String>,
    /// What tells the file from others of its scene, should it not be alone: the words of its name
    /// that are not the id.
    pub(crate) rest: Option<String>,
    /// Microseconds since 1970, UTC, where the path says it.
    pub(crate) datetime: Option<i64>,
}

/// The name of a scene, with as much of the path in front of it as tells it from its namesakes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SceneName {
    /// The folder's path, then the id; of a scene that is the same everywhere only the id.
    path: String,
    /// Where the id starts.
    id: usize,
    /// Where the part below the given folder starts.
    relative: usize,
}

impl SceneName {
    /// The name everywhere.
    fn everywhere(id: &str) -> Self {
        SceneName { path: id.to_owned(), id: 0, relative: 0 }
    }

    /// What is equal of two names exactly if they are of one scene.
    pub(crate) fn key(&self) -> (&str, usize) {
        (&self.path, self.id)
    }

    /// The id, behind names of folders: at level 1 all those from the given folder on, then one more
    /// of the folders above at each level. `None` if there are not as many.
    pub(crate) fn qualified(&self, level: usize) -> Option<&str> {
        let mut start = if level == 0 { self.id } else { self.relative.min(self.id) };
        for _ in 1..level {
            if start == 0 {
                return None;
            }
            let above = self.path[..start].trim_end_matches('/');
            start = above.rfind('/').map_or(0, |slash| slash + 1);
        }
        Some(&self.path[start..])
    }
}

impl Naming {
    /// Compiles the user's rules.
    ///
    /// # Errors
    ///
    /// If one is not a regex.
    pub(crate) fn new(rules: &Rules) -> Result<Self, SourceError> {
        let compile = |what: &'static str, pattern: &Option<String>| {
            pattern.as_deref().map(|pattern| Rule::new(what, pattern)).transpose()
        };
        Ok(Naming {
            id: compile("id", &rules.id)?,
            band: compile("band", &rules.band)?,
            datetime: compile("datetime", &rules.datetime)?,
        })
    }

    /// Reads a file's path.
    ///
    /// # Errors
    ///
    /// If one of the user's rules does not match it.
    pub(crate) fn read(&self, file: &LocalFile) -> Result<Name, FileError> {
        let id = self.id.as_ref().map(|rule| rule.find(file)).transpose()?;
        let band = self.band.as_ref().map(|rule| rule.find(file)).transpose()?;
        let written = self.datetime.as_ref().map(|rule| rule.datetime(file)).transpose()?;

        // Where the user says what the band is, a convention that finds bands by their names alone
        // would take a part of it, or another word.
        let follows = |found: &Conventional<'_>| {
            band.is_none() || found.band.is_none() || found.scope == Scope::Everywhere
        };
        let context = file.context();
        let conventional = conventions::read(context).find(follows);
        let logical = file.logical();
        let scene = match (&id, &conventional) {
            (Some(id), _) => SceneName::everywhere(&logical[id.clone()]),
            (None, Some(found)) if found.scope == Scope::Everywhere => {
                SceneName::everywhere(&context[found.id.clone()])
            }
            (None, Some(found)) if found.band.is_some() => {
                let end = file.context_start() + found.id.end;
                let id = file.context_start() + found.id.start;
                SceneName { path: logical[..end].to_owned(), id, relative: file.relative_start() }
            }
            (None, _) => without_band(file, band.as_ref()),
        };
        let rest = id.as_ref().and_then(|id| rest_of_stem(file, id));
        Ok(Name {
            scene,
            rest,
            datetime: written
                .or(conventional.as_ref().and_then(|found| found.datetime))
                .or_else(|| datetime::find_in_path(context)),
            band: match band {
                Some(band) => Some(logical[band].to_owned()),
                None => conventional.and_then(|found| found.band).map(str::to_owned),
            },
        })
    }
}

/// A scene named by its file: by the name's words that are not the band, or if there are none, by the
/// folder. Files that differ only in the band name one scene.
fn without_band(file: &LocalFile, band: Option<&Range<usize>>) -> SceneName {
    let end = file.context_start() + file.context().len();
    let logical = file.logical();
    let mut path = logical[..end].to_owned();
    if let Some(band) = band {
        let (before, after) = (&logical[..band.start.min(end)], &logical[band.end.min(end)..end]);
        let name_ends = after.is_empty() || after.starts_with(SEPARATORS) || after.starts_with('/');
        let before = if name_ends { before.trim_end_matches(SEPARATORS) } else { before };
        let after = match before.ends_with('/') {
            true => after.trim_start_matches('/').trim_start_matches(SEPARATORS),
            false => after,
        };
        path = format!("{before}{after}");
    }
    let path = match path.trim_end_matches('/') {
        "" => logical[..end].to_owned(),
        path => path.to_owned(),
    };
    let id = path.rfind('/').map_or(0, |slash| slash + 1);
    SceneName { relative: file.relative_start().min(id), path, id }
}

/// The words of a file's name that are not its id; `None` if there are none.
fn rest_of_stem(file: &LocalFile, id: &Range<usize>) -> Option<String> {
    let end = file.context_start() + file.context().len();
    let logical = file.logical();
    let stem = logical[..end].rfind('/').map_or(0, |slash| slash + 1);
    let before = logical[stem..id.start.clamp(stem, end)].trim_matches(SEPARATORS);
    let after = logical[id.end.clamp(stem, end)..end].trim_matches(SEPARATORS);
    let words: Vec<&str> = [before, after].into_iter().filter(|words| !words.is_empty()).collect();
    (!words.is_empty()).then(|| words.join("_"))
}

/// A regex of the user's.
#[derive(Debug)]
struct Rule {
    what: &'static str,
    regex: Regex,
}

impl Rule {
    fn new(what: &'static str, pattern: &str) -> Result<Self, SourceError> {
        let regex = Regex::new(pattern)
            .map_err(|error| SourceError::Invalid(format!("{what} from {pattern:?}: {error}")))?;
        Ok(Rule { what, regex })
    }

    fn captures<'a>(&self, file: &'a LocalFile) -> Result<Captures<'a>, FileError> {
        self.regex.captures(file.relative()).ok_or_else(|| {
            self.unnamed(file.relative(), &format!("{:?} does not match", self.regex.as_str()))
        })
    }

    /// Where in the logical path lies what the rule is about: the group of that name, else the first
    /// group, else the whole match.
    fn find(&self, file: &LocalFile) -> Result<Range<usize>, FileError> {
        let captures = self.captures(file)?;
        let group = match (captures.name(self.what), captures.len()) {
            (Some(named), _) => Some(named),
            (None, 1) => captures.get(0),
            (None, _) => captures.get(1),
        };
        match group.filter(|group| !group.is_empty()) {
            Some(group) => Ok(file.relative_start() + group.start()..file.relative_start() + group.end()),
            None => Err(self.unnamed(file.relative(), &format!("{:?} matches nothing", self.regex.as_str()))),
        }
    }

    /// The time: from groups named `year`, `month` and so on, else from one text.
    fn datetime(&self, file: &LocalFile) -> Result<i64, FileError> {
        let captures = self.captures(file)?;
        let invalid = |text: &str| self.unnamed(file.relative(), &format!("{text:?} is not a date"));
        if captures.name("year").is_some() {
            let text = captures.get(0).map_or("", |whole| whole.as_str());
            return datetime::from_parts(&captures).ok_or_else(|| invalid(text));
        }
        let text = &file.logical()[self.find(file)?];
        datetime::parse(text).ok_or_else(|| invalid(text))
    }

    fn unnamed(&self, text: &str, reason: &str) -> FileError {
        FileError::Unnamed { what: self.what, text: text.to_owned(), reason: reason.to_owned() }
    }
}

#[cfg(test)]
mod tests;
