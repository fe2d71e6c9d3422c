//! What the files of a shared collection say of it, before any record is read.

use super::error::ImportError;
use crate::query::dates::parse_range;
use crate::store::Description;
use arrow_schema::DataType;
use chrono::{DateTime, Datelike};
use rasteret_schema::share::{
    COLLECTION_KEY, CREATED_BY, CREATED_KEY, CollectionTag, DATA_SOURCE_KEY, DESCRIPTION_KEY, EXPORT_KEY,
    ExportTag, NAME_KEY, TAG_VERSION,
};
use rasteret_schema::{CloudConfig, CloudConfigs};
use rasteret_table::Footer;
use serde::de::DeserializeOwned;
use std::collections::HashSet;

/// Bytes of a text that is kept of what a file says of itself.
const MAX_TEXT: usize = 4096;
/// Files that an error names at most.
const NAMED: usize = 5;
/// The signer that is known to tell nobody but its own server who the user is.
const OPEN_SIGNER: &str = "planetary-computer";

/// What the files of a shared collection say of it.
#[derive(Debug, Default)]
pub struct Contents {
    /// Its name.
    pub name: Option<String>,
    /// What else it is said to be.
    pub description: Description,
    /// How its assets are reached, as far as that may come from elsewhere.
    pub clouds: CloudConfigs,
    /// Number of its records, where all files say how many they have.
    pub rows: Option<u64>,
    /// Types of columns in the names of folders.
    pub partition_types: Vec<(String, DataType)>,
    /// Columns in the names of folders that were made for these, and are none of the collection's.
    pub derived: Vec<String>,
    /// Whether these are our own files, all of which say that their headers are whole.
    pub has_whole_headers: bool,
}

impl Contents {
    /// Puts together what the files say.
    ///
    /// # Errors
    ///
    /// [`ImportError`] if they are not one export, or not all of it.
    pub fn of(footers: &[Footer]) -> Result<Contents, ImportError> {
        let text = |key: &str| {
            let text =
                footers.iter().find_map(|footer| footer.metadata.get(key).filter(|text| !text.is_empty()));
            text.map(|text| cleaned(text)).filter(|text| !text.is_empty())
        };
        let mut contents = Contents {
            name: text(NAME_KEY),
            rows: footers
                .iter()
                .map(|footer| footer.rows)
                .try_fold(0_u64, |sum, rows| sum.checked_add(rows?)),
            ..Contents::default()
        };
        let description = &mut contents.description;
        description.data_source = text(DATA_SOURCE_KEY).unwrap_or_default();
        description.description = text(DESCRIPTION_KEY).unwrap_or_default();
        let created = text(CREATED_KEY).and_then(|created| parse_range(&created).ok()?.0);
        description.created = created.unwrap_or(description.created);
        let described = |footer| Some((footer, tag::<CollectionTag>(footer, COLLECTION_KEY)?));
        if let Some((footer, tag)) = footers.iter().find_map(described) {
            let CollectionTag { version, properties, .. } = tag?;
            known_version(footer, COLLECTION_KEY, version)?;
            let theirs = Description { properties, ..Description::default() };
            contents.clouds = harmless(theirs.cloud());
            description.set_band_aliases(&theirs.band_aliases());
        }
        match whole_export(footers)? {
            Some(tag) => {
                contents.has_whole_headers = tag.whole_headers;
                for column in tag.partition_by {
                    if column.derived {
                        contents.derived.push(column.name);
                    } else if let Ok(data_type) = column.data_type.parse() {
                        contents.partition_types.push((column.name, data_type));
                    }
                }
            }
            None => contents.derived = repeated(footers),
        }
        Ok(contents)
    }
}

