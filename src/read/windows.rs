//! Which tiles of which files a set of windows needs. Pure: no I/O, no pixels.
//!
//! In: windows, each of one band at one level of resolution. Out: the files, each with its tiles in the
//! order of their bytes, a tile that several windows share once; and of each window, what is to be known
//! once its tiles are there.

use super::band::SceneBand;
use super::plan::{Placement, Target, TilePlan, plan_image};
use crate::error::{Error, Location, Result};
use crate::readers::Readers;
use rasteret_schema::header::ColorInterpretation;
use rasteret_schema::{
    ArchivedRasterHeader, DataType, ImageView, PixelValue, RasterError, RasterReader, Window,
};
use std::collections::HashMap;
use std::sync::Arc;

/// Pixels that are wanted: a window of one band at one level.
#[derive(Debug, Clone)]
pub struct WindowRequest {
    /// Of which raster.
    pub band: Arc<SceneBand>,
    /// Level of resolution: 0 is full, others are overviews.
    pub level: usize,
    /// Pixels of the image at that level.
    pub window: Window,
    /// Value of pixels that the file has no tile for.
    pub fill: PixelValue,
    /// Whether pixels of the nodata value have to be found: who looks at few of them finds out faster.
    pub finds_nodata: bool,
}

/// What to fetch and decode.
pub struct ReadPlan {
    /// The files, in the order of the windows that first need them.
    pub files: Vec<FilePlan>,
    /// One for each request.
    pub windows: Vec<WindowPlan>,
}

/// The tiles to read of one file.
pub struct FilePlan {
    /// A band of the file: its header, and where it is.
    pub band: Arc<SceneBand>,
    /// Decodes the tiles.
    pub reader: Arc<dyn RasterReader>,
    /// In the order of their bytes.
    pub tiles: Vec<FileTile>,
}

/// A tile of one of a file's images.
pub struct FileTile {
    /// The image.
    pub image: Image,
    /// What is wanted of the tile. Planes are numbered by [`plane_of`].
    pub tile: TilePlan,
}

impl FileTile {
    /// Bytes of what is wanted of the tile, about: a mask has samples of its own size.
    pub fn decoded_len(&self, band: &SceneBand) -> u64 {
        let TilePlan { rows, columns, samples, .. } = &self.tile;
        rows.len() as u64 * columns.len() as u64 * samples.len() as u64 * band.dtype.size() as u64
    }
}

/// One of the images of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Image {
    /// Pixels, by level.
    Pixels(usize),
    /// The validity mask, by level.
    Mask(usize),
}

impl Image {
    /// The image in the file's header.
    pub fn view(self, header: &ArchivedRasterHeader) -> Option<ImageView<'_>> {
        match self {
            Image::Pixels(level) => header.image(level),
            Image::Mask(level) => header.mask(level),
        }
    }
}

/// What is known of a window besides its tiles.
#[derive(Debug)]
pub struct WindowPlan {
    /// Type of the samples.
    pub dtype: DataType,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// The raster's nodata value, where its data type has it.
    pub nodata: Option<PixelValue>,
    /// Value of sparse tiles.
    pub fill: PixelValue,
    /// Whether pixels of the nodata value have to be found.
    pub finds_nodata: bool,
    /// Type of the samples of the mask or alpha band that say which pixels are valid, if there is one.
    pub validity: Option<DataType>,
    /// Parts of the window that fall on sparse tiles.
    pub sparse: Vec<Window>,
    /// How many tiles are copied to the window and its validity, those of [`sparse`](Self::sparse) not
    /// counted.
    pub tiles: usize,
}

/// What a plane of a tile's uses holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plane {
    /// Samples of a window.
    Pixels(usize),
    /// Samples of the mask or alpha band that belong to a window.
    Validity(usize),
}

/// What the number of a plane in a [`FileTile`] stands for.
pub fn plane_of(number: usize) -> Plane {
    if number.is_multiple_of(2) { Plane::Pixels(number / 2) } else { Plane::Validity(number / 2) }
}

fn number_of(plane: Plane) -> usize {
    match plane {
        Plane::Pixels(window) => 2 * window,
        Plane::Validity(window) => 2 * window + 1,
    }
}

