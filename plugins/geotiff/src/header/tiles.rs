//! Where the tiles of an image lie: sizes, offsets and byte counts, checked and repaired as libtiff
//! does it (`tif_dirread.c`).

use super::directory::Directory;
use super::encoding::{UNCOMPRESSED, is_tiled};
use super::source::Source;
use super::tag::Tag;
use rasteret_schema::tile_table::MAX_TILES;
use rasteret_schema::{Encoding, RasterError, TileTable};

/// Tiles that a table may lack: libtiff takes these for sparse, but only up to this many.
const MAX_PADDING: u64 = 1_000_000;

/// Bytes of a decoded tile.
const MAX_TILE_SIZE: u64 = 1 << 30;

/// Rows of an uncompressed image in one strip are taken together up to this size
/// (`STRIP_SIZE_DEFAULT`).
const STRIP_SIZE: u64 = 8192;

/// How many more tiles a header may have.
#[derive(Debug)]
pub(super) struct Budget {
    tiles: u64,
}

impl Budget {
    pub fn new() -> Self {
        Budget { tiles: MAX_TILES.into() }
    }

    fn take(&mut self, tiles: u64) -> Result<(), RasterError> {
        self.tiles = self.tiles.checked_sub(tiles).ok_or_else(|| RasterError::Unsupported {
            tag: "TileOffsets",
            value: format!("an array of {tiles}: the file has more than {MAX_TILES} tiles"),
            hint: "rewrite the file with larger tiles, for instance with `gdal_translate -of COG`",
        })?;
        Ok(())
    }
}

/// The tiles of an image.
#[derive(Debug)]
pub(super) struct Tiles {
    pub width: u32,
    pub height: u32,
    pub table: TileTable,
}

/// An image cut in tiles, whose places are not known yet.
#[derive(Debug, Clone, Copy)]
struct Grid {
    image_width: u32,
    image_height: u32,
    tile_width: u32,
    tile_height: u32,
    /// Tiles of different samples at the same place.
    planes: u64,
    /// Bits of a pixel in a tile.
    pixel_bits: u64,
}

impl Grid {
    fn tiles(&self) -> u64 {
        let across = self.image_width.div_ceil(self.tile_width);
        let down = self.image_height.div_ceil(self.tile_height);
        (u64::from(across) * u64::from(down)).saturating_mul(self.planes)
    }

    /// Bytes of an uncompressed row of a tile.
    fn row_size(&self) -> u64 {
        (u64::from(self.tile_width) * self.pixel_bits).div_ceil(8)
    }
}

/// Reads the tile table of an image of the given size.
///
/// # Errors
///
/// If the sizes or the tables contradict one another, or leave the limits.
pub(super) fn read(
    source: &Source<'_>,
    directory: &Directory,
    (width, height): (u32, u32),
    encoding: &Encoding,
    budget: &mut Budget,
) -> Result<Tiles, RasterError> {
    let mut grid = grid(source, directory, (width, height), encoding)?;
    let tiles = grid.tiles();
    budget.take(tiles)?;
    let offsets_tag = present(directory, [Tag::TileOffsets, Tag::StripOffsets]).ok_or_else(|| {
        let name = if encoding.striped { "StripOffsets" } else { "TileOffsets" };
        RasterError::CorruptHeader(format!("{name} is missing"))
    })?;
    let mut offsets = padded(source, directory, offsets_tag, tiles)?;
    let mut counts = match present(directory, [Tag::TileByteCounts, Tag::StripByteCounts]) {
        Some(tag) => padded(source, directory, tag, tiles)?,
        None => Vec::new(),
    };
    if counts.is_empty() || is_wrong(&grid, encoding, &offsets, &counts, source.file_size()) {
        counts = estimated(&grid, encoding, &offsets, source.file_size())?;
    }
    if let ([offset], [count], Some(rows)) = (&offsets[..], &counts[..], rows_to_chop(&grid, encoding)) {
        let strips = u64::from(height.div_ceil(rows));
        let is_in_file = source.file_size().is_some_and(|size| offset.saturating_add(*count) <= size);
        if strips <= MAX_PADDING || is_in_file {
            budget.take(strips)?;
            (offsets, counts) = chopped(*offset, *count, u64::from(rows) * grid.row_size(), strips);
            grid.tile_height = rows;
        }
    }
    check_tile_size(&grid, encoding)?;
    Ok(Tiles { width: grid.tile_width, height: grid.tile_height, table: TileTable::new(&offsets, &counts) })
}

