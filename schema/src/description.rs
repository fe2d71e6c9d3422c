//! A header in words: what `rasteret-db header` prints, and what a binding hands to its users.

use crate::tile_table::MAX_TILES;
use crate::{ArchiveError, ArchivedRasterHeader, ImageView, PixelValue};
use serde::Serialize;

/// One header, as seen from one of its bands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeaderDescription {
    /// The file.
    pub href: String,
    /// Format of the file.
    pub format: String,
    /// Which sample of a pixel the band is, from 0.
    pub band_index: u16,
    /// Samples of a pixel.
    pub samples_per_pixel: u16,
    /// NumPy name of the data type.
    pub dtype: String,
    /// The CRS.
    pub crs: Option<String>,
    /// Geotransform: `[a, b, c, d, e, f]`.
    pub transform: Option<[f64; 6]>,
    /// Value of pixels without data.
    pub nodata: Option<Nodata>,
    /// `Compression` of TIFF.
    pub compression: u16,
    /// `Predictor` of TIFF.
    pub predictor: u16,
    /// `PlanarConfiguration` of TIFF: 1 chunky, 2 planar.
    pub planar_configuration: u8,
    /// `PhotometricInterpretation` of TIFF.
    pub photometric: u16,
    /// Name or description of the band.
    pub description: Option<String>,
    /// Unit of the scaled values.
    pub unit: Option<String>,
    /// Factor from samples to values.
    pub scale: f64,
    /// Added after scaling.
    pub offset: f64,
    /// The image at full resolution.
    pub image: ImageDescription,
    /// Overviews from fine to coarse.
    pub overviews: Vec<ImageDescription>,
    /// Size of the file when the header was parsed.
    pub size: Option<u64>,
    /// Entity tag of the file when the header was parsed.
    pub etag: Option<String>,
    /// Time of the file's last change when the header was parsed, in microseconds since 1970.
    pub last_modified: Option<i64>,
}

/// One image of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImageDescription {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Columns of a tile.
    pub tile_width: u32,
    /// Rows of a tile.
    pub tile_height: u32,
    /// Whether it has a validity mask.
    pub mask: bool,
    /// Offset of each tile in the file; 0 for a sparse tile.
    pub tile_offsets: Vec<u64>,
    /// Bytes of each tile; 0 for a sparse tile.
    pub tile_byte_counts: Vec<u64>,
}

/// A nodata value: JSON has no name for NaN and the infinities, so these are text.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Nodata {
    /// A signed integer.
    Integer(i64),
    /// An integer beyond the range of `i64`.
    Unsigned(u64),
    /// A finite number.
    Float(f64),
    /// `nan`, `inf` or `-inf`.
    Text(String),
}

impl From<PixelValue> for Nodata {
    fn from(value: PixelValue) -> Self {
        match value {
            PixelValue::Integer(value) => Nodata::Integer(value),
            PixelValue::Unsigned(value) => Nodata::Unsigned(value),
            PixelValue::Float(value) if value.is_finite() => Nodata::Float(value),
            PixelValue::Float(_) => Nodata::Text(value.to_string()),
        }
    }
}

impl std::fmt::Display for Nodata {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Nodata::Integer(value) => value.fmt(f),
            Nodata::Unsigned(value) => value.fmt(f),
            Nodata::Float(value) => value.fmt(f),
            Nodata::Text(text) => text.fmt(f),
        }
    }
}

