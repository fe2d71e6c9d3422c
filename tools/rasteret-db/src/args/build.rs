//! What collections are built from.

use super::{Cloud, Condition, SpaceAndTime};
use serde_json::{Map, Value};
use std::str::FromStr;

/// What every build has.
#[derive(Debug, clap::Args)]
pub struct Common {
    /// Name of the collection
    #[arg(long)]
    pub name: String,
    #[command(flatten)]
    pub selection: SpaceAndTime,
    #[command(flatten)]
    pub condition: Condition,
    /// Build again even if nothing changed
    #[arg(long)]
    pub force: bool,
    /// Fail if any file cannot be read
    #[arg(long)]
    pub strict: bool,
}

/// How much is read of what a build finds, and how.
#[derive(Debug, clap::Args)]
pub struct Reading {
    /// Only these bands
    #[arg(long, value_delimiter = ',', value_name = "B04,B08")]
    pub bands: Vec<String>,
    /// Take the records without reading the headers of their rasters
    #[arg(long)]
    pub no_enrich: bool,
    /// How many headers are read at once
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    pub max_concurrent: u16,
    #[command(flatten)]
    pub cloud: Cloud,
}

/// What a STAC API is asked for, beside place and time.
#[derive(Debug, Default, clap::Args)]
pub struct Search {
    /// Conditions of the query extension: '{"eo:cloud_cover": {"lt": 20}}'
    #[arg(long, value_name = "JSON", value_parser = object)]
    pub query: Option<Map<String, Value>>,
    /// Condition in CQL2: "eo:cloud_cover < 20"
    #[arg(long, value_name = "CQL2")]
    pub filter: Option<String>,
    /// Only the items with these ids
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    pub ids: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub struct Build {
    /// Id of the dataset: `datasets list` shows them
    pub dataset: String,
    #[command(flatten)]
    pub common: Common,
    #[command(flatten)]
    pub search: Search,
    #[command(flatten)]
    pub reading: Reading,
}

#[derive(Debug, clap::Args)]
pub struct BuildStac {
    #[command(flatten)]
    pub common: Common,
    /// URL of the API; of a catalogue of plain files, URL or path of its root
    #[arg(long, value_name = "URL")]
    pub stac_api: String,
    /// Id of the STAC collection
    #[arg(long, value_name = "ID", required_unless_present = "static_catalog")]
    pub collection: Option<String>,
    /// Walk through a catalogue of plain files, which has no search
    #[arg(long)]
    pub static_catalog: bool,
    #[command(flatten)]
    pub bands: BandMaps,
    #[command(flatten)]
    pub search: Search,
    #[command(flatten)]
    pub reading: Reading,
}

#[derive(Debug, clap::Args)]
pub struct BuildTable {
    #[command(flatten)]
    pub common: Common,
    /// A file, or a folder of files: path or URL
    #[arg(long, value_name = "URI")]
    pub table: String,
    /// The table's own columns, and those of a record that they are: fid=id,geom=geometry,year=datetime
    #[arg(long, value_delimiter = ',', value_name = "SRC=DST", value_parser = pair::<String>)]
    pub column_map: Vec<(String, String)>,
    /// Column of the hrefs of files whose samples are the bands of the band index map
    #[arg(long, value_name = "COLUMN")]
    pub href_column: Option<String>,
    /// Columns of the bounding box: minx=west,miny=south,maxx=east,maxy=north
    #[arg(long, value_delimiter = ',', value_name = "SIDE=COLUMN", value_parser = pair::<String>)]
    pub bbox_columns: Vec<(String, String)>,
    #[command(flatten)]
    pub bands: BandMaps,
    #[command(flatten)]
    pub reading: Reading,
}

/// Where bands are.
#[derive(Debug, Default, clap::Args)]
pub struct BandMaps {
    /// Bands, and the assets that they are: B04=red,B08=nir
    #[arg(long, value_delimiter = ',', value_name = "BAND=ASSET", value_parser = pair::<String>)]
    pub band_map: Vec<(String, String)>,
    /// Bands, and which samples of their assets they are, from 0: R=0,G=1
    #[arg(long, value_delimiter = ',', value_name = "BAND=INDEX", value_parser = pair::<i32>)]
    pub band_index_map: Vec<(String, i32)>,
}

#[derive(Debug, clap::Args)]
pub struct BuildLocal {
    #[command(flatten)]
    pub common: Common,
    /// Folders, globs or files; or a .json, .geojson or .ndjson file: a STAC catalogue, collection, item, or items
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<String>,
    /// Regular expression on the path: its first group (or the one named `band`) is the band
    #[arg(long, value_name = "REGEX")]
    pub band_from: Option<String>,
    /// Regular expression on the path: its first group (or the one named `id`) is the record id
    #[arg(long, value_name = "REGEX")]
    pub id_from: Option<String>,
    /// Regular expression on the path: its groups `year`, `month`, `day`, … or its first group are the time
    #[arg(long, value_name = "REGEX")]
    pub datetime_from: Option<String>,
}

impl BuildLocal {
    /// The STAC catalogue, if one was given.
    pub fn catalog(&self) -> Result<Option<&str>, String> {
        let is_stac = |path: &&String| {
            let path = path.to_ascii_lowercase();
            [".json", ".geojson", ".ndjson"].iter().any(|ending| path.ends_with(ending))
        };
        match self.paths.iter().find(is_stac) {
            None => Ok(None),
            Some(catalog) if self.paths.len() == 1 && !self.has_rules() => Ok(Some(catalog)),
            Some(catalog) => Err(format!(
                "{catalog} is a STAC catalogue, which says itself what there is: give it alone, without rules for names"
            )),
        }
    }

    fn has_rules(&self) -> bool {
        [&self.band_from, &self.id_from, &self.datetime_from].iter().any(|rule| rule.is_some())
    }
}

/// Two things with `=` between.
pub(super) fn pair<V: FromStr<Err: std::fmt::Display>>(text: &str) -> Result<(String, V), String> {
    let (name, value) = text
        .split_once('=')
        .filter(|(name, value)| !name.is_empty() && !value.is_empty())
        .ok_or("it is not two things with = between")?;
    Ok((name.to_owned(), value.parse().map_err(|error| format!("{value:?}: {error}"))?))
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text).map_err(|error| format!("it is no JSON object: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_pairs() {
        assert_eq!(pair("B04=red"), Ok(("B04".to_owned(), "red".to_owned())));
        assert_eq!(pair("https://a/=s3://b/?c=d"), Ok(("https://a/".to_owned(), "s3://b/?c=d".to_owned())));
        assert_eq!(pair("R=0"), Ok(("R".to_owned(), 0)));
        for text in ["", "B04", "=red", "B04="] {
            assert!(pair::<String>(text).is_err(), "{text}");
        }
        assert!(pair::<i32>("R=red").is_err());
        assert!(object("[]").is_err() && object("{").is_err() && object("{\"a\": 1}").is_ok());
    }
}