/// Text for people: of one line, not longer than it needs to be, and without what would command a terminal.
fn cleaned(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let end = (0..=MAX_TEXT.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text[..end].trim().to_owned()
}

/// What may be taken over of the settings of a collection from elsewhere: nothing that names a server to which
/// credentials go, and nothing that costs the user money. Patterns may come: they do no more than hrefs do.
fn harmless(clouds: CloudConfigs) -> CloudConfigs {
    let harmless = |cloud: CloudConfig| CloudConfig {
        provider: cloud.provider,
        region: cloud.region,
        anonymous: cloud.anonymous,
        url_patterns: cloud.url_patterns,
        signer: cloud.signer.filter(|signer| signer == OPEN_SIGNER),
        endpoint: None,
        requester_pays: false,
        s3_credentials_url: None,
    };
    let cloud_by_root = clouds.cloud_by_root.into_iter().map(|(root, cloud)| (root, harmless(cloud)));
    CloudConfigs { cloud: harmless(clouds.cloud), cloud_by_root: cloud_by_root.collect() }
}

/// The JSON that a file has under a key.
fn tag<T: DeserializeOwned>(footer: &Footer, key: &'static str) -> Option<Result<T, ImportError>> {
    let text = footer.metadata.get(key)?;
    Some(serde_json::from_str(text).map_err(|error| ImportError::BadMetadata {
        file: footer.href.clone(),
        key,
        reason: error.to_string(),
    }))
}

fn known_version(footer: &Footer, key: &'static str, found: u32) -> Result<(), ImportError> {
    match found > TAG_VERSION {
        true => Err(ImportError::NewerVersion { file: footer.href.clone(), key, found, known: TAG_VERSION }),
        false => Ok(()),
    }
}

/// Checks that the files are those of one export, and all of it; what is returned speaks for all of them. `None` of
/// files that say nothing of an export, or were written by another program, which may have kept what ours said.
fn whole_export(footers: &[Footer]) -> Result<Option<ExportTag>, ImportError> {
    let mut found: Option<(&Footer, ExportTag)> = None;
    let mut whole_headers = true;
    let mut without: Option<&Footer> = None;
    let (mut files, mut rows) = (HashSet::new(), 0_u64);
    for footer in footers {
        let is_ours = footer.created_by.as_deref().is_some_and(|writer| writer.starts_with(CREATED_BY));
        let tag = if is_ours { tag::<ExportTag>(footer, EXPORT_KEY).transpose()? } else { None };
        let Some(tag) = tag else {
            without.get_or_insert(footer);
            continue;
        };
        known_version(footer, EXPORT_KEY, tag.version)?;
        if let Some((first, other)) = &found
            && (&other.id, other.files, other.rows) != (&tag.id, tag.files, tag.rows)
        {
            return Err(ImportError::Mixed { first: first.href.clone(), second: footer.href.clone() });
        }
        let file_rows = footer.rows.unwrap_or(tag.file_rows);
        if file_rows != tag.file_rows {
            let missing = format!("{} has {file_rows} rows, and had {}", footer.href, tag.file_rows);
            return Err(ImportError::Incomplete { missing });
        }
        if !files.insert(tag.file.clone()) {
            let missing = format!("{} is there twice, the second time as {}", tag.file, footer.href);
            return Err(ImportError::Incomplete { missing });
        }
        rows = rows.saturating_add(file_rows);
        whole_headers &= tag.whole_headers;
        found.get_or_insert((footer, tag));
    }
    let Some((first, tag)) = found else { return Ok(None) };
    if let Some(other) = without {
        return Err(ImportError::Mixed { first: first.href.clone(), second: other.href.clone() });
    }
    if (files.len() as u64, rows) != (tag.files, tag.rows) {
        let mut there: Vec<&String> = files.iter().collect();
        there.sort();
        let more = if there.len() > NAMED { ", …" } else { "" };
        let there: Vec<&str> = there.into_iter().take(NAMED).map(String::as_str).collect();
        let missing = format!(
            "it has {} files with {} rows, of which {} with {rows} rows are there ({}{more})",
            tag.files,
            tag.rows,
            files.len(),
            there.join(", ")
        );
        return Err(ImportError::Incomplete { missing });
    }
    Ok(Some(ExportTag { whole_headers, ..tag }))
}

/// The columns `year` and `month` of folders that say no more than the times of the records below them do.
fn repeated(footers: &[Footer]) -> Vec<String> {
    let says_no_more = |column: &str| {
        footers.iter().all(|footer| {
            let value = |column: &str| -> Option<i32> {
                let (_, value) = footer.partition.iter().find(|(name, _)| name == column)?;
                value.as_deref()?.parse().ok()
            };
            let Some((first, last)) = footer.times else { return false };
            let times = [first, last].map(DateTime::from_timestamp_micros);
            let [Some(first), Some(last)] = times else { return false };
            match column {
                "year" => value(column) == Some(first.year()) && first.year() == last.year(),
                _ => {
                    let month = |time: DateTime<_>| (time.year(), time.month());
                    value(column) == i32::try_from(first.month()).ok() && month(first) == month(last)
                }
            }
        })
    };
    ["year", "month"].into_iter().filter(|column| says_no_more(column)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rasteret_schema::CloudProvider;
    use rasteret_schema::share::PartitionColumn;

    fn footer(file: &str, tag: Option<ExportTag>, rows: u64) -> Footer {
        let tag = tag.map(|tag| ExportTag { file: file.to_owned(), file_rows: rows, ..tag });
        let metadata = tag.map(|tag| (EXPORT_KEY.to_owned(), serde_json::to_string(&tag).unwrap()));
        let metadata = metadata.into_iter().collect();
        let created_by = Some(format!("{CREATED_BY}0.1.0"));
        Footer { href: format!("/x/{file}"), created_by, rows: Some(rows), metadata, ..Footer::default() }
    }

    fn tag(id: &str) -> ExportTag {
        ExportTag {
            version: TAG_VERSION,
            id: id.to_owned(),
            files: 2,
            rows: 5,
            file: String::new(),
            file_rows: 0,
            partition_by: vec![PartitionColumn {
                name: "month".to_owned(),
                data_type: "Int32".to_owned(),
                derived: true,
            }],
            whole_headers: true,
        }
    }

    #[test]
    fn an_export_is_all_of_its_files_and_no_others() {
        let (a, b) = (footer("a", Some(tag("1")), 2), footer("b", Some(tag("1")), 3));
        let contents = Contents::of(&[a.clone(), b.clone()]).unwrap();
        assert_eq!((contents.rows, contents.derived), (Some(5), vec!["month".to_owned()]));

        let error = |footers: &[Footer]| {
            let error = Contents::of(footers).unwrap_err();
            assert_eq!(error.kind(), "incomplete-export");
            error.to_string()
        };
        let message = error(std::slice::from_ref(&a));
        assert!(message.contains("2 files with 5 rows") && message.contains("1 with 2 rows"), "{message}");
        assert!(error(&[a.clone(), footer("b", Some(tag("2")), 3)]).contains("/x/b"));
        assert!(error(&[a.clone(), b.clone(), footer("c", None, 1)]).contains("/x/c"));
        assert!(error(&[a.clone(), a.clone()]).contains("twice"));
        assert!(error(&[a.clone(), b.clone(), footer("c", Some(tag("1")), 1)]).contains("6 rows"));
        let cut = Footer { rows: Some(1), ..b };
        assert!(error(&[a, cut]).contains("1 rows, and had 3"));

        let whole = |a, b| {
            let of = |whole_headers| Some(ExportTag { whole_headers, ..tag("1") });
            Contents::of(&[footer("a", of(a), 2), footer("b", of(b), 3)]).unwrap().has_whole_headers
        };
        assert_eq!((whole(true, true), whole(true, false), whole(false, true)), (true, false, false));

        let newer = footer("a", Some(ExportTag { version: TAG_VERSION + 1, ..tag("1") }), 5);
        assert_eq!(Contents::of(&[newer]).unwrap_err().kind(), "newer-version");
        let mut odd = footer("a", None, 5);
        odd.metadata.insert(EXPORT_KEY.to_owned(), "{".to_owned());
        assert!(Contents::of(&[odd]).unwrap_err().to_string().contains(EXPORT_KEY));
        assert!(Contents::of(&[footer("a", None, 5), footer("b", None, 7)]).is_ok());
        // A copy by another program, which took the metadata over.
        let mut copied = footer("a", Some(tag("1")), 2);
        copied.created_by = Some("parquet-cpp-arrow version 21.0.0".to_owned());
        assert!(!Contents::of(&[copied]).unwrap().has_whole_headers);
    }

    #[test]
    fn settings_that_name_servers_stay_behind() {
        let theirs = CloudConfig {
            provider: Some(CloudProvider::Azure),
            region: Some("eu-west-1".to_owned()),
            endpoint: Some("https://evil.example".to_owned()),
            requester_pays: true,
            anonymous: true,
            url_patterns: [("https://a/".to_owned(), "s3://a/".to_owned())].into(),
            s3_credentials_url: Some("https://evil.example".to_owned()),
            signer: Some("mine".to_owned()),
        };
        let tag = CollectionTag {
            version: TAG_VERSION,
            bands: Vec::new(),
            properties: serde_json::from_value(serde_json::json!({
                "cloud": theirs, "cloud_by_root": {"s3://b/": theirs}, "local_roots": ["/"], "imported_from": "x",
            }))
            .unwrap(),
        };
        let metadata = [(COLLECTION_KEY.to_owned(), serde_json::to_string(&tag).unwrap())].into();
        let contents = Contents::of(&[Footer { metadata, ..Footer::default() }]).unwrap();
        let CloudConfigs { cloud, cloud_by_root } = contents.clouds;
        for cloud in [&cloud, &cloud_by_root["s3://b/"]] {
            assert_eq!(
                (&cloud.endpoint, &cloud.s3_credentials_url, &cloud.signer, cloud.requester_pays),
                (&None, &None, &None, false)
            );
            // Of the provider's own servers.
            assert_eq!(cloud.provider, Some(CloudProvider::Azure));
            assert_eq!(cloud.region.as_deref(), Some("eu-west-1"));
            assert_eq!(cloud.url_patterns.len(), 1);
        }
        assert!(contents.description.properties.is_empty(), "{:?}", contents.description.properties);
    }

    #[test]
    fn folders_of_years_that_repeat_the_times() {
        let january = 1_704_412_800_000_000;
        let file = |year: Option<&str>, month: &str, times| Footer {
            partition: vec![
                ("year".to_owned(), year.map(str::to_owned)),
                ("month".to_owned(), Some(month.to_owned())),
            ],
            times,
            ..Footer::default()
        };
        let of = |footers: &[Footer]| Contents::of(footers).unwrap().derived;
        let fits = file(Some("2024"), "01", Some((january, january + 1)));
        assert_eq!(of(std::slice::from_ref(&fits)), ["year", "month"]);
        assert_eq!(of(&[fits.clone(), file(Some("2024"), "2", Some((january, january)))]), ["year"]);
        assert!(of(&[fits.clone(), file(None, "2", Some((january, january)))]).is_empty());
        assert!(of(&[fits, file(Some("2024"), "1", None)]).is_empty());
    }

    #[test]
    fn texts_are_for_people() {
        assert_eq!(cleaned("a\u{1b}[31mb\n"), "a [31mb");
        assert_eq!(cleaned(&"é".repeat(5000)).len(), MAX_TEXT);
    }
}