fn present(directory: &Directory, tags: [Tag; 2]) -> Option<Tag> {
    tags.into_iter().find(|tag| directory.has(*tag))
}

fn grid(
    source: &Source<'_>,
    directory: &Directory,
    (image_width, image_height): (u32, u32),
    encoding: &Encoding,
) -> Result<Grid, RasterError> {
    let (tile_width, tile_height) = if is_tiled(directory) {
        let size = |tag: Tag| match directory.small(source, tag)? {
            Some(0) | None => Err(RasterError::CorruptHeader(format!("{} is missing or zero", tag.name()))),
            Some(size) => Ok(size),
        };
        (size(Tag::TileWidth)?, size(Tag::TileLength)?)
    } else {
        let rows = match directory.uint(source, Tag::RowsPerStrip)? {
            Some(0) => return Err(RasterError::CorruptHeader("RowsPerStrip is 0".to_owned())),
            // More rows than the image has mean: all of them.
            rows => rows.and_then(|rows| u32::try_from(rows).ok()).unwrap_or(image_height),
        };
        (image_width, rows.min(image_height))
    };
    let samples = u64::from(encoding.samples_per_pixel);
    let (planes, samples) = if encoding.planar { (samples, 1) } else { (1, samples) };
    let pixel_bits = samples * u64::from(encoding.bits_per_sample);
    Ok(Grid { image_width, image_height, tile_width, tile_height, planes, pixel_bits })
}

/// The values of a tile array: those that are too many are left out, those that are missing are 0,
/// as for sparse tiles.
fn padded(source: &Source<'_>, directory: &Directory, tag: Tag, tiles: u64) -> Result<Vec<u64>, RasterError> {
    if directory.count(tag) < tiles && tiles > MAX_PADDING {
        return Err(RasterError::CorruptHeader(format!(
            "{} has {} values for {tiles} tiles",
            tag.name(),
            directory.count(tag)
        )));
    }
    let mut values = directory.uints(source, tag, tiles)?;
    values.resize(tiles as usize, 0);
    Ok(values)
}

/// Whether pixels lie in the file row by row.
fn has_plain_rows(encoding: &Encoding) -> bool {
    encoding.compression == UNCOMPRESSED && encoding.chroma_subsampling == [1, 1]
}

/// Whether the byte count of an image in one strip cannot be right (`ByteCountLooksBad`).
fn is_wrong(
    grid: &Grid,
    encoding: &Encoding,
    offsets: &[u64],
    counts: &[u64],
    file_size: Option<u64>,
) -> bool {
    let ([offset], [count], true) = (offsets, counts, encoding.striped) else { return false };
    if *offset == 0 {
        return false;
    }
    let is_behind_the_end = file_size.is_some_and(|size| *offset <= size && *count > size - *offset);
    let is_short = *count < grid.row_size().saturating_mul(grid.image_height.into());
    *count == 0 || has_plain_rows(encoding) && (is_behind_the_end || is_short)
}

/// Byte counts where the file has none: what uncompressed tiles take, or all bytes up to the next tile.
fn estimated(
    grid: &Grid,
    encoding: &Encoding,
    offsets: &[u64],
    file_size: Option<u64>,
) -> Result<Vec<u64>, RasterError> {
    let missing = |why: &str| RasterError::CorruptHeader(format!("StripByteCounts is missing, and {why}"));
    if offsets.len() as u64 != grid.planes {
        return Err(missing("the image has several strips or tiles"));
    }
    if has_plain_rows(encoding) {
        return Ok(vec![grid.row_size().saturating_mul(grid.tile_height.into()); offsets.len()]);
    }
    let file_size = file_size.ok_or_else(|| missing("the size of the file is not known"))?;
    let mut ends = offsets.to_vec();
    ends.push(file_size);
    ends.sort_unstable();
    let count = |offset: &u64| {
        let end = ends.get(ends.partition_point(|end| end <= offset)).unwrap_or(offset);
        end - offset
    };
    Ok(offsets.iter().map(count).collect())
}

