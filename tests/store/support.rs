//! Records and headers to fill a store with.

use arrow_array::{Float64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use rasteret_schema::record::{self, Record};
use rasteret_schema::{
    Asset, BoundingBox, Crs, DataType as Sample, Encoding, Georeference, Geotransform, HeaderArchive,
    ImageHeader, ObjectVersion, PixelValue, RasterHeader, SourceHeader, TileTable,
};
use std::path::PathBuf;
use std::sync::Arc;

/// A folder that is deleted when it is dropped.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

pub fn path(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("test.rasteret")
}

/// A record with an asset for each band.
pub fn record(id: &str, bands: &[&str]) -> Record {
    let number = id.bytes().map(i64::from).sum::<i64>();
    let west = (number % 360 - 180) as f64;
    Record {
        id: id.to_owned(),
        datetime: 1_704_067_200_000_000 + number,
        end_datetime: None,
        geometry: Some(vec![1, 2, 3]),
        bbox: Some(BoundingBox::new(west, -1.0, west + 1.0, 1.0)),
        assets: bands
            .iter()
            .map(|band| Asset {
                band: (*band).to_owned(),
                href: format!("https://example.com/{id}/{band}.tif"),
                band_index: None,
            })
            .collect(),
        epsg: Some(32643),
        crs: None,
        collection: Some("sentinel-2-l2a".to_owned()),
    }
}

pub fn batch(ids: &[&str], bands: &[&str]) -> RecordBatch {
    let records: Vec<Record> = ids.iter().map(|id| record(id, bands)).collect();
    record::to_batch(&records).expect("a batch")
}

/// The batch with a column of numbers after the others.
pub fn with_column(batch: &RecordBatch, name: &str, values: Vec<Option<f64>>) -> RecordBatch {
    let mut fields = batch.schema().fields().to_vec();
    fields.push(Arc::new(Field::new(name, DataType::Float64, true)));
    let mut columns = batch.columns().to_vec();
    columns.push(Arc::new(Float64Array::from(values)));
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect("a batch")
}

/// The header of a COG of `tiles × tiles` tiles, which differs for every seed.
pub fn header(seed: u64, tiles: u32) -> RasterHeader {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut at = 4096;
    let mut image = |tiles: u32| {
        let counts: Vec<u64> = (0..tiles * tiles).map(|_| 1_200_000 + random() % 400_000).collect();
        let mut offsets = Vec::with_capacity(counts.len());
        for count in &counts {
            offsets.push(at);
            at += count + 8;
        }
        ImageHeader::new([tiles * 1024; 2], [1024; 2], TileTable::new(&offsets, &counts))
    };
    let mut sizes = vec![tiles];
    while sizes.len() < 5 && sizes[sizes.len() - 1] > 1 {
        sizes.push(sizes[sizes.len() - 1].div_ceil(2));
    }
    let encoding = Encoding {
        compression: 8,
        predictor: 2,
        chroma_subsampling: [2, 2],
        ..Encoding::uncompressed(Sample::UInt16)
    };
    RasterHeader {
        georeference: Georeference {
            transform: Some(Geotransform::new(10.0, 0.0, 699_960.0, 0.0, -10.0, 1_500_000.0)),
            crs: Some(Crs::from_epsg(32643)),
            ..Georeference::default()
        },
        nodata: Some(PixelValue::Integer(0)),
        object: ObjectVersion {
            size: Some(seed),
            etag: Some(format!("\"{seed:032x}\"")),
            last_modified: Some(1_704_067_200_000_000),
        },
        ..RasterHeader::new("geotiff", encoding, sizes.into_iter().map(&mut image).collect())
    }
}

pub fn archive(seed: u64) -> Arc<HeaderArchive> {
    Arc::new(HeaderArchive::new(&header(seed, 3)).expect("an archive"))
}

pub fn source_header(row: usize, band: &str, header: &Arc<HeaderArchive>) -> SourceHeader {
    SourceHeader { row, band: band.to_owned(), header: header.clone() }
}
