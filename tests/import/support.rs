//! Scenes, databases to import into, and tables to import.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray, StructArray, UInt32Array};
use arrow_schema::DataType;
use arrow_select::concat::concat_batches;
use arrow_select::take::take_record_batch;
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use rasteret::blocking::Wait;
use rasteret::build::BuildSummary;
use rasteret::local::LocalSource;
use rasteret::share::Import;
use rasteret::{Area, AreaArray, Collection, Database, Filter};
use rasteret_geotiff::write::Blocks;
use rasteret_synth::ArchiveOptions;
use rasteret_synth::scene::Band;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// The bands of each scene, in files of their own.
pub const BANDS: [&str; 2] = ["B04", "B08"];

/// A database in a folder of its own.
pub struct Store {
    pub folder: TempDir,
    pub database: Database,
}

impl Store {
    pub fn new() -> Store {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open_writable(folder.path().join("imports.rasteret")).unwrap();
        Store { folder, database }
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// An import of a table under a name.
    pub fn import(&self, table: &Path, name: &str) -> Import {
        self.database.import(text(table)).name(name)
    }

    pub fn collection(&self, name: &str) -> Collection {
        self.database.collection(name).unwrap()
    }
}

/// Scenes with overviews, in a folder `scenes`, and a collection `built` of them.
pub struct Scenes {
    pub store: Store,
    pub built: Collection,
}

impl Scenes {
    pub fn new(count: usize) -> Scenes {
        let store = Store::new();
        let mut options = ArchiveOptions::peers();
        options.scenes.truncate(count);
        options.scenes.iter_mut().for_each(|scene| scene.size = (1024, 1024));
        options.bands = vec![Band::B04, Band::B08];
        options.cog.blocks = Blocks::Tiles { width: 256, height: 256 };
        options.write(store.path("scenes")).unwrap();
        let source = LocalSource::new([store.path("scenes")], store.database.readers().all().to_vec());
        let summary = store.database.build(source).name("built").run().wait().unwrap();
        assert_eq!((summary.headers, summary.failed.len()), (2 * count as u64, 0));
        let built = store.collection("built");
        Scenes { store, built }
    }

    pub fn folder(&self) -> PathBuf {
        self.store.path("scenes")
    }

    /// The files of a band, in the order of the ids.
    pub fn files(&self, band: &str) -> Vec<PathBuf> {
        let ids = self.built.ids().unwrap();
        ids.iter().map(|id| PathBuf::from(self.built.header(id, band).unwrap().href)).collect()
    }

    /// The shared table of all scenes.
    pub fn table(&self) -> RecordBatch {
        let batches = self.built.to_batches(None).unwrap().collect::<Result<Vec<_>, _>>().unwrap();
        concat_batches(&batches[0].schema(), &batches).unwrap()
    }

    /// Rows like the first scene's, with their ids and the hrefs of both bands, which are the first one's file.
    pub fn forged(&self, rows: &[(&str, &str)]) -> RecordBatch {
        let table = take_record_batch(&self.table(), &UInt32Array::from(vec![0; rows.len()])).unwrap();
        let header = table.column_by_name("B04_metadata").unwrap().clone();
        let table = with_column(&table, "B08_metadata", header);
        let hrefs: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(|(_, href)| href)));
        let assets = table.column_by_name("assets").unwrap().as_struct();
        let forged = assets.columns().iter().map(|asset| {
            let asset = asset.as_struct();
            let columns = vec![hrefs.clone(), asset.column(1).clone()];
            Arc::new(StructArray::new(asset.fields().clone(), columns, None)) as ArrayRef
        });
        let assets = StructArray::new(assets.fields().clone(), forged.collect(), None);
        let ids = StringArray::from_iter_values(rows.iter().map(|(id, _)| id));
        with_column(&with_column(&table, "assets", Arc::new(assets)), "id", Arc::new(ids))
    }
}

/// The same batch with another column in the place of one.
pub fn with_column(batch: &RecordBatch, name: &str, column: ArrayRef) -> RecordBatch {
    let (at, field) = batch.schema_ref().column_with_name(name).unwrap();
    let mut fields = batch.schema().fields().to_vec();
    fields[at] = Arc::new(field.clone().with_data_type(column.data_type().clone()));
    let mut columns = batch.columns().to_vec();
    columns[at] = column;
    let schema = arrow_schema::Schema::new_with_metadata(fields, batch.schema().metadata().clone());
    RecordBatch::try_new(Arc::new(schema), columns).unwrap()
}

/// The same batch with another value in a field of a band's headers.
pub fn with_header_field(batch: &RecordBatch, band: &str, field: &str, value: ArrayRef) -> RecordBatch {
    let name = format!("{band}_metadata");
    let headers = batch.column_by_name(&name).unwrap().as_struct();
    let DataType::Struct(fields) = headers.data_type() else { panic!() };
    let mut columns = headers.columns().to_vec();
    columns[fields.find(field).unwrap().0] = value;
    let headers = StructArray::new(fields.clone(), columns, headers.nulls().cloned());
    with_column(batch, &name, Arc::new(headers))
}

/// Writes a table, with texts that describe it.
pub fn write(path: &Path, batch: &RecordBatch, metadata: &[(&str, &str)]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    for (key, value) in metadata {
        writer.append_key_value_metadata(KeyValue::new((*key).to_owned(), (*value).to_owned()));
    }
    writer.close().unwrap();
}

pub fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// Kind and place of what was not taken.
pub fn failures(summary: &BuildSummary) -> Vec<(&str, &str)> {
    summary.failed.iter().map(|failure| (failure.kind.as_str(), failure.href.as_str())).collect()
}

/// A part of a record's bands.
pub fn pixels(collection: &Collection, id: &str) -> rasteret::Result<AreaArray> {
    let record = collection.subset(Filter::new().ids([id]));
    let [west, south, east, north] = record.bounds().unwrap().unwrap();
    let (x, y) = ((west + east) / 2.0, (south + north) / 2.0);
    record.read(Area::bbox([x, y, x + 0.01, y + 0.01])).bands(BANDS).array().wait()
}