/// The rows of the strips into which an uncompressed image in one strip is cut, so that a window of it
/// can be read without the rest (`ChopUpSingleUncompressedStrip`).
fn rows_to_chop(grid: &Grid, encoding: &Encoding) -> Option<u32> {
    let can_be_cut = encoding.striped
        && has_plain_rows(encoding)
        && !encoding.planar
        && grid.tile_height == grid.image_height;
    let rows = u32::try_from(STRIP_SIZE / grid.row_size()).ok()?.max(1);
    (can_be_cut && rows < grid.tile_height).then_some(rows)
}

/// Offsets and byte counts of the strips of `size` bytes that `count` bytes at `offset` are cut into.
/// What the bytes do not suffice for is sparse.
fn chopped(offset: u64, count: u64, size: u64, strips: u64) -> (Vec<u64>, Vec<u64>) {
    (0..strips)
        .map(|strip| {
            let from = strip.saturating_mul(size).min(count);
            let to = from.saturating_add(size).min(count);
            (offset.saturating_add(from), to - from)
        })
        .unzip()
}

fn check_tile_size(grid: &Grid, encoding: &Encoding) -> Result<(), RasterError> {
    let samples = if encoding.planar { 1 } else { u64::from(encoding.samples_per_pixel) };
    let pixels = u64::from(grid.tile_width) * u64::from(grid.tile_height);
    let size = pixels.saturating_mul(samples * encoding.dtype.size() as u64);
    if size <= MAX_TILE_SIZE {
        return Ok(());
    }
    Err(RasterError::Unsupported {
        tag: if encoding.striped { Tag::RowsPerStrip.name() } else { Tag::TileLength.name() },
        value: format!(
            "{}: a tile of {} × {} pixels takes {size} bytes, more than {MAX_TILE_SIZE}",
            grid.tile_height, grid.tile_width, grid.tile_height
        ),
        hint: "rewrite the file in smaller tiles, for instance with `gdal_translate -of COG`",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rasteret_schema::DataType;

    fn encoding(compression: u16) -> Encoding {
        Encoding { striped: true, compression, ..Encoding::uncompressed(DataType::UInt8) }
    }

    fn one_strip(width: u32, height: u32) -> Grid {
        Grid {
            image_width: width,
            image_height: height,
            tile_width: width,
            tile_height: height,
            planes: 1,
            pixel_bits: 8,
        }
    }

    #[test]
    fn an_uncompressed_strip_is_cut_into_rows() {
        let grid = one_strip(3000, 1000);
        assert_eq!(rows_to_chop(&grid, &encoding(UNCOMPRESSED)), Some(2));
        assert_eq!(rows_to_chop(&grid, &encoding(5)), None);
        assert_eq!(rows_to_chop(&one_strip(9000, 2), &encoding(UNCOMPRESSED)), Some(1));
        assert_eq!(rows_to_chop(&one_strip(9000, 1), &encoding(UNCOMPRESSED)), None);
        assert_eq!(chopped(100, 50, 20, 3), (vec![100, 120, 140], vec![20, 20, 10]));
        assert_eq!(chopped(100, 30, 20, 3), (vec![100, 120, 130], vec![20, 10, 0]));
    }

    #[test]
    fn wrong_byte_counts_are_noticed() {
        let grid = one_strip(10, 10);
        let wrong = |compression, offset, count| {
            is_wrong(&grid, &encoding(compression), &[offset], &[count], Some(1000))
        };
        assert!(!wrong(UNCOMPRESSED, 8, 100));
        assert!(wrong(UNCOMPRESSED, 8, 99));
        assert!(wrong(UNCOMPRESSED, 8, 993));
        assert!(wrong(UNCOMPRESSED, 8, 0));
        assert!(!wrong(UNCOMPRESSED, 0, 0));
        assert!(!wrong(5, 8, 993));
        assert!(wrong(5, 8, 0));
    }

    #[test]
    fn missing_byte_counts_are_estimated() {
        let grid = one_strip(10, 10);
        assert_eq!(estimated(&grid, &encoding(UNCOMPRESSED), &[8], None), Ok(vec![100]));
        assert_eq!(estimated(&grid, &encoding(5), &[300], Some(1000)), Ok(vec![700]));
        assert!(estimated(&grid, &encoding(5), &[300], None).is_err());
        let planes = Grid { planes: 3, ..grid };
        assert_eq!(estimated(&planes, &encoding(5), &[300, 100, 350], Some(1000)), Ok(vec![50, 200, 650]));
        assert!(estimated(&grid, &encoding(UNCOMPRESSED), &[8, 108], None).is_err());
    }
}
