//! Files of all formats, and what is none.

use crate::support::{error, records, scenes, table, write_parquet};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use rasteret_schema::{Record, Selection};
use std::fs::{File, write};
use std::path::Path;

fn all(path: &Path) -> Vec<Record> {
    records(&table(path).href_column("href"), &Selection::default())
}

#[test]
fn formats_are_told_apart_by_content() {
    let folder = tempfile::tempdir().unwrap();
    // The name says nothing.
    let path = folder.path().join("scenes.dat");
    let batch = scenes(5000);
    write_parquet(&path, &batch, WriterProperties::default());
    let expected = all(&path);
    assert_eq!(expected.len(), 5000);
    for compression in [
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::BROTLI(Default::default()),
        Compression::LZ4_RAW,
        Compression::ZSTD(Default::default()),
    ] {
        write_parquet(&path, &batch, WriterProperties::builder().set_compression(compression).build());
        assert_eq!(all(&path), expected);
    }
    for compression in [None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)] {
        let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
        let file = File::create(&path).unwrap();
        let mut writer = FileWriter::try_new_with_options(file, &batch.schema(), options.clone()).unwrap();
        writer.write(&batch.slice(0, 3000)).unwrap();
        writer.write(&batch.slice(3000, 2000)).unwrap();
        writer.finish().unwrap();
        assert_eq!(all(&path), expected);

        let file = File::create(&path).unwrap();
        let mut writer = StreamWriter::try_new_with_options(file, &batch.schema(), options).unwrap();
        writer.write(&batch.slice(0, 3000)).unwrap();
        writer.write(&batch.slice(3000, 2000)).unwrap();
        writer.finish().unwrap();
        assert_eq!(all(&path), expected);
    }
}

#[test]
fn what_is_no_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scenes.parquet");
    let of = |bytes: &[u8]| {
        write(&path, bytes).unwrap();
        let message = error(&table(&path));
        assert!(message.contains("scenes.parquet"), "{message}");
        message
    };
    assert!(of(b"").contains("empty"));
    assert!(of(b"id,datetime\n1,2024").contains("not a table"));
    assert!(of(b"PAR1 and then nothing").contains("without its end"));
    assert!(of(b"PAR1xxxxxxxx\xff\xff\xff\x7fPAR1").contains("footer"));
    assert!(of(b"PAR1............PARE").contains("encrypted"));
    assert!(of(b"FEA1............FEA1").contains("Feather"));
    let message = error(&table(&folder.path().join("nothing.parquet")));
    assert!(message.contains("nothing.parquet"), "{message}");
}
