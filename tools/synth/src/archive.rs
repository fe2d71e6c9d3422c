//! Archives: folders of scenes, with the STAC documents that describe them.

use crate::ArchiveError;
use crate::scene::{Band, NODATA, Scene};
use crate::stac;
use chrono::{DateTime, Days, NaiveDate, Utc};
use rasteret_geotiff::write::{
    Blocks, Codec, CogOptions, Image, Predictor, Resampling, WriteError, write_cog,
};
use rasteret_schema::{BandMetadata, ColorInterpretation, PixelValue};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// What an archive consists of.
///
/// ```no_run
/// use rasteret_synth::ArchiveOptions;
///
/// // The scenes of the demonstration, but without clouds.
/// let mut options = ArchiveOptions::demo();
/// options.scenes.iter_mut().for_each(|scene| scene.cloud_cover = 0.0);
/// let archive = options.write("scenes")?;
/// archive.write_catalog(None)?;
/// # Ok::<(), rasteret_synth::ArchiveError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ArchiveOptions {
    /// Id of the STAC collection.
    pub collection: String,
    /// The scenes.
    pub scenes: Vec<Scene>,
    /// The bands of each scene.
    pub bands: Vec<Band>,
    /// How files are written. Their georeference is that of their scene.
    pub cog: CogOptions,
}

/// A place that scenes are taken of.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// Name of the tile in Sentinel-2's grid.
    tile: &'static str,
    zone: u8,
    origin: (f64, f64),
}

const ZONE_43: Place = Place { tile: "43PGQ", zone: 43, origin: (699_960.0, 1_500_000.0) };

/// The same longitudes, seen from the zone to the east: some 4° from its central meridian, where
/// its grid has no squares any more.
const ZONE_44: Place = Place { tile: "44PJV", zone: 44, origin: (50_000.0, 1_500_000.0) };

impl ArchiveOptions {
    /// A small archive: 4 scenes of one tile, one of them at the edge of the swath, with 4 bands of
    /// 1024² pixels in tiles of 256²; some 14 MB.
    pub fn demo() -> Self {
        let cloud_cover = [0.04, 0.0, 0.31, 0.12];
        let mut scenes: Vec<Scene> = (0..)
            .zip(cloud_cover)
            .map(|(index, cloud_cover)| {
                let scene = scene(ZONE_43, date(10 + 90 * index), (1024, 1024), index);
                Scene { cloud_cover, noise: 0.4, ..scene }
            })
            .collect();
        if let Some(last) = scenes.last_mut() {
            last.swath_edge = Some((0.3, 0.1));
        }
        ArchiveOptions { collection: "demo".to_owned(), scenes, bands: Band::ALL.to_vec(), cog: cog(256) }
    }

    /// The archive that reads are compared on: 12 scenes of 2 bands of 4096² pixels in tiles of 1024²,
    /// two thirds in UTM zone 43 and one third in zone 44; some 23 MB a file.
    pub fn peers() -> Self {
        let scenes = (0..12)
            .map(|index| {
                let place = if index % 3 == 2 { ZONE_44 } else { ZONE_43 };
                let scene = scene(place, date(3 + 30 * index), (4096, 4096), index);
                Scene { cloud_cover: f64::from(index as u32 * 5 % 12) / 16.0, noise: 7.5, ..scene }
            })
            .collect();
        ArchiveOptions {
            collection: "peers".to_owned(),
            scenes,
            bands: vec![Band::B04, Band::B08],
            cog: cog(1024),
        }
    }

    /// The archive that the reading of headers is compared on: 2 scenes of 2 bands with as many tiles as those of
    /// Sentinel-2 at 10 m, 121 and four overviews, but tiles of 256²; some 11 MB a file.
    pub fn headers() -> Self {
        let peers = ArchiveOptions::peers();
        let scenes = peers.scenes.into_iter().take(2).map(|scene| Scene { size: (2816, 2816), ..scene });
        ArchiveOptions { collection: "headers".to_owned(), scenes: scenes.collect(), cog: cog(256), ..peers }
    }

    /// Writes `<scene>/<band>.tif` for all scenes and bands below a folder, which is made if needed.
    /// Files that exist are written anew.
    ///
    /// # Errors
    ///
    /// As [`write_cog`], and what the file system returns.
    pub fn write(self, folder: impl Into<PathBuf>) -> Result<Archive, ArchiveError> {
        let archive = Archive { folder: folder.into(), options: self };
        for scene in &archive.options.scenes {
            let folder = archive.folder.join(&scene.id);
            fs::create_dir_all(&folder).map_err(ArchiveError::at(&folder))?;
            let images = scene.render(&archive.options.bands).map_err(ArchiveError::at(&folder))?;
            for (band, image) in archive.options.bands.iter().zip(images) {
                let path = archive.path(scene, *band);
                archive.write_band(scene, *band, &image, &path).map_err(ArchiveError::at(&path))?;
            }
        }
        Ok(archive)
    }
}

/// An archive on disk.
#[derive(Debug, Clone)]
pub struct Archive {
    folder: PathBuf,
    options: ArchiveOptions,
}

impl Archive {
    /// Writes [`ArchiveOptions::demo`] with its catalogue.
    ///
    /// # Errors
    ///
    /// As [`ArchiveOptions::write`].
    pub fn demo(folder: impl Into<PathBuf>) -> Result<Self, ArchiveError> {
        Archive::with_catalog(ArchiveOptions::demo(), folder)
    }

