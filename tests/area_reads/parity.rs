//! Every band of every file reads as with rasterio, whatever the area.

use crate::compare::{Case, Expected, ask, compare};
use crate::fixture::{Band, Fixture};
use crate::oracle::Random;
use crate::shapes::{KINDS, shape};
use geo_types::Geometry;
use rasteret::blocking::Wait;
use rasteret::crs::Transformer;
use rasteret::crs::vertices::{for_each_vertex, map_vertices};
use rasteret::schema::Geotransform;
use rasteret::{Area, Crs, DataType, PixelValue, ReadRequest};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

/// How far samples of lossy codecs may differ: decoders may round otherwise than libjpeg and libwebp.
const LOSSY: f64 = 2.0;

/// `Compression` of TIFF.
const JPEG: u16 = 7;
const WEBP: u16 = 50001;

/// The bands of a record that lie on one grid.
pub struct Grid<'a> {
    pub bands: Vec<&'a Band>,
}

impl Grid<'_> {
    pub fn header(&self) -> &rasteret::HeaderDescription {
        &self.bands[0].header
    }

    pub fn transform(&self) -> Geotransform {
        let [a, b, c, d, e, f] = self.header().transform.unwrap();
        Geotransform::new(a, b, c, d, e, f)
    }

    pub fn crs(&self) -> Crs {
        Crs::new(self.header().crs.as_deref().unwrap())
    }

    /// Degrees, the raster's own, and another. Not an equal-area one: there the PROJ of rasterio's wheels has a newer
    /// series of the latitude, which moves a vertex by a millimetre, and a pixel of a fine raster with it.
    pub fn systems(&self) -> Vec<Crs> {
        let own = self.crs();
        let other = match own.epsg() {
            Some(3857) => 3395,
            Some(3031) => 3976,
            _ => 3857,
        };
        let mut systems = vec![own.clone(), Crs::from_epsg(other)];
        if own.epsg() != Some(4326) {
            systems.push(Crs::from_epsg(4326));
        }
        systems
    }

    fn has_sparse_tiles(&self) -> bool {
        self.header().image.tile_byte_counts.contains(&0)
    }

    fn tolerance(&self) -> f64 {
        if matches!(self.header().compression, JPEG | WEBP) { LOSSY } else { 0.0 }
    }
}

/// One grid for each file: bands of other files are read with it in [`crate::stacks`].
pub fn grids(bands: &[Band]) -> Vec<Grid<'_>> {
    let mut grids: BTreeMap<&str, Grid> = BTreeMap::new();
    for band in bands {
        grids.entry(&band.header.href).or_insert_with(|| Grid { bands: Vec::new() }).bands.push(band);
    }
    grids.into_values().collect()
}

/// The area in a CRS; `None` where it does not lie in its domain, or is torn apart.
pub fn area(grid: &Grid, pixels: &Geometry<f64>, kind: usize, crs: &Crs) -> Option<Area> {
    let transform = grid.transform();
    let placed = map_vertices(pixels, &mut |pixel| transform.apply(pixel.x, pixel.y).into());
    let geometry = Transformer::new(&grid.crs(), crs).unwrap().geometry(&placed).ok()?;
    let mut bounds = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    for_each_vertex(&geometry, &mut |vertex| {
        bounds = [
            bounds[0].min(vertex.x),
            bounds[1].min(vertex.y),
            bounds[2].max(vertex.x),
            bounds[3].max(vertex.y),
        ];
    });
    let is_degrees = crs.epsg() == Some(4326);
    if is_degrees && (bounds[2] - bounds[0] > 180.0 || bounds[1] < -90.0 || bounds[3] > 90.0) {
        return None;
    }
    // The first kind is a box in every CRS.
    let area = match kind {
        0 => Area::bbox(bounds),
        _ => Area::geometry(geometry),
    };
    let area = area.with_crs(crs.clone());
    area.to_crs(&grid.crs()).ok()?;
    Some(area)
}

fn fill(random: &mut Random, grid: &Grid) -> Option<PixelValue> {
    // rasterio does not say which tiles are sparse.
    if grid.has_sparse_tiles() || random.below(3) != 0 {
        return None;
    }
    let dtype = DataType::from_name(&grid.header().dtype).unwrap();
    Some(if dtype.is_float() { PixelValue::Float(-1.5) } else { PixelValue::Integer(77) })
}

fn case(
    fixture: &Fixture,
    grid: &Grid,
    area: &Area,
    all_touched: bool,
    fill: Option<PixelValue>,
    what: &str,
) -> (Case, ReadRequest) {
    let (header, record) = (grid.header(), &grid.bands[0].record);
    let bands = grid.bands.iter().map(|band| &band.name);
    let mut read = fixture.records(&[record]).read(area.clone()).bands(bands).all_touched(all_touched);
    if let Some(fill) = fill {
        read = read.fill_value(fill);
    }
    let file = Path::new(&header.href);
    let name = file.file_name().unwrap().display();
    let geometry = area.geometries().unwrap().remove(0);
    let case = Case {
        name: format!(
            "{name} ({record}), {what} in {}, all_touched {all_touched}, fill {fill:?}",
            area.crs()
        ),
        file: file.to_owned(),
        bands: grid.bands.iter().map(|band| usize::from(band.header.band_index) + 1).collect(),
        geometry: serde_json::to_value(geojson::Geometry::from(&geometry)).unwrap(),
        crs: area.crs().to_string(),
        all_touched,
        fill: fill.map(PixelValue::as_f64),
        tolerance: grid.tolerance(),
    };
    (case, read)
}