/// Plans the reads of all windows.
///
/// # Errors
///
/// If a header is damaged or does not have the level, or no reader knows its format.
pub fn plan_windows(requests: &[WindowRequest], readers: &Readers) -> Result<ReadPlan> {
    // Two records may name one file, and know different versions of it: each is read by its own header.
    let mut numbers: HashMap<(&str, &[u8]), usize> = HashMap::new();
    let mut by_file: Vec<(&Arc<SceneBand>, Vec<usize>)> = Vec::new();
    for (index, request) in requests.iter().enumerate() {
        let key = (request.band.href.as_str(), request.band.header.archive());
        let file = *numbers.entry(key).or_insert_with(|| {
            by_file.push((&request.band, Vec::new()));
            by_file.len() - 1
        });
        by_file[file].1.push(index);
    }
    let mut windows: Vec<Option<WindowPlan>> = Vec::new();
    windows.resize_with(requests.len(), || None);
    let files = by_file
        .into_iter()
        .map(|(band, of_file)| plan_file(band, &of_file, requests, readers, &mut windows))
        .collect::<Result<_>>()?;
    Ok(ReadPlan { files, windows: windows.into_iter().flatten().collect() })
}

fn plan_file(
    band: &Arc<SceneBand>,
    of_file: &[usize],
    requests: &[WindowRequest],
    readers: &Readers,
    windows: &mut [Option<WindowPlan>],
) -> Result<FilePlan> {
    let location = &band.location;
    let header = band.header.get()?;
    let reader = reader_of(header, readers, location)?;
    let mut targets: Vec<(Image, Target)> = Vec::new();
    for &index in of_file {
        let WindowRequest { band, level, window, fill, finds_nodata } = &requests[index];
        let image = header.image(*level).ok_or_else(|| no_image(location, *level))?;
        let target = |plane, sample| Target { plane: number_of(plane), sample, window: *window };
        targets.push((Image::Pixels(*level), target(Plane::Pixels(index), band.sample)));
        // What GDAL takes as the mask of a band: the file's mask, else its nodata value, else its
        // alpha band (GDALRasterBand::GetMaskBand).
        let validity = if let Some(mask) = header.mask(*level) {
            targets.push((Image::Mask(*level), target(Plane::Validity(index), 0)));
            Some(mask.dtype)
        } else if let Some(alpha) = alpha_sample(header, image.dtype)
            && alpha != band.sample
            && band.nodata.is_none()
        {
            targets.push((Image::Pixels(*level), target(Plane::Validity(index), alpha)));
            Some(image.dtype)
        } else {
            None
        };
        windows[index] = Some(WindowPlan {
            dtype: image.dtype,
            width: window.width,
            height: window.height,
            nodata: band.nodata,
            fill: *fill,
            finds_nodata: *finds_nodata,
            validity,
            sparse: Vec::new(),
            tiles: 0,
        });
    }
    targets.sort_by_key(|(image, _)| *image);
    let mut tiles = Vec::new();
    for of_image in targets.chunk_by(|(a, _), (b, _)| a == b) {
        let image = of_image[0].0;
        let view = image.view(header).ok_or_else(|| no_image(location, 0))?;
        let targets: Vec<Target> = of_image.iter().map(|(_, target)| *target).collect();
        let plan = plan_image(&view, &targets);
        for Placement { plane, window } in plan.sparse {
            // A sparse tile of a mask or an alpha band leaves its zeros: not valid.
            if let Plane::Pixels(index) = plane_of(plane)
                && let Some(plan) = &mut windows[index]
            {
                plan.sparse.push(window);
            }
        }
        for tile in plan.tiles {
            for tile_use in &tile.uses {
                let (Plane::Pixels(index) | Plane::Validity(index)) = plane_of(tile_use.to.plane);
                if let Some(plan) = &mut windows[index] {
                    plan.tiles += 1;
                }
            }
            tiles.push(FileTile { image, tile });
        }
    }
    tiles.sort_by_key(|tile| tile.tile.bytes.start);
    Ok(FilePlan { band: Arc::clone(band), reader, tiles })
}

fn reader_of(
    header: &ArchivedRasterHeader,
    readers: &Readers,
    location: &Location,
) -> Result<Arc<dyn RasterReader>> {
    readers.for_format(header.format.as_str()).cloned().ok_or_else(|| Error::Raster {
        location: Box::new(location.clone()),
        source: RasterError::Unsupported {
            tag: "format",
            value: header.format.as_str().to_owned(),
            hint: "this build has no reader for it",
        },
    })
}

/// The alpha band that GDAL takes as the mask of the others: the last of two bands or four, of 8 bits or 16.
pub fn alpha_sample(header: &ArchivedRasterHeader, dtype: DataType) -> Option<u16> {
    let last = match header.bands.len() {
        2 => 1,
        4 => 3,
        _ => return None,
    };
    let is_alpha = header.bands.get(usize::from(last))?.color == ColorInterpretation::Alpha;
    (is_alpha && matches!(dtype, DataType::UInt8 | DataType::UInt16)).then_some(last)
}

fn no_image(location: &Location, level: usize) -> Error {
    let source = RasterError::CorruptHeader(format!("it has no image at level {level}"));
    Error::Raster { location: Box::new(location.clone()), source }
}
