//! What an import asks of a server.

use crate::bucket;
use crate::support::{Scenes, Store, write};
use rasteret::blocking::Wait;
use rasteret_serve::{Options, Server};
use s3s::S3Result;
use s3s::access::{S3Access, S3AccessContext};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const FILES: usize = 4;

/// Counts operations by their names.
#[derive(Clone, Default)]
struct Counter(Arc<Mutex<BTreeMap<String, u64>>>);

impl Counter {
    fn take(&self) -> BTreeMap<String, u64> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[async_trait::async_trait]
impl S3Access for Counter {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        *self.0.lock().unwrap().entry(context.s3_op().name().to_owned()).or_default() += 1;
        Ok(())
    }
}

/// Each file of an export is opened once, for what it says of itself and for its records; all are listed once.
#[test]
fn footers_are_read_once() {
    let scenes = Scenes::new(FILES);
    let bucket = scenes.store.path("buckets/shared");
    // The server cannot give the end of a file that is shorter than what is asked for.
    let padding = "x".repeat(100_000);
    let table = scenes.table();
    for row in 0..FILES {
        write(&bucket.join(format!("field/{row}.parquet")), &table.slice(row, 1), &[("padding", &padding)]);
    }
    write(&bucket.join("one.parquet"), &table, &[("padding", &padding)]);
    let counter = Counter::default();
    let folder = scenes.store.path("buckets");
    let (sources, _runtime) = bucket::buckets(&folder, |builder| builder.set_access(counter.clone()));
    let store = Store::new();
    let database = store.database.clone().with_sources(sources);
    let import = database.import("s3://shared/field/").name("s3").allow_local(scenes.folder());
    assert_eq!(import.run().wait().unwrap().records, FILES as u64);
    let asked = counter.take();
    // The end of a file tells its size too; then it is read whole.
    let expected =
        [("GetObject", 2 * FILES as u64), ("ListObjectsV2", 1)].map(|(name, count)| (name.to_owned(), count));
    assert_eq!(asked, expected.into());

    let server = Server::start(&bucket, Options::default()).unwrap();
    let import = store.database.import(server.url("one.parquet")).name("http").allow_local(scenes.folder());
    assert_eq!(import.run().wait().unwrap().records, FILES as u64);
    assert_eq!(server.stats().requests, 2);
}
