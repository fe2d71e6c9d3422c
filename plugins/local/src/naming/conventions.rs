//! The table of naming conventions that are known without being told.

use regex::{Captures, Regex};
use std::ops::Range;
use std::sync::LazyLock;

/// Where an id means the same scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everywhere: the files of a scene may lie in several folders.
    Everywhere,
    /// In one folder: another folder's file of that name is of another scene.
    Folder,
}

/// One way of naming files: an entry of the table.
struct Convention {
    /// Regex on the path from the given folder's name on, without extension, whatever the case.
    /// Group `id` is the scene, `datetime` its time, and the first group whose name starts with
    /// `band` that takes part is the band. `{…}` stands for a fragment, see [`FRAGMENTS`].
    pattern: &'static str,
    scope: Scope,
}

/// The conventions, the first that matches first. The last one matches every path.
const CONVENTIONS: [Convention; 12] = [
    // Sentinel-2 product, perhaps a band in the file's name.
    Convention { pattern: r"(?:^|/)(?<id>{s2-product})(?:_{s2-band})?$", scope: Scope::Everywhere },
    // Sentinel-2 SAFE folder.
    Convention {
        pattern: r"(?:^|/)(?<id>{s2-product})(?:\.SAFE)?/(?:[^/]+/)*(?:(?:[^/]+_)?{s2-band}|(?<band_other>[^/]+))$",
        scope: Scope::Everywhere,
    },
    // Sentinel-2 granule image.
    Convention {
        pattern: r"(?:^|/)(?:L[12][AC]_)?(?<id>T\d{2}[A-Z]{3}_(?<datetime>\d{8}T\d{6}))(?:_{s2-band})?$",
        scope: Scope::Everywhere,
    },
    // Earth Search Sentinel-2, perhaps a band in the file's name.
    Convention { pattern: r"(?:^|/)(?<id>{s2-earth-search})(?:_{s2-band})?$", scope: Scope::Everywhere },
    // Earth Search Sentinel-2, a folder a scene.
    Convention {
        pattern: r"(?:^|/)(?<id>{s2-earth-search})/(?:{s2-band}|(?<band_other>[^/]+))$",
        scope: Scope::Everywhere,
    },
    // Landsat Collection, perhaps a band in the file's name.
    Convention { pattern: r"(?:^|/)(?<id>{landsat})(?:_(?<band>[^/]+))?$", scope: Scope::Everywhere },
    // Landsat Collection, a folder a scene.
    Convention { pattern: r"(?:^|/)(?<id>{landsat})/(?<band>[^/]+)$", scope: Scope::Everywhere },
    // Landsat before the Collections.
    Convention {
        pattern: r"(?:^|/)(?<id>L[COTEM]\d\d{6}(?<datetime>\d{7})[A-Z]{3}\d{2})(?:_(?<band>[^/]+))?$",
        scope: Scope::Everywhere,
    },
    // Harmonized Landsat Sentinel-2.
    Convention {
        pattern: r"(?:^|/)(?<id>HLS\.[LS]30\.T\d{2}[A-Z]{3}\.(?<datetime>\d{7}T\d{6})\.v\d+\.\d+)(?:[./](?<band>[^/.]+))?$",
        scope: Scope::Everywhere,
    },
    // Scene and band.
    Convention { pattern: r"(?:^|/)(?<id>[^/]+?)[_. -](?<band>{band})(?:_[126]0m)?$", scope: Scope::Folder },
    // A folder a scene, a band a file.
    Convention { pattern: r"(?:^|/)(?<id>[^/]+)/(?<band>{band})(?:_[126]0m)?$", scope: Scope::Folder },
    // A file a scene.
    Convention { pattern: r"(?:^|/)(?<id>[^/]+)$", scope: Scope::Folder },
];

/// What `{…}` stands for in the patterns.
const FRAGMENTS: [(&str, &str); 5] = [
    (
        "{s2-product}",
        r"S2[A-D]_MSIL[12][A-C]_(?<datetime>\d{8}T\d{6})_(?:N\d{4}_)?R\d{3}_T\d{2}[A-Z]{3}_\d{8}T\d{6}",
    ),
    ("{s2-earth-search}", r"S2[A-D]_(?:T?\d{1,2}[A-Z]{3}_(?<datetime>\d{8}(?:T\d{6})?)(?:_\d+)?)_L[12][AC]"),
    // Bands come in several resolutions: the finest keeps the plain name.
    (
        "{s2-band}",
        r"(?:(?<band_10m>B0[2348]|AOT|WVP|TCI)_10m|(?<band_20m>B0[567]|B8A|B1[12]|SCL|CLD|SNW)_20m|(?<band_60m>B01|B09|B10)_60m|(?<band>(?:B\d{2}|B8A|AOT|WVP|TCI|SCL|CLD|SNW)(?:_[126]0m)?|{band}))",
    ),
    ("{landsat}", r"L[COTEM]\d{2}_L[12][A-Z]{2}_\d{6}_(?<datetime>\d{8})_(?:\d{8}_)?\d{2}_(?:T1|T2|RT)"),
    // Band names of sensors, then common names (STAC EO extension), indices and polarisations.
    (
        "{band}",
        r"B\d{1,2}A?|(?:SR|ST)_(?:B\d{1,2}|[A-Z_]*QA)|(?:SR_)?QA_(?:PIXEL|RADSAT|AEROSOL)|QA60|AOT|WVP|SCL|TCI|CLD|SNW|Fmask|band_?\d{1,3}|visual|coastal|blue|green|yellow|red|rededge\d{0,3}|pan|nir(?:0?[89])?|cirrus|swir(?:12|16|22|1|2)?|lwir(?:11|12)?|tir\d?|ndvi|evi2?|savi|ndwi|ndmi|ndbi|ndsi|nbr|vv|vh|hh|hv",
    ),
];

static COMPILED: LazyLock<Vec<(Regex, Scope)>> = LazyLock::new(|| {
    let compile = |convention: &Convention| {
        let pattern = FRAGMENTS
            .iter()
            .fold(convention.pattern.to_owned(), |pattern, (name, fragment)| pattern.replace(name, fragment));
        let regex = Regex::new(&format!("(?i){pattern}")).expect("the table is tested");
        (regex, convention.scope)
    };
    CONVENTIONS.iter().map(compile).collect()
});

/// What a convention reads out of a path.
#[derive(Debug, Clone)]
pub(crate) struct Conventional<'a> {
    /// Where the id lies in the path.
    pub(crate) id: Range<usize>,
    pub(crate) band: Option<&'a str>,
    pub(crate) datetime: Option<i64>,
    pub(crate) scope: Scope,
}

/// Reads a path by each convention that it follows, the first one first. A path whose date is not in
/// the calendar does not follow a convention.
pub(crate) fn read(path: &str) -> impl Iterator<Item = Conventional<'_>> {
    COMPILED.iter().filter_map(move |(regex, scope)| {
        let captures = regex.captures(path)?;
        let datetime = match captures.name("datetime") {
            Some(text) => Some(super::datetime::parse(text.as_str())?),
            None => None,
        };
        Some(Conventional {
            id: captures.name("id")?.range(),
            band: band(regex, &captures),
            datetime,
            scope: *scope,
        })
    })
}

fn band<'a>(regex: &Regex, captures: &Captures<'a>) -> Option<&'a str> {
    regex
        .capture_names()
        .flatten()
        .filter(|name| name.starts_with("band"))
        .find_map(|name| Some(captures.name(name)?.as_str()))
}
