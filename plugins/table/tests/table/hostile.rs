//! Files that no writer writes: an error, never a panic, and memory within bounds.

use crate::support::{scenes, write_parquet};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use futures::StreamExt;
use futures::executor::block_on;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;
use rasteret_schema::conformance::OneFile;
use rasteret_schema::{
    BoundingBox, Crs, DataType, Encoding, Georeference, Geotransform, HeaderArchive, ImageHeader, PixelValue,
    RasterHeader, Selection, SourceAdapter, TileTable, header_column,
};
use rasteret_table::TableSource;
use std::fs::File;
use std::sync::{Arc, LazyLock};

/// Reads a table to its end or its first error.
fn read(bytes: Vec<u8>) {
    let source = TableSource::new("memory://table", Arc::new(OneFile::new(bytes))).href_column("href");
    let _ = block_on(source.footers());
    for selection in [
        Selection::default(),
        Selection { bbox: Some(BoundingBox::new(0.0, 0.0, 9.0, 9.0)), start: Some(0), end: Some(1 << 50) },
    ] {
        let mut batches = source.records(&selection);
        let mut rows = 0;
        // A few bytes can say a billion rows, all the same.
        while let Some(Ok(batch)) = block_on(batches.next()) {
            rows += batch.records.num_rows();
            if rows > 100_000 {
                break;
            }
        }
    }
}

/// The same scenes with headers of their only band.
fn with_headers(scenes: &RecordBatch) -> RecordBatch {
    let image = ImageHeader::new([20, 10], [16, 16], TileTable::new(&[100, 700], &[512, 512]));
    let header = RasterHeader {
        georeference: Georeference {
            transform: Some(Geotransform::new(10.0, 0.0, 5e5, 0.0, -10.0, 1e6)),
            crs: Some(Crs::from_epsg(32643)),
            ..Georeference::default()
        },
        nodata: Some(PixelValue::Integer(0)),
        ..RasterHeader::new("geotiff", Encoding::uncompressed(DataType::UInt16), vec![image])
    };
    let archive = HeaderArchive::new(&header).unwrap();
    let rows = vec![Some((archive.header().unwrap(), 0)); scenes.num_rows()];
    let mut columns: Vec<(&str, ArrayRef)> = Vec::new();
    let schema = scenes.schema();
    columns.extend(schema.fields().iter().map(|field| field.name().as_str()).zip(scenes.columns().to_vec()));
    columns.push(("href_metadata", Arc::new(header_column::to_array(rows.into_iter()).unwrap())));
    columns.push(("crs", crate::support::text(vec!["EPSG:32643"; scenes.num_rows()])));
    RecordBatch::try_from_iter(columns).unwrap()
}

#[test]
fn headers_are_read() {
    let source =
        TableSource::new("memory://table", Arc::new(OneFile::new(TABLES[0].clone()))).href_column("href");
    let batches = crate::support::batches(&source, &Selection::default()).unwrap();
    assert_eq!(batches.iter().map(|batch| batch.headers.len()).sum::<usize>(), 40);
    assert!(batches.iter().all(|batch| batch.unusable.is_empty()));
    let footers = block_on(source.footers()).unwrap();
    assert_eq!(
        (footers.len(), footers[0].rows, footers[0].times),
        (1, Some(40), Some((0, 39 * 86_400_000_000)))
    );
}

/// Tables of all formats.
static TABLES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table");
    let batch = with_headers(&scenes(40));
    let mut tables = Vec::new();
    for compression in [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::ZSTD(Default::default())]
    {
        let properties = WriterProperties::builder().set_compression(compression);
        write_parquet(&path, &batch, properties.set_max_row_group_row_count(Some(15)).build());
        tables.push(std::fs::read(&path).unwrap());
    }
    for compression in [None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)] {
        let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
        let file = File::create(&path).unwrap();
        let mut writer = FileWriter::try_new_with_options(file, &batch.schema(), options.clone()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        tables.push(std::fs::read(&path).unwrap());
        let file = File::create(&path).unwrap();
        let mut writer = StreamWriter::try_new_with_options(file, &batch.schema(), options).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        tables.push(std::fs::read(&path).unwrap());
    }
    tables
});

#[derive(Debug, Clone)]
enum Damage {
    Byte(prop::sample::Index, u8),
    /// Counted from the end, where footers are.
    ByteFromEnd(prop::sample::Index, u8),
    Number(prop::sample::Index, u64),
    Cut(prop::sample::Index),
    Remove(prop::sample::Index),
    Insert(prop::sample::Index, u8),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<prop::sample::Index>;
    let number =
        prop_oneof![Just(0), Just(u64::MAX), Just(1 << 31), Just(1 << 40), Just(u64::MAX >> 1), any::<u64>()];
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        (at(), any::<u8>()).prop_map(|(at, byte)| Damage::ByteFromEnd(at, byte)),
        (at(), number).prop_map(|(at, number)| Damage::Number(at, number)),
        at().prop_map(Damage::Cut),
        at().prop_map(Damage::Remove),
        (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Insert(at, byte)),
    ]
}

fn damaged(mut bytes: Vec<u8>, damages: &[Damage]) -> Vec<u8> {
    for damage in damages {
        let length = bytes.len();
        if length < 16 {
            return bytes;
        }
        match damage {
            Damage::Byte(at, byte) => bytes[at.index(length)] = *byte,
            Damage::ByteFromEnd(at, byte) => {
                let back = at.index(length.min(3000));
                bytes[length - 1 - back] = *byte;
            }
            Damage::Number(at, number) => {
                let at = at.index(length - 8);
                bytes[at..at + 8].copy_from_slice(&number.to_le_bytes());
            }
            Damage::Cut(at) => bytes.truncate(at.index(length)),
            Damage::Remove(at) => drop(bytes.remove(at.index(length))),
            Damage::Insert(at, byte) => bytes.insert(at.index(length), *byte),
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn damaged_tables(
        table in any::<prop::sample::Index>(),
        damages in proptest::collection::vec(damage(), 1..6),
    ) {
        read(damaged(table.get(&TABLES).clone(), &damages));
    }

    #[test]
    fn any_bytes_with_the_marks_of_a_format(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        marks in 0..4_usize,
    ) {
        let (start, end): (&[u8], &[u8]) =
            [(&b"PAR1"[..], &b"\x40\0\0\0PAR1"[..]), (b"ARROW1\0\0", b"\x40\0\0\0ARROW1"), (&[0xff; 4], b""), (b"", b"")][marks];
        read([start, &bytes, end].concat());
    }
}

/// A row group that is large enough for its page index to be asked.
static LARGE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table");
    let properties =
        WriterProperties::builder().set_dictionary_enabled(false).set_data_page_row_count_limit(1000);
    write_parquet(&path, &scenes(10_000), properties.set_write_batch_size(1000).build());
    std::fs::read(&path).unwrap()
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn damaged_page_indexes(damages in proptest::collection::vec((0..12_000_usize, any::<u8>()), 1..6)) {
        let mut bytes = LARGE.clone();
        let length = bytes.len();
        for (back, byte) in damages {
            bytes[length - 9 - back] = byte;
        }
        read(bytes);
    }
}

#[test]
fn every_byte_of_a_footer() {
    for table in TABLES.iter() {
        for back in 0..table.len().min(400) {
            for value in [0, 0x7f, 0xff] {
                let mut bytes = table.clone();
                let at = bytes.len() - 1 - back;
                bytes[at] = value;
                read(bytes);
            }
        }
    }
}