impl HeaderDescription {
    /// Describes a header as seen from one of its samples.
    ///
    /// # Errors
    ///
    /// If the archive is damaged.
    pub fn new(header: &ArchivedRasterHeader, href: &str, band_index: u16) -> Result<Self, ArchiveError> {
        let damaged = |what: &str| ArchiveError::Damaged(what.to_owned());
        let full = header.image(0).ok_or_else(|| damaged("it has no image"))?;
        // Tiles are listed, and a damaged table can claim any number.
        let tiles: u64 = (0..header.images.len())
            .filter_map(|level| Some(u64::from(header.image(level)?.tiles.len())))
            .sum();
        if tiles > u64::from(MAX_TILES) {
            return Err(damaged("it has more tiles than a file may have"));
        }
        let georeference = header.georeference()?;
        let image = |level: usize| {
            let image = header.image(level).ok_or_else(|| damaged("an image has no encoding"))?;
            Ok(ImageDescription::new(&image, header.mask(level).is_some()))
        };
        let band = header.bands.get(usize::from(band_index));
        Ok(HeaderDescription {
            href: href.to_owned(),
            format: header.format.as_str().to_owned(),
            band_index,
            samples_per_pixel: full.samples_per_pixel,
            dtype: full.dtype.to_string(),
            crs: georeference.crs.map(|crs| crs.to_string()),
            transform: georeference.transform.map(|transform| transform.to_array()),
            nodata: header.nodata()?.map(Nodata::from),
            compression: full.compression,
            predictor: full.predictor,
            planar_configuration: if full.planar { 2 } else { 1 },
            photometric: full.photometric,
            description: band.and_then(|band| Some(band.description.as_ref()?.as_str().to_owned())),
            unit: band.and_then(|band| Some(band.unit.as_ref()?.as_str().to_owned())),
            scale: band.map_or(1.0, |band| band.scale.to_native()),
            offset: band.map_or(0.0, |band| band.offset.to_native()),
            image: image(0)?,
            overviews: (1..header.images.len()).map(image).collect::<Result<_, _>>()?,
            size: header.object.size.as_ref().map(|size| size.to_native()),
            etag: header.object.etag.as_ref().map(|etag| etag.as_str().to_owned()),
            last_modified: header.object.last_modified.as_ref().map(|time| time.to_native()),
        })
    }
}

impl ImageDescription {
    fn new(image: &ImageView<'_>, mask: bool) -> Self {
        let ranges: Vec<_> =
            (0..image.tiles.len()).map(|tile| image.tiles.get(tile).unwrap_or(0..0)).collect();
        ImageDescription {
            width: image.width,
            height: image.height,
            tile_width: image.tile_width,
            tile_height: image.tile_height,
            mask,
            tile_offsets: ranges.iter().map(|range| range.start).collect(),
            tile_byte_counts: ranges.iter().map(|range| range.end - range.start).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DataType, Encoding, HeaderArchive, ImageHeader, RasterHeader, TileTable};

    /// A header of images of sparse tiles.
    fn archive(tiles: &[u32]) -> HeaderArchive {
        let image = |tiles: &u32| {
            let sparse = vec![0; *tiles as usize];
            ImageHeader::new([1, *tiles], [1, 1], TileTable::new(&sparse, &sparse))
        };
        let encoding = Encoding::uncompressed(DataType::UInt8);
        let header = RasterHeader::new("test", encoding, tiles.iter().map(image).collect());
        HeaderArchive::new(&header).expect("a header that can be archived")
    }

    #[test]
    fn tiles_are_listed() {
        let archive = archive(&[3, 1]);
        let header = archive.header().expect("an archive");
        let described = HeaderDescription::new(header, "a", 0).expect("few tiles");
        assert_eq!(described.image.tile_offsets, [0; 3]);
        assert_eq!(described.overviews[0].tile_byte_counts, [0]);
    }

    #[test]
    fn tables_that_claim_to_be_large_take_no_memory() {
        // Sparse tables of any length take as many bytes, and differ in their length alone.
        let archive = archive(&[4, 3]);
        let header = archive.header().expect("an archive");
        assert!(HeaderDescription::new(header, "a", 0).is_ok());
        let table = TileTable::new(&[0; 3], &[0; 3]);
        let mut bytes = archive.as_bytes().to_vec();
        let at = bytes.windows(27).position(|bytes| bytes == table.as_bytes()).expect("the second table");
        bytes[at + 3..at + 7].copy_from_slice(&u32::MAX.to_le_bytes());
        let damaged = HeaderArchive::from_bytes(bytes).expect("an archive");
        let header = damaged.header().expect("an archive");
        assert!(matches!(HeaderDescription::new(header, "a", 0), Err(ArchiveError::Damaged(_))));
    }
}
