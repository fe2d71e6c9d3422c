//! The records that searches (100,000) and sharing (a million) are compared on: `records.py` makes the same ones.

use crate::context::{BANDS, Context, Result};
use arrow_array::{Float64Array, RecordBatch};
use arrow_schema::{DataType as ArrowType, Field, Schema};
use rasteret::store::{Description, Store};
use rasteret_schema::record::{CLOUD_COVER, to_batch};
use rasteret_schema::{
    Asset, BoundingBox, Crs, DataType, Encoding, Georeference, Geotransform, HeaderArchive, ImageHeader,
    PixelValue, RasterHeader, Record, SourceHeader, TileTable,
};
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Name of the collection.
pub const COLLECTION: &str = "records";

const COUNT: u64 = 100_000;
const MILLION: u64 = 1_000_000;
const PLACES: u64 = 1_000;
const COLUMNS: u64 = 40;
const TILES: u64 = 121;
const FIRST_OFFSET: u64 = 65_536;
const HEADER_NUMBERS: u64 = 256;
const BATCH: usize = 8_192;
const SECOND: i64 = 1_000_000;

/// Makes the database of those that are searched, if there is none.
pub fn prepare(context: &Context) -> Result<()> {
    make(&context.records_database(), COUNT)
}

/// Makes the database of those that are shared, if there is none.
pub fn prepare_million(context: &Context) -> Result<()> {
    make(&context.million_database(), MILLION)
}

fn make(path: &Path, count: u64) -> Result<()> {
    if path.exists() {
        return Ok(());
    }
    // Under another name until it is whole.
    let part = path.with_extension("part");
    let _ = fs::remove_file(&part);
    write(&part, count)?;
    Ok(fs::rename(part, path)?)
}

fn write(path: &Path, count: u64) -> Result<()> {
    let mut store = Store::create(path)?;
    let mut transaction = store.write()?;
    transaction.create_collection(COLLECTION, Description::default())?;
    transaction.commit()?;
    for start in (0..count).step_by(BATCH) {
        let numbers = start..(start + BATCH as u64).min(count);
        let headers = numbers.clone().enumerate().flat_map(|(row, number)| {
            (0..).zip(BANDS).map(move |(index, band)| {
                let header = HeaderArchive::new(&header(number * BANDS.len() as u64 + index))?;
                Ok(SourceHeader { row, band: band.to_owned(), header: Arc::new(header) })
            })
        });
        let headers = headers.collect::<Result<Vec<_>>>()?;
        let mut transaction = store.write()?;
        transaction.append(COLLECTION, &batch(numbers)?, &headers, &[])?;
        transaction.commit()?;
    }
    let mut transaction = store.write()?;
    transaction.complete(COLLECTION)?;
    transaction.commit()?;
    Ok(store.compact()?)
}

fn batch(numbers: Range<u64>) -> Result<RecordBatch> {
    let records: Vec<Record> = numbers.clone().map(record).collect();
    let batch = to_batch(&records)?;
    let clouds: Float64Array =
        numbers.map(|number| Some((splitmix(number) % 10_000) as f64 / 100.0)).collect();
    let mut fields = batch.schema().fields().to_vec();
    fields.push(Arc::new(Field::new(CLOUD_COVER, ArrowType::Float64, true)));
    let mut columns = batch.columns().to_vec();
    columns.push(Arc::new(clouds));
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

fn record(number: u64) -> Record {
    let (place, date) = (number % PLACES, number / PLACES);
    let (west, south) = (60.0 + 0.9 * (place % COLUMNS) as f64, -5.0 + 0.9 * (place / COLUMNS) as f64);
    let (east, north) = (west + 1.0, south + 1.0);
    let id = format!("S2A_P{place:04}_{date:03}_0_L2A");
    let asset = |band: &str| Asset {
        band: band.to_owned(),
        href: format!(
            "https://sentinel-cogs.s3.us-west-2.amazonaws.com/sentinel-s2-l2a-cogs/43/P/GQ/2024/{id}/{band}.tif"
        ),
        band_index: None,
    };
    Record {
        datetime: 1_704_067_200 * SECOND + (date * 5 * 86_400 + place) as i64 * SECOND,
        end_datetime: None,
        geometry: Some(polygon([(east, south), (east, north), (west, north), (west, south), (east, south)])),
        bbox: Some(BoundingBox::new(west, south, east, north)),
        assets: BANDS.map(asset).to_vec(),
        epsg: Some(32643),
        crs: None,
        collection: Some("sentinel-2-l2a".to_owned()),
        id,
    }
}

/// A polygon as WKB.
fn polygon(ring: [(f64, f64); 5]) -> Vec<u8> {
    let mut wkb = vec![1, 3, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0];
    for (x, y) in ring {
        wkb.extend(x.to_le_bytes());
        wkb.extend(y.to_le_bytes());
    }
    wkb
}

fn header(seed: u64) -> RasterHeader {
    let counts: Vec<u64> =
        (0..TILES).map(|tile| 1_200_000 + splitmix(seed * HEADER_NUMBERS + tile) % 400_000).collect();
    let offsets = counts.iter().scan(FIRST_OFFSET, |next, count| {
        let offset = *next;
        *next += count + 8;
        Some(offset)
    });
    let offsets: Vec<u64> = offsets.collect();
    let encoding = Encoding {
        compression: 8,
        predictor: 2,
        chroma_subsampling: [2, 2],
        ..Encoding::uncompressed(DataType::UInt16)
    };
    let image = ImageHeader::new([10_980; 2], [1024; 2], TileTable::new(&offsets, &counts));
    RasterHeader {
        georeference: Georeference {
            transform: Some(Geotransform::new(10.0, 0.0, 699_960.0, 0.0, -10.0, 1_500_000.0)),
            crs: Some(Crs::from_epsg(32643)),
            ..Georeference::default()
        },
        nodata: Some(PixelValue::Integer(0)),
        ..RasterHeader::new("geotiff", encoding, vec![image])
    }
}

/// The same stream of numbers in every language.
pub fn splitmix(seed: u64) -> u64 {
    let mut x = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ x >> 31
}
