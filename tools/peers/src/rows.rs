//! The rows of the table.

use crate::context::{AREA, BANDS, Context, EPSG, RECORD, RECORDS_BOX, RECORDS_CLOUD_COVER, Result};
use crate::protocol::{Row, Summary, Work};
use crate::sample::sample;
use crate::warp::warp;
use crate::{floor, ingest, records, scenes, share};
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use rasteret::blocking::Wait;
use rasteret::store::{Collection, Store, StoredHeader};
use rasteret::warp::Method;
use rasteret::{Area, AreaArray, Crs, Database, Filter};
use rasteret_schema::BoundingBox;
use rasteret_schema::record::BBOX;
use serde_json::{Value, json};

/// The rows, by name.
pub const ROWS: [(&str, Row); 21] = [
    ("prepare", prepare),
    ("prepare_million", share::prepare),
    ("hot_read", hot_read),
    ("cold_read", cold_read),
    ("large_read", large_read),
    ("header_build", |context| header_build(context, scenes::build_remote)),
    ("headers", |context| header_build(context, scenes::build_many)),
    ("headers_delayed", |context| header_build(context, scenes::build_many)),
    ("ingest", ingest::ingest),
    ("find_plan", find_plan),
    ("one_header", one_header),
    ("count", count),
    ("size", size),
    ("export", share::export),
    ("import", share::import),
    ("sample", sample),
    ("warp_nearest", |context| warp(context, Method::Nearest)),
    ("warp_bilinear", |context| warp(context, Method::Bilinear)),
    ("warp_cubic", |context| warp(context, Method::Cubic)),
    ("inflate", floor::inflate),
    ("raw_http", floor::raw_http),
];

fn prepare(context: &Context) -> Result<Work> {
    scenes::prepare(context)?;
    records::prepare(context)?;
    Ok(Box::new(|| Ok(Box::new(|| Ok(json!({}))))))
}

fn area() -> Area {
    Area::bbox(AREA).with_crs(Crs::from_epsg(EPSG))
}

fn hot_read(context: &Context) -> Result<Work> {
    let collection = scenes::open(context, &context.scenes_database())?;
    Ok(Box::new(move || {
        let array = scenes::read(&collection, area())?;
        Ok(Box::new(move || pixels(&array)))
    }))
}

fn cold_read(context: &Context) -> Result<Work> {
    let (database, context) = (context.scenes_database(), context.clone());
    Ok(Box::new(move || {
        let array = scenes::read(&scenes::open(&context, &database)?, area())?;
        Ok(Box::new(move || pixels(&array)))
    }))
}

/// Whole scenes, 10.7 GB of pixels, as small images.
fn large_read(context: &Context) -> Result<Work> {
    let collection = scenes::build_large(context)?;
    Ok(Box::new(move || {
        let scene = Area::bbox([699_960.0, 1_459_040.0, 740_920.0, 1_500_000.0]);
        let request = collection.read(scene.with_crs(Crs::from_epsg(EPSG))).bands(BANDS);
        let array = request.shape(64, 64).array().wait()?;
        Ok(Box::new(move || {
            let statistics = array.statistics;
            Ok(json!({
                "shape": array.pixels.shape(),
                "tiles": statistics.tiles,
                "requests": statistics.requests,
                "bytes": statistics.bytes,
            }))
        }))
    }))
}

/// Planes of pixels, for comparing: as `pixels` in `peer.py`.
fn pixels(array: &AreaArray) -> Result<Value> {
    let view = array.pixels.view::<u16>().ok_or("the pixels are not uint16")?;
    let [scenes, bands, height, width] = array.pixels.shape();
    let mut checksums: Vec<String> = Vec::new();
    let bytes = array.pixels.to_bytes();
    for plane in bytes.chunks_exact(height * width * 2) {
        checksums.push(format!("{:08x}", crc32fast::hash(plane)));
    }
    checksums.sort();
    let total: u64 = view.iter().map(|value| u64::from(*value)).sum();
    Ok(json!({
        "planes": scenes * bands,
        "shape": [height, width],
        "mean": total as f64 / view.len() as f64,
        "crc": format!("{:08x}", crc32fast::hash(checksums.join(" ").as_bytes())),
    }))
}

fn header_build(context: &Context, build: fn(&Context) -> Result<u64>) -> Result<Work> {
    let context = context.clone();
    Ok(Box::new(move || {
        let headers = build(&context)?;
        Ok(Box::new(move || Ok(json!({ "headers": headers }))))
    }))
}

fn records(context: &Context) -> Result<Collection> {
    Ok(Store::open(context.records_database())?.read()?.collection(records::COLLECTION)?)
}

/// The matching records' headers, checked and ready to be planned with.
fn find_plan(context: &Context) -> Result<Work> {
    let collection = records(context)?;
    let bands = BANDS.map(|band| collection.band(band));
    let [west, south, east, north] = RECORDS_BOX;
    let wanted = BoundingBox::new(west, south, east, north);
    Ok(Box::new(move || {
        let boxes = collection.projection(&[BBOX])?;
        let mut found = Vec::new();
        for batch in collection.scan(&boxes, |zone| zone.intersects(&wanted))? {
            let batch = batch?;
            let column = batch.batch.column(0).as_struct();
            let [xmin, ymin, xmax, ymax] =
                [0, 1, 2, 3].map(|index| column.column(index).as_primitive::<Float64Type>().values());
            for (row, record) in batch.records.iter().enumerate() {
                if xmax[row] < west || xmin[row] > east || ymax[row] < south || ymin[row] > north {
                    continue;
                }
                for band in &bands {
                    let header = collection.header(*record, *band.as_ref().map_err(ToString::to_string)?)?;
                    header.get()?;
                    found.push(header);
                }
            }
        }
        headers(found)
    }))
}

/// By id and band, the header checked.
fn one_header(context: &Context) -> Result<Work> {
    let collection = records(context)?;
    Ok(Box::new(move || {
        let header = collection.header(collection.record_number(RECORD)?, collection.band(BANDS[1])?)?;
        header.get()?;
        headers(vec![header])
    }))
}

/// Headers that were found, and the sum of all tile offsets and byte counts in them.
fn headers(found: Vec<StoredHeader>) -> Result<Summary> {
    Ok(Box::new(move || {
        let mut sum = 0;
        for header in &found {
            let image = header.get()?.image(0).ok_or("a header without an image")?;
            for tile in 0..image.tiles.len() {
                let range = image.tiles.get(tile).ok_or("a tile that is not there")?;
                sum += range.start + (range.end - range.start);
            }
        }
        Ok(json!({ "headers": found.len(), "sum": sum }))
    }))
}

fn count(context: &Context) -> Result<Work> {
    let collection = Database::open(context.records_database())?.collection(records::COLLECTION)?;
    Ok(Box::new(move || {
        let count = collection.subset(Filter::new().cloud_cover_lt(RECORDS_CLOUD_COVER)).len()?;
        Ok(Box::new(move || Ok(json!({ "count": count }))))
    }))
}

fn size(context: &Context) -> Result<Work> {
    let path = context.records_database();
    Ok(Box::new(move || {
        let bytes = std::fs::metadata(&path)?.len();
        Ok(Box::new(move || Ok(json!({ "bytes": bytes }))))
    }))
}
