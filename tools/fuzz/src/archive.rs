//! Archives of any bytes: what can be accessed can be walked to its last tile.

use rasteret_schema::tile_table::MAX_TILES;
use rasteret_schema::{
    ArchivedRasterHeader, HeaderArchive, HeaderDescription, ImageView, RasterHeader, archive,
};

/// Tiles looked at in each image, from its first and up to its last.
const TILES: u32 = 256;

/// Headers of more tiles are not described: that takes time, and shows nothing new.
const DESCRIBED: u64 = 1 << 12;

/// Accesses an archive, and what can be reached through it.
pub fn check(bytes: &[u8]) {
    let Ok(header) = archive::access(bytes) else { return };
    walk(header);
    if let Ok(header) = header.to_header() {
        rearchive(&header);
    }
}

/// Reaches everything in an accessible archive.
pub fn walk(header: &ArchivedRasterHeader) {
    for level in 0..header.images.len() {
        if let Some(image) = header.image(level) {
            tiles(&image);
        }
        if let Some(mask) = header.mask(level) {
            tiles(&mask);
        }
    }
    assert!(header.image(header.images.len()).is_none());
    if let Ok(georeference) = header.georeference() {
        let _ = georeference.grid().map(|(transform, crs)| (transform.inverse(), crs.to_string()));
    }
    let _ = header.nodata();
    let lens = (0..header.images.len()).filter_map(|level| Some(u64::from(header.image(level)?.tiles.len())));
    // In between, a description is large, but not too large.
    match lens.sum() {
        0..=DESCRIBED => {
            for band in [0, 1, u16::MAX] {
                let _ = HeaderDescription::new(header, "file:///raster.tif", band);
            }
        }
        tiles if tiles > u64::from(MAX_TILES) => {
            assert!(HeaderDescription::new(header, "file:///raster.tif", 0).is_err(), "{tiles} tiles");
        }
        _ => {}
    }
}

/// A header that came out of an archive goes into one, and comes out the same.
fn rearchive(header: &RasterHeader) {
    let Ok(archive) = HeaderArchive::new(header) else { return };
    let again = archive.header().and_then(|header| header.to_header()).expect("it has just been archived");
    // By their archives: nodata may be NaN.
    assert_eq!(HeaderArchive::new(&again).as_ref(), Ok(&archive));
}

fn tiles(image: &ImageView<'_>) {
    let len = image.tiles.len();
    for tile in (0..len.min(TILES)).chain(len.saturating_sub(TILES)..len) {
        if let Some(range) = image.tiles.get(tile) {
            assert!(range.start <= range.end, "tile {tile} is at {range:?}");
        }
        let _ = (image.tile_row(tile), image.encoded_rows(tile));
    }
    assert!(image.tiles.get(len).is_none());
    let (across, down) = (image.tiles_across(), image.tiles_down());
    for (column, row) in [(0, 0), (across / 2, down / 2), (across.wrapping_sub(1), down.wrapping_sub(1))] {
        for sample in [0, image.samples_per_pixel.wrapping_sub(1)] {
            let index = image.tile_index(column, row, sample);
            assert!(index.is_none_or(|index| index < len), "{index:?} of {len} tiles");
        }
    }
    assert_eq!(image.tile_index(across, 0, 0), None);
    assert_eq!(image.tile_index(0, down, 0), None);
}