fn cases(fixture: &Fixture, grids: &[Grid]) -> Vec<(Case, ReadRequest)> {
    let mut random = Random(7);
    let mut cases = Vec::new();
    for grid in grids {
        let image = &grid.header().image;
        for crs in grid.systems() {
            for kind in 0..KINDS {
                let pixels = shape(&mut random, kind, image.width, image.height);
                let Some(area) = area(grid, &pixels, kind, &crs) else { continue };
                let fill = fill(&mut random, grid);
                let what = format!("kind {kind}");
                let both = [false, true].map(|touched| case(fixture, grid, &area, touched, fill, &what));
                cases.extend(both);
            }
        }
    }
    cases
}

fn compare_all(cases: Vec<(Case, ReadRequest)>) -> Option<Tally> {
    let (cases, reads): (Vec<Case>, Vec<ReadRequest>) = cases.into_iter().unzip();
    let out = tempfile::tempdir().unwrap();
    let expected = ask(&cases, out.path())?;
    let compared: Vec<Result<usize, String>> = cases
        .par_iter()
        .zip(reads)
        .zip(&expected)
        .map(|((case, read), expected)| compare(&read.array().wait(), case, expected))
        .collect();
    let mut tally = Tally::default();
    for ((case, result), expected) in cases.iter().zip(compared).zip(&expected) {
        tally.add(case, result, expected);
    }
    Some(tally)
}

#[test]
fn areas_read_as_with_rasterio() {
    let Some(fixture) = Fixture::everything() else { return };
    let bands = fixture.bands();
    let grids = grids(&bands);
    let cases = cases(&fixture, &grids);
    let reads = cases.len();
    let Some(tally) = compare_all(cases) else { return };
    println!(
        "{} records, {} bands of {} files, {reads} reads: {} equal arrays of {} samples, {} of nothing, {} unreadable",
        fixture.summary.records,
        bands.len(),
        grids.len(),
        tally.arrays,
        tally.samples,
        tally.nothing,
        tally.unreadable
    );
    assert!(tally.arrays >= grids.len() * 5, "too few areas touch the rasters");
    tally.finish();
}

#[test]
fn areas_across_the_antimeridian_and_around_a_pole() {
    let Some(fixture) = Fixture::everything() else { return };
    let bands = fixture.bands();
    let grids = grids(&bands);
    let grid = |record: &str| grids.iter().find(|grid| grid.bands[0].record == record).unwrap();
    let [west, south, east, north] =
        rasteret::query::json_rows(&fixture.records(&["cog_dateline"]).head(1).unwrap()).unwrap()[0]["bbox"]
            .as_object()
            .map(|bbox| ["xmin", "ymin", "xmax", "ymax"].map(|name| bbox[name].as_f64().unwrap()))
            .unwrap();
    assert!(west > east, "the raster crosses the antimeridian");
    let middle = [south + (north - south) * 0.4, south + (north - south) * 0.5];
    let dateline = [[179.9, -179.9], [179.95, -179.99], [west, east], [179.5, 180.0], [-180.0, -179.9]]
        .map(|[west, east]| ("cog_dateline", [west, middle[0], east, middle[1]]));
    let pole = [[-30.0, -75.0, 30.0, -70.0], [100.0, -72.0, 180.0, -66.0], [-180.0, -89.0, -90.0, -85.0]]
        .map(|bbox| ("bremen_sea_ice_conc_2022_9_9", bbox));
    let cases = dateline.into_iter().chain(pole).flat_map(|(record, bbox)| {
        [false, true].map(|touched| {
            case(&fixture, grid(record), &Area::bbox(bbox), touched, None, &format!("{bbox:?}"))
        })
    });
    let Some(tally) = compare_all(cases.collect()) else { return };
    tally.finish();
    assert_eq!(tally.arrays, 16);
}

#[derive(Default)]
struct Tally {
    arrays: usize,
    samples: usize,
    nothing: usize,
    unreadable: usize,
    different: BTreeMap<String, Vec<String>>,
}

impl Tally {
    fn add(&mut self, case: &Case, result: Result<usize, String>, expected: &Expected) {
        match (result, expected) {
            (Ok(0), Expected::Nothing | Expected::Array { .. }) => self.nothing += 1,
            (Ok(0), Expected::Unreadable { .. }) => self.unreadable += 1,
            (Ok(samples), _) => {
                self.arrays += 1;
                self.samples += samples;
            }
            (Err(difference), _) => {
                let file = case.file.file_name().unwrap().display().to_string();
                self.different.entry(file).or_default().push(format!("{}: {difference}", case.name));
            }
        }
    }

    fn finish(&self) {
        for (file, differences) in &self.different {
            eprintln!("{file}: {} reads differ", differences.len());
            differences.iter().take(4).for_each(|difference| eprintln!("  {difference}"));
        }
        let files: Vec<&str> = self.different.keys().map(String::as_str).collect();
        assert!(files.is_empty(), "reads of {} differ from those of rasterio", files.join(", "));
    }
}
