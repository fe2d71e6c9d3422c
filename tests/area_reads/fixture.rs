//! Collections to read from.

use crate::oracle;
use ndarray::Array4;
use rasteret::blocking::Wait;
use rasteret::build::BuildSummary;
use rasteret::local::LocalSource;
use rasteret::output::write_geotiff;
use rasteret::read::{ReadStatistics, Slice};
use rasteret::schema::Geotransform;
use rasteret::{
    AreaArray, Collection, Crs, DataType, Database, Filter, HeaderDescription, PixelArray, PixelValue,
};
use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A database in a folder of its own, with one collection.
pub struct Fixture {
    folder: TempDir,
    database: Database,
    pub summary: BuildSummary,
    pub all: Collection,
}

/// A band of a record, with its header.
pub struct Band {
    pub record: String,
    pub name: String,
    pub header: HeaderDescription,
}

impl Fixture {
    /// The collection of what lies at some paths.
    pub fn of(paths: &[PathBuf]) -> Fixture {
        Fixture::built(tempfile::tempdir().unwrap(), |_| paths.to_vec())
    }

    /// The collection of rasters that are written to the fixture's own folder.
    pub fn of_rasters(rasters: &[Raster]) -> Fixture {
        Fixture::built(tempfile::tempdir().unwrap(), |folder| {
            rasters.iter().for_each(|raster| raster.write(folder));
            vec![folder.to_owned()]
        })
    }

    fn built(folder: TempDir, paths: impl FnOnce(&Path) -> Vec<PathBuf>) -> Fixture {
        let rasters = folder.path().join("rasters");
        std::fs::create_dir(&rasters).unwrap();
        let paths = paths(&rasters);
        let database = Database::open_writable(folder.path().join("areas.rasteret")).unwrap();
        let summary = build(&database, paths, false);
        let all = database.collection("all").unwrap();
        Fixture { folder, database, summary, all }
    }

    /// Builds from the fixture's own folder again.
    pub fn build_again(&self, force: bool) -> BuildSummary {
        build(&self.database, vec![self.folder.path().join("rasters")], force)
    }

    /// Everything of the test data; `None` where there is none.
    pub fn everything() -> Option<Fixture> {
        Fixture::data("")
    }

    /// A file or a folder of the test data.
    pub fn data(name: &str) -> Option<Fixture> {
        Some(Fixture::of(&[oracle::data("cogs")?.join(name)]))
    }

    /// A file in the fixture's own folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("rasters").join(name)
    }

    /// The collection with some records only.
    pub fn records(&self, ids: &[&str]) -> Collection {
        self.all.subset(Filter::new().ids(ids))
    }

    /// All bands of all records.
    pub fn bands(&self) -> Vec<Band> {
        let mut bands = Vec::new();
        for record in rasteret::query::json_rows(&self.all.head(usize::MAX).unwrap()).unwrap() {
            let id = record["id"].as_str().unwrap();
            let Value::Object(assets) = &record["assets"] else { panic!("{record:?}") };
            for name in assets.keys() {
                let header = self.all.header(id, name).unwrap();
                bands.push(Band { record: id.to_owned(), name: name.clone(), header });
            }
        }
        bands
    }
}

fn build(database: &Database, paths: Vec<PathBuf>, force: bool) -> BuildSummary {
    let source = LocalSource::new(paths, database.readers().all().to_vec());
    database.build(source).name("all").force(force).run().wait().unwrap()
}

/// A small raster to be written: pixels of 10 m, north up, each with its own value.
#[derive(Clone)]
pub struct Raster {
    /// Of the file.
    pub name: &'static str,
    pub crs: &'static str,
    /// Upper left corner.
    pub origin: [f64; 2],
    pub pixel: f64,
    pub size: usize,
    pub dtype: DataType,
    pub nodata: Option<PixelValue>,
}

impl Raster {
    /// 40 × 40 pixels in UTM zone 43 north, `uint16`, without nodata.
    pub fn new(name: &'static str) -> Raster {
        let origin = [700_000.0, 1_500_000.0];
        Raster {
            name,
            crs: "EPSG:32643",
            origin,
            pixel: 10.0,
            size: 40,
            dtype: DataType::UInt16,
            nodata: None,
        }
    }

    /// The value of a pixel.
    pub fn value(&self, row: usize, column: usize) -> u8 {
        let of_name = self.name.bytes().fold(0_usize, |sum, byte| sum * 31 % 97 + usize::from(byte));
        ((of_name + row * 7 + column) % 120 + 1) as u8
    }

    pub fn write(&self, folder: &Path) {
        let shape = [1, 1, self.size, self.size];
        macro_rules! pixels {
            ($variant:ident) => {
                PixelArray::$variant(Array4::from_shape_fn(shape, |(_, _, row, column)| {
                    self.value(row, column).into()
                }))
            };
        }
        let pixels = match self.dtype {
            DataType::UInt8 => pixels!(UInt8),
            DataType::UInt16 => pixels!(UInt16),
            DataType::Float32 => pixels!(Float32),
            other => panic!("{other}"),
        };
        let [x, y] = self.origin;
        let array = AreaArray {
            pixels,
            valid: Array4::from_elem(shape, true),
            bands: vec!["B1".to_owned()],
            slices: vec![Slice {
                record_id: String::new(),
                datetime: 0,
                geometry_index: 0,
                transform: Geotransform::new(self.pixel, 0.0, x, 0.0, -self.pixel, y),
            }],
            crs: Crs::new(self.crs),
            nodata: self.nodata,
            statistics: ReadStatistics::default(),
        };
        let mut file = File::create(folder.join(self.name)).unwrap();
        write_geotiff(&array, 0, &mut file).unwrap();
    }
}
