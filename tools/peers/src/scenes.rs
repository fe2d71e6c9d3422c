//! The scenes as a collection.

use crate::context::{BANDS, Context, EPSG, Result};
use bytes::Bytes;
use futures::StreamExt;
use rasteret::blocking::Wait;
use rasteret::geotiff::GeoTiffReader;
use rasteret::{Collection, Database, Filter};
use rasteret_schema::record::to_batch;
use rasteret_schema::{
    Asset, ByteRanges, HeaderArchive, ObjectVersion, Parsed, RasterHeader, RasterReader, Record,
    RecordStream, Selection, SourceAdapter, SourceBatch, SourceError, SourceHeader,
};
use serde::Deserialize;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Name of the collection.
const COLLECTION: &str = "scenes";

#[derive(Deserialize)]
struct ItemCollection {
    features: Vec<Item>,
}

/// As much of a STAC item as is needed here.
#[derive(Deserialize)]
struct Item {
    id: String,
    properties: Properties,
}

#[derive(Deserialize)]
struct Properties {
    #[serde(rename = "proj:epsg")]
    epsg: u32,
}

/// The scenes of the folder, with hrefs below `base`.
#[derive(Debug)]
pub struct Scenes {
    folder: PathBuf,
    base: String,
    /// Whether headers come along, read from the folder.
    headers: bool,
    /// Whether only scenes of zone 43 do.
    read_only: bool,
    /// How many records each scene has, whose hrefs differ, so that none shares its tiles with another.
    copies: usize,
    /// Whether headers say that there are overviews.
    overviews: bool,
}

impl Scenes {
    fn items(&self) -> Result<Vec<Item>> {
        let items = items(&self.folder)?;
        Ok(items.into_iter().filter(|item| !self.read_only || item.properties.epsg == EPSG).collect())
    }

    fn batch(&self) -> Result<SourceBatch> {
        let items = self.items()?;
        let records: Vec<Record> =
            (0..self.copies).flat_map(|copy| items.iter().map(move |item| self.record(item, copy))).collect();
        let mut headers = Vec::new();
        if self.headers {
            for (row, item) in items.iter().enumerate() {
                for band in BANDS {
                    let mut header = read_header(&self.folder.join(&item.id).join(format!("{band}.tif")))?;
                    if !self.overviews {
                        header.images.truncate(1);
                    }
                    let header = Arc::new(HeaderArchive::new(&header)?);
                    headers.extend((0..self.copies).map(|copy| SourceHeader {
                        row: copy * items.len() + row,
                        band: band.to_owned(),
                        header: Arc::clone(&header),
                    }));
                }
            }
        }
        Ok(SourceBatch { headers, ..SourceBatch::new(to_batch(&records)?) })
    }

    /// What is left open, the header says.
    fn record(&self, item: &Item, copy: usize) -> Record {
        let (id, query) = match copy {
            0 => (item.id.clone(), String::new()),
            _ => (format!("{}_{copy}", item.id), format!("?copy={copy}")),
        };
        let asset = |band: &str| Asset {
            band: band.to_owned(),
            href: format!("{}/{}/{band}.tif{query}", self.base, item.id),
            band_index: None,
        };
        Record {
            id,
            datetime: 1_704_067_200_000_000,
            end_datetime: None,
            geometry: None,
            bbox: None,
            assets: BANDS.map(asset).to_vec(),
            epsg: i32::try_from(item.properties.epsg).ok(),
            crs: None,
            collection: None,
        }
    }
}

impl SourceAdapter for Scenes {
    fn kind(&self) -> &'static str {
        "scenes"
    }

    fn description(&self) -> String {
        self.base.clone()
    }

    fn records<'a>(&'a self, _: &'a Selection) -> RecordStream<'a> {
        let batch = self.batch().map_err(|source| SourceError::Read { what: self.base.clone(), source });
        futures::stream::iter([batch]).boxed()
    }
}

fn items(folder: &Path) -> Result<Vec<Item>> {
    let items: ItemCollection = serde_json::from_slice(&fs::read(folder.join("items.json"))?)?;
    Ok(items.features)
}