    /// Writes [`ArchiveOptions::peers`] with its catalogue.
    ///
    /// # Errors
    ///
    /// As [`ArchiveOptions::write`].
    pub fn peers(folder: impl Into<PathBuf>) -> Result<Self, ArchiveError> {
        Archive::with_catalog(ArchiveOptions::peers(), folder)
    }

    fn with_catalog(options: ArchiveOptions, folder: impl Into<PathBuf>) -> Result<Self, ArchiveError> {
        let archive = options.write(folder)?;
        archive.write_catalog(None)?;
        Ok(archive)
    }

    /// The folder that all lies in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The scenes.
    pub fn scenes(&self) -> &[Scene] {
        &self.options.scenes
    }

    /// The bands of each scene.
    pub fn bands(&self) -> &[Band] {
        &self.options.bands
    }

    /// The file of a scene's band.
    pub fn path(&self, scene: &Scene, band: Band) -> PathBuf {
        self.folder.join(&scene.id).join(stac::file_name(band))
    }

    /// The items of all scenes. Hrefs are `<base>/<scene>/<band>.tif`: `base` is the archive's URL,
    /// its path, or `.` for a document that lies in the archive's folder.
    pub fn items(&self, base: &str) -> Vec<Value> {
        let base = base.trim_end_matches('/');
        self.options.scenes.iter().map(|scene| self.item(scene, &format!("{base}/{}", scene.id))).collect()
    }

    /// [`Archive::items`] as one document.
    pub fn item_collection(&self, base: &str) -> Value {
        stac::item_collection(self.items(base))
    }

    /// Writes a static catalogue, `catalog.json` → `collection.json` → `<scene>/<scene>.json`, and
    /// `items.json`, which has all items in one. Hrefs of assets start with `base`; without, they are
    /// relative to the document that they stand in. Returns the path of `catalog.json`.
    ///
    /// # Errors
    ///
    /// What the file system returns.
    pub fn write_catalog(&self, base: Option<&str>) -> Result<PathBuf, ArchiveError> {
        let ArchiveOptions { collection, scenes, bands, .. } = &self.options;
        for scene in scenes {
            let folder = base.map(|base| format!("{}/{}", base.trim_end_matches('/'), scene.id));
            let mut item = self.item(scene, folder.as_deref().unwrap_or("."));
            item["links"] = json!([
                stac::link("root", "../catalog.json"),
                stac::link("parent", "../collection.json"),
                stac::link("collection", "../collection.json"),
            ]);
            write_json(&self.folder.join(&scene.id).join(format!("{}.json", scene.id)), &item)?;
        }
        write_json(&self.folder.join("items.json"), &self.item_collection(base.unwrap_or(".")))?;
        write_json(&self.folder.join("collection.json"), &stac::collection(collection, scenes, bands))?;
        let path = self.folder.join("catalog.json");
        write_json(&path, &stac::catalog(collection))?;
        Ok(path)
    }

    fn item(&self, scene: &Scene, folder: &str) -> Value {
        stac::item(scene, &self.options.bands, &self.options.collection, folder)
    }

    fn write_band(
        &self,
        scene: &Scene,
        band: Band,
        image: &Image<u16>,
        path: &Path,
    ) -> Result<(), WriteError> {
        let options = CogOptions {
            transform: Some(scene.transform()),
            geo_keys: Some(scene.geo_keys()),
            bands: vec![BandMetadata {
                description: Some(band.name().to_owned()),
                scale: 1e-4,
                color: ColorInterpretation::Gray,
                ..BandMetadata::default()
            }],
            ..self.options.cog.clone()
        };
        let mut file = BufWriter::new(fs::File::create(path)?);
        write_cog(&options, image, None, &mut file)?;
        Ok(file.flush()?)
    }
}

fn write_json(path: &Path, document: &Value) -> Result<(), ArchiveError> {
    fs::write(path, format!("{document:#}\n")).map_err(ArchiveError::at(path))
}

/// How Sentinel-2's files are published: Deflate with horizontal differences.
fn cog(tile: u32) -> CogOptions {
    CogOptions {
        blocks: Blocks::Tiles { width: tile, height: tile },
        codec: Codec::Deflate { level: 7 },
        predictor: Predictor::Horizontal,
        nodata: Some(PixelValue::Integer(NODATA.into())),
        resampling: Resampling::Average,
        ..CogOptions::default()
    }
}

/// The day of 2024 after so many days.
fn date(days: u64) -> NaiveDate {
    NaiveDate::from_yo_opt(2024, 1)
        .and_then(|first| first.checked_add_days(Days::new(days)))
        .unwrap_or_default()
}

/// A scene of a place, by Sentinel-2's two satellites in turn.
fn scene(place: Place, date: NaiveDate, size: (u32, u32), index: u64) -> Scene {
    let satellite = if index.is_multiple_of(2) { "S2A" } else { "S2B" };
    let datetime: DateTime<Utc> = date.and_hms_opt(5, 20, 10 + index as u32).unwrap_or_default().and_utc();
    Scene {
        id: format!("{satellite}_{}_{}_0_L2A", place.tile, date.format("%Y%m%d")),
        datetime,
        zone: place.zone,
        origin: place.origin,
        size,
        resolution: 10.0,
        seed: 13,
        cloud_cover: 0.0,
        noise: 0.0,
        swath_edge: None,
    }
}
