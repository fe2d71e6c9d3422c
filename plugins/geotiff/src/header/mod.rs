//! Headers from bytes.
//!
//! [`parse`] is a pure function of the bytes that have been fetched so far. It starts from the top
//! each time, and either finishes or says which byte ranges it needs besides: all that it can know of
//! at once, so that few requests do. A cloud-optimized file whose first kilobytes are at hand needs
//! none.
//!
//! | module | what it reads |
//! | --- | --- |
//! | `source` | bytes at hand, and what is still needed |
//! | `tag`, `directory` | image file directories and the values they point at |
//! | `chain` | which directory is the image, which are overviews and masks |
//! | `encoding`, `tiles` | how the samples of an image are encoded, and where its tiles lie |
//! | `bands`, `metadata` | what is known of the bands |
//! | `georeference`, `crs` | where the pixels lie |
//!
//! What a header says is what GDAL 3.10 says about the file, with these exceptions:
//!
//! - half-precision samples stay half-precision;
//! - images whose colours GDAL converts to RGB (CMYK, CIELab) are refused;
//! - sidecar files (`.ovr`, `.msk`, `.aux.xml`, world files) are not looked at;
//! - of a compound CRS only the horizontal part is given;
//! - a registered CRS with another linear unit than it has is refused;
//! - nodata that no pixel can be equal to is left out.

mod bands;
mod chain;
mod crs;
mod directory;
mod encoding;
mod georeference;
mod metadata;
mod source;
mod tag;
mod tiles;

use crate::FORMAT;
use chain::{Chain, Level};
use directory::Directory;
use rasteret_schema::{
    ByteRanges, DataType, Encoding, ImageHeader, ObjectVersion, Parsed, RasterError, RasterHeader,
};
use source::{Needs, Source};
use tag::Tag;
use tiles::Budget;

/// Bytes asked for when nothing is at hand: more than most headers take.
const FIRST_REQUEST: u64 = 16 * 1024;

/// Bytes of a file header, of the larger of its kinds.
const FILE_HEADER: u64 = 16;

/// GDAL does not read larger images.
const MAX_DIMENSION: u64 = i32::MAX as u64;

/// Whether the bytes begin as a TIFF or BigTIFF file does.
pub fn recognizes(start: &[u8]) -> bool {
    matches!(start.get(..4), Some(b"II*\0" | b"MM\0*" | b"II+\0" | b"MM\0+"))
}

/// Parses a header, or asks for the byte ranges that it still needs.
///
/// The ranges are in order and do not touch one another. They end within the file where its size is
/// known. Where it isn't, they may reach beyond the end: the caller then has to learn the size from
/// the short answer, and say it in the next call.
///
/// ```
/// use rasteret_geotiff::header;
/// use rasteret_schema::{ByteRanges, Parsed};
///
/// let nothing = ByteRanges::new(None);
/// assert_eq!(header::parse(&nothing), Ok(Parsed::Needs(vec![0..16384])));
/// ```
///
/// # Errors
///
/// [`RasterError::WrongFormat`] if the bytes do not begin a TIFF file, [`RasterError::CorruptHeader`]
/// if its header contradicts itself or leaves the file, [`RasterError::Unsupported`] if there is no
/// way to read its samples. Overviews and masks that are corrupt or unsupported are left out.
pub fn parse(bytes: &ByteRanges) -> Result<Parsed, RasterError> {
    let source = Source::new(bytes);
    let size = bytes.file_size().unwrap_or(u64::MAX);
    let start = bytes.available(0);
    if (start.len() as u64) < FILE_HEADER.min(size) {
        return Ok(Parsed::Needs(std::iter::once(0..FIRST_REQUEST.min(size)).collect()));
    }
    let (layout, first) = directory::read_file_header(start)?;
    let mut needs = Needs::default();
    match Chain::scan(&source, layout, first, &mut needs)? {
        Some(chain) if needs.is_empty() => Ok(Parsed::Header(Box::new(header(&source, &chain)?))),
        _ => Ok(needs.into_parsed()),
    }
}

/// Puts a header together from directories whose values are all at hand.
fn header(source: &Source<'_>, chain: &Chain) -> Result<RasterHeader, RasterError> {
    let mut images = Images::new(*source);
    let encoding = encoding::read(source, &chain.full.image)?;
    let mut full = images.add(&chain.full.image, &encoding)?;
    full.mask = images.add_mask(&chain.full);
    let mut levels = vec![full];
    for level in &chain.overviews {
        // GDAL leaves out what it cannot open; reads of any level need one data type.
        let of_overview = encoding::read(source, &level.image).ok();
        if let Some(of_overview) = of_overview.filter(|overview| overview.dtype == encoding.dtype)
            && let Ok(mut image) = images.add(&level.image, &of_overview)
        {
            image.mask = images.add_mask(level);
            levels.push(image);
        }
    }
    let directory = &chain.full.image;
    let (mut bands, color_map) = bands::read(source, directory, &encoding)?;
    let georeference = georeference::read(source, directory, &mut bands)?;
    Ok(RasterHeader {
        format: FORMAT.to_owned(),
        georeference,
        nodata: bands::nodata(source, directory, encoding.dtype)?,
        bands,
        color_map,
        encodings: images.encodings,
        images: levels,
        masks: images.masks,
        object: ObjectVersion::default(),
    })
}

/// The images of a header as they are read, with what they share.
struct Images<'a> {
    source: Source<'a>,
    budget: Budget,
    encodings: Vec<Encoding>,
    masks: Vec<ImageHeader>,
}

impl<'a> Images<'a> {
    fn new(source: Source<'a>) -> Self {
        Images { source, budget: Budget::new(), encodings: Vec::new(), masks: Vec::new() }
    }

    fn add(&mut self, directory: &Directory, encoding: &Encoding) -> Result<ImageHeader, RasterError> {
        let dimension = |tag: Tag| match directory.uint(&self.source, tag)?.unwrap_or(0) {
            value @ 1..=MAX_DIMENSION => Ok(value as u32),
            value => Err(RasterError::CorruptHeader(format!("{} is {value}", tag.name()))),
        };
        let (width, height) = (dimension(Tag::ImageWidth)?, dimension(Tag::ImageLength)?);
        let tiles = tiles::read(&self.source, directory, (width, height), encoding, &mut self.budget)?;
        let known = self.encodings.iter().position(|known| known == encoding);
        let index = known.unwrap_or_else(|| {
            self.encodings.push(encoding.clone());
            self.encodings.len() - 1
        });
        Ok(ImageHeader {
            width,
            height,
            tile_width: tiles.width,
            tile_height: tiles.height,
            // There are at most 31 images and as many masks.
            encoding: index as u16,
            mask: None,
            tiles: tiles.table,
        })
    }

    /// Adds the mask of a level, if it has one that is a mask; returns its index.
    fn add_mask(&mut self, level: &Level) -> Option<u16> {
        let directory = level.mask.as_ref()?;
        let encoding = encoding::read(&self.source, directory).ok()?;
        if encoding.dtype != DataType::UInt8 {
            return None;
        }
        let mask = self.add(directory, &encoding).ok()?;
        self.masks.push(mask);
        Some(self.masks.len() as u16 - 1)
    }
}