/// Builds both databases of the scenes, their headers read from the folder: what is compared later begins with
/// the metadata at hand.
pub fn prepare(context: &Context) -> Result<()> {
    let folder = context.scenes.clone();
    let local = folder.to_str().ok_or("the folder's path is not UTF-8")?.to_owned();
    for (base, path) in [(context.base.clone(), context.scenes_database()), (local, context.local_database())]
    {
        let scenes = Scenes {
            folder: folder.clone(),
            base,
            headers: true,
            read_only: false,
            copies: 1,
            overviews: true,
        };
        build(scenes, &path)?;
    }
    Ok(())
}

/// Builds a database of the scenes that are read, their headers fetched from the server.
pub fn build_remote(context: &Context) -> Result<u64> {
    let scenes = Scenes {
        folder: context.scenes.clone(),
        base: context.base.clone(),
        headers: false,
        read_only: true,
        copies: 1,
        overviews: true,
    };
    build(scenes, &context.work.join("again.rasteret"))
}

/// Builds a database of the many scenes whose headers are small, fetched from the server.
pub fn build_many(context: &Context) -> Result<u64> {
    let scenes = Scenes {
        folder: context.scenes.join("headers"),
        base: format!("{}/headers", context.base),
        headers: false,
        read_only: false,
        copies: 1,
        overviews: true,
    };
    build(scenes, &context.work.join("many.rasteret"))
}

/// Builds a database of the scenes that are read, twenty times over and without overviews: 10.7 GB of pixels.
pub fn build_large(context: &Context) -> Result<Collection> {
    let scenes = Scenes {
        folder: context.scenes.clone(),
        base: context.base.clone(),
        headers: true,
        read_only: true,
        copies: 20,
        overviews: false,
    };
    let path = context.work.join("large.rasteret");
    build(scenes, &path)?;
    Ok(Database::open(path)?.collection(COLLECTION)?)
}

/// Builds a new database and returns how many headers it has.
fn build(scenes: Scenes, path: &Path) -> Result<u64> {
    if path.exists() {
        fs::remove_file(path)?;
    }
    let database = Database::open_writable(path)?;
    Ok(database.build(scenes).name(COLLECTION).strict(true).run().wait()?.headers)
}

/// The scenes that are read.
pub fn open(context: &Context, database: &Path) -> Result<Collection> {
    let ids: Vec<String> = items(&context.scenes)?
        .into_iter()
        .filter(|item| item.properties.epsg == EPSG)
        .map(|item| item.id)
        .collect();
    Ok(Database::open(database)?.collection(COLLECTION)?.subset(Filter::new().ids(ids)))
}

/// A tile as it lies in its file.
pub struct EncodedTile {
    /// The file, relative to the folder.
    pub path: String,
    /// Where in the file.
    pub range: Range<u64>,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Tiles, by column and row, of all files that are read.
pub fn encoded_tiles(context: &Context, tiles: &[(u32, u32)]) -> Result<Vec<EncodedTile>> {
    let mut encoded = Vec::new();
    for item in items(&context.scenes)?.iter().filter(|item| item.properties.epsg == EPSG) {
        for band in BANDS {
            let path = format!("{}/{band}.tif", item.id);
            let file = context.scenes.join(&path);
            let archive = HeaderArchive::new(&read_header(&file)?)?;
            let image = archive.header()?.image(0).ok_or("no image")?;
            let file = fs::read(&file)?;
            for (column, row) in tiles {
                let range = image.tile_index(*column, *row, 0).and_then(|tile| image.tiles.get(tile));
                let range = range.ok_or("no such tile")?;
                let bytes = file.get(range.start as usize..range.end as usize).ok_or("a tile is cut off")?;
                encoded.push(EncodedTile { path: path.clone(), bytes: bytes.to_vec(), range });
            }
        }
    }
    Ok(encoded)
}

fn read_header(path: &Path) -> Result<RasterHeader> {
    let file = Bytes::from(fs::read(path)?);
    let size = file.len() as u64;
    match GeoTiffReader::new().parse(&ByteRanges::whole(file))? {
        Parsed::Header(mut header) => {
            header.object = ObjectVersion { size: Some(size), etag: None, last_modified: None };
            Ok(*header)
        }
        Parsed::Needs(_) => Err(format!("{} is cut off", path.display()).into()),
    }
}

/// Kept here so that rows need not know how futures are run.
pub fn read(collection: &Collection, area: rasteret::Area) -> Result<rasteret::AreaArray> {
    Ok(collection.read(area).bands(BANDS).array().wait()?)
}
