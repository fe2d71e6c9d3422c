//! Which tiles a read needs, and where each pixel of them goes. Pure: no I/O, no pixels.
//!
//! In: windows of one image, each for one sample and one output plane. Out: every tile that these
//! windows touch, once, with the union of what is wanted of it and the list of places to copy to.

use rasteret_schema::{ImageView, Window};
use std::collections::BTreeMap;
use std::ops::Range;

/// A window of one sample of an image, wanted in one output plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Index of the output plane. Its size is the window's.
    pub plane: usize,
    /// Sample of the image.
    pub sample: u16,
    /// Pixels of the image.
    pub window: Window,
}

/// What is wanted of one encoded tile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TilePlan {
    /// Index in the image's tile table.
    pub tile: u32,
    /// Bytes of the file.
    pub bytes: Range<u64>,
    /// Rows of the tile that some use needs.
    pub rows: Range<u32>,
    /// Columns of the tile that some use needs.
    pub columns: Range<u32>,
    /// Samples within the tile that some use needs, ascending.
    pub samples: Vec<u16>,
    /// Where the decoded pixels go.
    pub uses: Vec<TileUse>,
}

/// A rectangle of a decoded tile, and where it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TileUse {
    /// Index into [`TilePlan::samples`].
    pub sample: usize,
    /// Where the rectangle lies within the decoded rows and columns.
    pub from: Window,
    /// Where it goes.
    pub to: Placement,
}

/// A rectangle of an output plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    /// Index of the output plane.
    pub plane: usize,
    /// Rectangle of the plane.
    pub window: Window,
}

/// The tiles that targets of one image need.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImagePlan {
    /// Tiles in the order of their bytes.
    pub tiles: Vec<TilePlan>,
    /// What falls on sparse tiles, which have no bytes.
    pub sparse: Vec<Placement>,
}

/// Plans the tiles of one image. Windows must lie within the image; what does not is left out.
pub fn plan_image(image: &ImageView<'_>, targets: &[Target]) -> ImagePlan {
    let mut tiles: BTreeMap<u32, Vec<Piece>> = BTreeMap::new();
    let mut plan = ImagePlan::default();
    let whole = Window::new(0, 0, image.width, image.height);
    for target in targets {
        let Some(window) = target.window.intersection(&whole) else { continue };
        for tile_row in window.row / image.tile_height..window.row_end().div_ceil(image.tile_height) {
            for tile_column in
                window.column / image.tile_width..window.column_end().div_ceil(image.tile_width)
            {
                let Some(tile) = image.tile_index(tile_column, tile_row, target.sample) else { continue };
                let origin = (tile_column * image.tile_width, tile_row * image.tile_height);
                let extent = Window::new(
                    origin.0,
                    origin.1,
                    image.tile_width.min(image.width - origin.0),
                    image.tile_height.min(image.height - origin.1),
                );
                let Some(part) = window.intersection(&extent) else { continue };
                let to = Placement {
                    plane: target.plane,
                    window: Window {
                        column: part.column - target.window.column,
                        row: part.row - target.window.row,
                        ..part
                    },
                };
                if image.tiles.get(tile).is_none() {
                    plan.sparse.push(to);
                    continue;
                }
                let from = Window { column: part.column - origin.0, row: part.row - origin.1, ..part };
                let sample = if image.planar { 0 } else { target.sample };
                tiles.entry(tile).or_default().push(Piece { sample, from, to });
            }
        }
    }
    plan.tiles = tiles
        .into_iter()
        .filter_map(|(tile, pieces)| Some(merge(tile, image.tiles.get(tile)?, &pieces)))
        .collect();
    plan.tiles.sort_by_key(|tile| tile.bytes.start);
    plan
}

/// A target's share of one tile, in the tile's own pixels.
struct Piece {
    sample: u16,
    from: Window,
    to: Placement,
}

