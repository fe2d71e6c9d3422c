//! Items of a STAC API as a collection.

use crate::context::{Context, Result, STAC_BANDS, STAC_COLLECTION};
use crate::protocol::Work;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use rasteret::Database;
use rasteret::blocking::Wait;
use rasteret::stac::StacSource;
use rasteret::store::Store;
use rasteret_schema::BandMap;
use rasteret_schema::record::{ASSETS, CLOUD_COVER, DATETIME, ID, RecordColumns};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// Name of the collection.
const COLLECTION: &str = "items";

/// Builds a new database of all items, without headers.
pub fn ingest(context: &Context) -> Result<Work> {
    let url = context.stac.clone().ok_or("there is no STAC API")?;
    let path = context.work.join("items.rasteret");
    Ok(Box::new(move || {
        if path.exists() {
            fs::remove_file(&path)?;
        }
        let database = Database::open_writable(&path)?;
        let assets = STAC_BANDS.map(|(band, asset)| (band.to_owned(), asset.to_owned()));
        let source = StacSource::new(&url, Arc::new(database.sources().clone()))
            .collection(STAC_COLLECTION)
            .bands(BandMap { assets: assets.into_iter().collect(), ..BandMap::default() });
        database.build(source).name(COLLECTION).enrich(false).strict(true).run().wait()?;
        let path = path.clone();
        Ok(Box::new(move || summary(&path)))
    }))
}

/// What came in, for comparing.
fn summary(path: &Path) -> Result<Value> {
    let collection = Store::open(path)?.read()?.collection(COLLECTION)?;
    let projection = collection.projection(&[ID, DATETIME, ASSETS, CLOUD_COVER])?;
    let (mut records, mut assets, mut hrefs, mut clouds) = (0, 0, 0, 0.0);
    for batch in collection.scan(&projection, |_| true)? {
        let batch = batch?.batch;
        let columns = RecordColumns::new(&batch)?;
        for row in 0..columns.len() {
            let found = columns.assets(row);
            assets += found.len();
            hrefs += found.iter().map(|asset| asset.href.len()).sum::<usize>();
        }
        records += columns.len();
        let cover = batch.column_by_name(CLOUD_COVER).ok_or("no cloud cover")?;
        clouds += cover.as_primitive::<Float64Type>().iter().flatten().sum::<f64>();
    }
    let clouds = (clouds / records as f64 * 1e6).round() / 1e6;
    Ok(json!({ "records": records, "assets": assets, "hrefs": hrefs, "cloud_cover": clouds }))
}
