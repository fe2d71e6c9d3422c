//! Files of all formats, and what is none.

use crate::support::{error, records, scenes, table, text, write_parquet};
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_cast::cast;
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use arrow_schema::DataType;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use rasteret_schema::{Record, Selection, SourceAdapter};
use rasteret_table::TableSource;
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

/// A stream may have other dictionaries from one batch to the next.
#[test]
fn dictionaries_that_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scenes.arrows");
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let batch = |names: [&str; 3]| {
        let column = |values: [&str; 3]| cast(&text(values), &dictionary).unwrap();
        RecordBatch::try_from_iter([
            ("id", column(names)),
            ("datetime", column(["2024-01-01"; 3])),
            ("href", column(["a.tif", "b.tif", "c.tif"])),
            ("platform", column(names)),
        ])
        .unwrap()
    };
    let batches = [batch(["a", "b", "c"]), batch(["d", "e", "f"]), batch(["g", "h", "i"])];
    let mut writer = StreamWriter::try_new(File::create(&path).unwrap(), &batches[0].schema()).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.finish().unwrap();
    let ids: Vec<String> = all(&path).into_iter().map(|record| record.id).collect();
    assert_eq!(ids, ["a", "b", "c", "d", "e", "f", "g", "h", "i"]);
    let source = table(&path).href_column("href");
    let read = crate::support::batches(&source, &Selection::default()).unwrap();
    let platforms = read.iter().map(|batch| batch.records.column_by_name("platform").unwrap());
    let platforms: Vec<_> = platforms.map(|column| cast(column, &DataType::Utf8).unwrap()).collect();
    let platforms: Vec<&str> =
        platforms.iter().flat_map(|column| column.as_string::<i32>().iter().flatten()).collect();
    assert_eq!(platforms, ids);

    // Without its end, and without its marker of the end.
    let bytes = std::fs::read(&path).unwrap();
    write(&path, &bytes[..bytes.len() - 20]).unwrap();
    assert!(error(&source).contains("copy it again"));
    write(&path, &bytes[..bytes.len() - 8]).unwrap();
    assert_eq!(all(&path).len(), 9);
}

#[test]
fn fingerprints_change_with_what_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scenes.parquet");
    write_parquet(&path, &scenes(10), WriterProperties::default());
    let source = table(&path).href_column("href");
    let first = source.fingerprint().unwrap();
    assert_eq!(source.clone().fingerprint().unwrap(), first);
    assert_ne!(source.clone().only_bands(["href"]).fingerprint().unwrap(), first);
    write_parquet(&path, &scenes(11), WriterProperties::default());
    assert_ne!(source.fingerprint().unwrap(), first);
    assert!(table(&folder.path().join("nothing")).fingerprint().is_err());

    let memory = |count| TableSource::from_batches("memory", scenes(1).schema(), vec![scenes(count)]);
    assert_eq!(memory(5).fingerprint().unwrap(), memory(5).fingerprint().unwrap());
    assert_ne!(memory(5).fingerprint().unwrap(), memory(6).fingerprint().unwrap());

    // Of a remote table there is nothing to know without asking; and nothing secret to tell.
    let remote = table(Path::new("https://me:secret@h/a.parquet?sig=abc"));
    assert_eq!(remote.description(), "https://h/a.parquet");
    let fingerprint = remote.fingerprint().unwrap();
    assert!(!fingerprint.contains("secret") && !format!("{remote:?}").contains("secret"));
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