fn merge(tile: u32, bytes: Range<u64>, pieces: &[Piece]) -> TilePlan {
    let least = |of: fn(&Window) -> u32| pieces.iter().map(|piece| of(&piece.from)).min().unwrap_or(0);
    let greatest = |of: fn(&Window) -> u32| pieces.iter().map(|piece| of(&piece.from)).max().unwrap_or(0);
    let rows = least(|w| w.row)..greatest(|w| w.row_end());
    let columns = least(|w| w.column)..greatest(|w| w.column_end());
    let mut samples: Vec<u16> = pieces.iter().map(|piece| piece.sample).collect();
    samples.sort_unstable();
    samples.dedup();
    let uses = pieces
        .iter()
        .map(|piece| TileUse {
            sample: samples.partition_point(|sample| *sample < piece.sample),
            from: Window {
                column: piece.from.column - columns.start,
                row: piece.from.row - rows.start,
                ..piece.from
            },
            to: piece.to,
        })
        .collect();
    TilePlan { tile, bytes, rows, columns, samples, uses }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rasteret_schema::{DataType, Encoding, HeaderArchive, ImageHeader, RasterHeader, TileTable};

    fn header(width: u32, height: u32, tile: u32, samples: u16, planar: bool, sparse: bool) -> HeaderArchive {
        HeaderArchive::new(&raster(width, height, tile, samples, planar, sparse)).unwrap()
    }

    fn raster(width: u32, height: u32, tile: u32, samples: u16, planar: bool, sparse: bool) -> RasterHeader {
        let planes = if planar { u32::from(samples) } else { 1 };
        let tiles = width.div_ceil(tile) * height.div_ceil(tile) * planes;
        let counts: Vec<u64> = (0..tiles).map(|i| if sparse && i % 3 == 1 { 0 } else { 100 }).collect();
        let offsets: Vec<u64> = (0..tiles).map(|i| u64::from(1000 + i * 108)).collect();
        let encoding =
            Encoding { samples_per_pixel: samples, planar, ..Encoding::uncompressed(DataType::UInt8) };
        let image = ImageHeader::new([width, height], [tile, tile], TileTable::new(&offsets, &counts));
        RasterHeader::new("test", encoding, vec![image])
    }

    #[test]
    fn images_and_tiles_without_pixels_are_not_in_any_archive() {
        let whole = raster(100, 100, 64, 1, false, false);
        for change in
            [|image: &mut ImageHeader| image.width = 0, |image: &mut ImageHeader| image.tile_height = 0]
        {
            let mut header = whole.clone();
            change(&mut header.images[0]);
            assert!(HeaderArchive::new(&header).is_err());
        }
    }

    #[test]
    fn a_tile_that_two_bands_share_is_planned_once() {
        let archive = header(100, 100, 64, 3, false, false);
        let image = archive.header().unwrap().image(0).unwrap();
        let window = Window::new(10, 10, 20, 20);
        let targets = [Target { plane: 0, sample: 2, window }, Target { plane: 1, sample: 0, window }];
        let plan = plan_image(&image, &targets);
        assert_eq!(plan.tiles.len(), 1);
        assert_eq!(plan.tiles[0].samples, [0, 2]);
        assert_eq!(plan.tiles[0].uses.iter().map(|tile_use| tile_use.sample).collect::<Vec<_>>(), [1, 0]);
    }

    proptest! {
        /// Every pixel of every target is written exactly once, from the right place.
        #[test]
        fn every_pixel_comes_from_its_place(
            width in 1u32..90, height in 1u32..90, tile in 1u32..40, planar: bool, sparse: bool,
            windows in prop::collection::vec((0u32..90, 0u32..90, 1u32..90, 1u32..90, 0u16..3), 1..4),
        ) {
            let archive = header(width, height, tile, 3, planar, sparse);
            let image = archive.header().unwrap().image(0).unwrap();
            let whole = Window::new(0, 0, width, height);
            let targets: Vec<Target> = windows
                .into_iter()
                .filter_map(|(column, row, w, h, sample)| {
                    Window::new(column, row, w, h).intersection(&whole).map(|window| (window, sample))
                })
                .enumerate()
                .map(|(plane, (window, sample))| Target { plane, sample, window })
                .collect();
            let plan = plan_image(&image, &targets);
            let mut written: Vec<Vec<Option<(u32, u32, u16)>>> =
                targets.iter().map(|target| vec![None; target.window.pixels() as usize]).collect();
            let mut times: Vec<Vec<u8>> = written.iter().map(|plane| vec![0; plane.len()]).collect();
            let across = image.tiles_across();
            for tile in &plan.tiles {
                prop_assert!(tile.rows.end <= image.tile_height && tile.columns.end <= image.tile_width);
                let plane_tiles = across * image.tiles_down();
                let (in_plane, plane) = (tile.tile % plane_tiles, tile.tile / plane_tiles);
                let (origin_column, origin_row) = (in_plane % across * image.tile_width, in_plane / across * image.tile_height);
                for tile_use in &tile.uses {
                    let stride = targets[tile_use.to.plane].window.width;
                    for row in 0..tile_use.from.height {
                        for column in 0..tile_use.from.width {
                            let at = ((tile_use.to.window.row + row) * stride + tile_use.to.window.column + column) as usize;
                            let sample = if planar { plane as u16 } else { tile.samples[tile_use.sample] };
                            written[tile_use.to.plane][at] = Some((
                                origin_column + tile.columns.start + tile_use.from.column + column,
                                origin_row + tile.rows.start + tile_use.from.row + row,
                                sample,
                            ));
                            times[tile_use.to.plane][at] += 1;
                        }
                    }
                }
            }
            for placement in &plan.sparse {
                let stride = targets[placement.plane].window.width;
                for row in placement.window.row..placement.window.row_end() {
                    for column in placement.window.column..placement.window.column_end() {
                        times[placement.plane][(row * stride + column) as usize] += 1;
                    }
                }
            }
            for (target, (written, times)) in targets.iter().zip(written.iter().zip(&times)) {
                for (i, source) in written.iter().enumerate() {
                    prop_assert_eq!(times[i], 1);
                    if let Some(source) = source {
                        let (row, column) = (i as u32 / target.window.width, i as u32 % target.window.width);
                        prop_assert_eq!(*source, (target.window.column + column, target.window.row + row, target.sample));
                    }
                }
            }
        }
    }
}
