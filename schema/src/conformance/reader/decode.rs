//! Decoding: whole tiles, rectangles of them, and bytes that are not a tile.

use super::Suite;
use crate::{ArchivedRasterHeader, HeaderArchive, ImageView, RasterError, TileRequest};
use std::ops::Range;

/// Bytes of a decoded tile at most; larger ones are left out.
const MOST_BYTES: usize = 64 << 20;
/// Tiles of each image.
const TILES: usize = 3;
/// Rectangles of each tile.
const RECTANGLES: usize = 4;
/// Damaged copies of each tile.
const DAMAGED: usize = 4;

/// A tile of a sample, with all that it holds asked for.
struct Tile<'a> {
    what: String,
    image: ImageView<'a>,
    index: u32,
    encoded: &'a [u8],
    rows: u32,
    samples: Vec<u16>,
}

impl Tile<'_> {
    fn request(&self) -> TileRequest<'_> {
        TileRequest { rows: 0..self.rows, columns: 0..self.image.tile_width, samples: &self.samples }
    }

    fn len(&self) -> usize {
        self.request().decoded_len(self.image.dtype.size()).unwrap_or(usize::MAX)
    }

    /// A rectangle cut out of the decoded tile.
    fn cut(&self, whole: &[u8], request: &TileRequest<'_>) -> Vec<u8> {
        let size = self.image.dtype.size();
        let (rows, columns) = (self.rows as usize, self.image.tile_width as usize);
        let mut cut = Vec::new();
        for sample in request.samples {
            for row in request.rows.clone() {
                let line = (usize::from(*sample) * rows + row as usize) * columns;
                let from = (line + request.columns.start as usize) * size;
                let to = (line + request.columns.end as usize) * size;
                cut.extend_from_slice(&whole[from..to]);
            }
        }
        cut
    }
}

impl Suite<'_> {
    /// Decodes into a buffer of any length, filled with `before`.
    fn decode(
        &mut self,
        tile: &Tile<'_>,
        encoded: &[u8],
        request: &TileRequest<'_>,
        len: usize,
        before: u8,
    ) -> Option<Result<Vec<u8>, RasterError>> {
        self.call(&tile.what, |reader| {
            let mut out = vec![before; len];
            reader.decode(&tile.image, tile.index, encoded, request, &mut out).map(|()| out)
        })
    }

    /// Checks some tiles of every image of a sample.
    pub(super) fn check_decoding(&mut self, sample: usize, file: &[u8], archive: &HeaderArchive) {
        let Ok(header) = archive.header() else { return };
        for (name, image) in images(header) {
            for index in self.some_tiles(&image) {
                let what = format!("sample {sample}, {name}, tile {index}");
                if let Some(tile) = tile(what, file, image, index) {
                    self.check_tile(sample, &tile);
                }
            }
        }
    }

    /// Decodes a tile of a broken file, whatever comes out.
    pub(super) fn check_no_panic(&mut self, what: &str, file: &[u8], archive: &HeaderArchive) {
        let Ok(header) = archive.header() else { return };
        let tile = header.image(0).and_then(|image| tile(format!("{what}, tile 0"), file, image, 0));
        if let Some(tile) = tile {
            self.decode(&tile, tile.encoded, &tile.request(), tile.len(), 0);
        }
    }

    /// The first tile, the last, and some between.
    fn some_tiles(&mut self, image: &ImageView<'_>) -> Vec<u32> {
        let len = image.tiles.len();
        let mut tiles = vec![0, len.saturating_sub(1)];
        tiles.extend((2..TILES).map(|_| self.random.below(len as usize) as u32));
        tiles.sort_unstable();
        tiles.dedup();
        tiles
    }

    fn check_tile(&mut self, sample: usize, tile: &Tile<'_>) {
        let request = tile.request();
        let Some(whole) = self.decode(tile, tile.encoded, &request, tile.len(), 0) else { return };
        let again = self.decode(tile, tile.encoded, &request, tile.len(), 0xa5);
        self.check(again.as_ref() == Some(&whole), "decoding writes every byte, the same each time", || {
            tile.what.clone()
        });
        match whole {
            Ok(whole) => {
                self.report.tiles += 1;
                self.check_rectangles(tile, &whole);
                self.check_misuse(tile);
                self.check_broken_bytes(tile);
            }
            Err(error) => {
                self.check_error(tile, &error);
                self.report.refused_tiles.push((sample, error));
            }
        }
    }

    fn check_error(&mut self, tile: &Tile<'_>, error: &RasterError) {
        let is_of_tile = match error {
            RasterError::CorruptTile { tile: index, .. } => *index == tile.index,
            RasterError::Unsupported { .. } => true,
            _ => false,
        };
        self.check(is_of_tile, "decoding fails with CorruptTile of the tile, or Unsupported", || {
            format!("{}: {error}", tile.what)
        });
    }

    fn check_rectangles(&mut self, tile: &Tile<'_>, whole: &[u8]) {
        for _ in 0..RECTANGLES {
            let samples = self.random.some_of(tile.image.samples_per_tile());
            let request = TileRequest {
                rows: self.random.range(tile.rows),
                columns: self.random.range(tile.image.tile_width),
                samples: &samples,
            };
            let expected = tile.cut(whole, &request);
            let decoded = self.decode(tile, tile.encoded, &request, expected.len(), 0x5a);
            self.check(decoded == Some(Ok(expected)), "a rectangle is a part of the whole tile", || {
                format!("{}: {request:?}", tile.what)
            });
        }
    }

    /// Requests that do not fit the tile or the buffer.
    fn check_misuse(&mut self, tile: &Tile<'_>) {
        let rule = "a request that does not fit the tile or the buffer is an error";
        let (rows, columns, size) = (tile.rows, tile.image.tile_width, tile.image.dtype.size());
        let request = |rows: Range<u32>, columns: Range<u32>, samples| TileRequest { rows, columns, samples };
        let beyond = [tile.image.samples_per_tile()];
        let beyond_rows = if tile.image.striped { tile.image.tile_height } else { rows };
        for (request, excess) in [
            (tile.request(), 1),
            (tile.request(), -1),
            (request(0..1, 0..1, &[0]), -(size as isize)),
            (request(beyond_rows..beyond_rows + 1, 0..1, &[0]), 0),
            (request(0..1, columns..columns.saturating_add(1), &[0]), 0),
            (request(0..1, 0..1, &beyond), 0),
        ] {
            let Some(len) = request.decoded_len(size).and_then(|len| len.checked_add_signed(excess)) else {
                continue;
            };
            let decoded = self.decode(tile, tile.encoded, &request, len, 0);
            self.check(!matches!(decoded, Some(Ok(_))), rule, || {
                format!("{}: {request:?} into {len} bytes", tile.what)
            });
        }
        // Nothing wanted is no reason to panic.
        self.decode(tile, tile.encoded, &request(0..0, 0..columns, &[0]), 0, 0);
        self.decode(tile, tile.encoded, &request(0..rows, 0..columns, &[]), 0, 0);
    }

    /// Bytes that are not, or not all, of the tile.
    fn check_broken_bytes(&mut self, tile: &Tile<'_>) {
        let request = tile.request();
        let decoded = self.decode(tile, &[], &request, tile.len(), 0);
        self.check(!matches!(decoded, Some(Ok(_))), "no bytes are not a tile", || tile.what.clone());
        for n in 0..DAMAGED {
            let mut bytes = tile.encoded.to_vec();
            if n % 2 == 0 {
                bytes.truncate(self.random.below(tile.encoded.len()));
            } else {
                self.random.damage(&mut bytes);
            }
            if let Some(Err(error)) = self.decode(tile, &bytes, &request, tile.len(), 0) {
                self.check_error(tile, &error);
            }
        }
    }
}

/// The images and masks of a header, each with a name.
fn images(header: &ArchivedRasterHeader) -> Vec<(String, ImageView<'_>)> {
    (0..header.images.len())
        .flat_map(|level| {
            let image = header.image(level).map(|image| (format!("level {level}"), image));
            let mask = header.mask(level).map(|mask| (format!("mask of level {level}"), mask));
            image.into_iter().chain(mask)
        })
        .collect()
}

/// A tile that the file has and that is not too large.
fn tile<'a>(what: String, file: &'a [u8], image: ImageView<'a>, index: u32) -> Option<Tile<'a>> {
    let range = image.tiles.get(index)?;
    let encoded = file.get(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)?;
    let (rows, samples) = (image.encoded_rows(index), (0..image.samples_per_tile()).collect());
    let tile = Tile { what, image, index, encoded, rows, samples };
    (tile.len() <= MOST_BYTES).then_some(tile)
}
